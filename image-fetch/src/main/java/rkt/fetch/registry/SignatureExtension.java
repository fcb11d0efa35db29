package rkt.fetch.registry;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import rkt.fetch.http.Answer;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * Simple signing messages that a registry keeps itself beside its images, as OpenShift's does.
 * docs/fetching.md#statements
 */
final class SignatureExtension {
  /** More than 32 messages of the largest size in base64. */
  static final int LARGEST = 24 << 20;

  private static final String HEADER = "X-Registry-Supports-Signatures";
  private static final int VERSION = 2;
  private static final String TYPE = "atomic";
  private static final int NAME_DIGITS = 32;

  private SignatureExtension() {}

  /** Whether a registry that answers so has it. */
  static boolean isAnnounced(Answer answer) {
    return answer.header(HEADER).orElse("").equals("1");
  }

  static String path(String repository, Digest manifest) {
    return "/extensions/v2/" + repository + "/signatures/" + manifest;
  }

  /** The messages of a list; signatures of other kinds are passed over. */
  static List<byte[]> messages(byte[] list, String what) throws SpecException {
    List<byte[]> messages = new ArrayList<>();
    for (JsonObject signature : JsonObject.parseOwn(list, what).objects("signatures")) {
      if (signature.integer("schemaVersion") == VERSION && signature.string("type").equals(TYPE)) {
        try {
          messages.add(Base64.getDecoder().decode(signature.string("content")));
        } catch (IllegalArgumentException e) {
          throw SpecException.integrity(what + " are not base64");
        }
      }
    }
    return messages;
  }

  /** What is sent to add a message. Its name follows from its bytes: the same one is added once. */
  static byte[] document(Digest manifest, byte[] message) {
    String name = manifest + "@" + Digest.sha256(message).hex().substring(0, NAME_DIGITS);
    return new JsonWriter()
        .object()
        .put("schemaVersion", VERSION)
        .put("name", name)
        .put("type", TYPE)
        .put("content", Base64.getEncoder().encodeToString(message))
        .end()
        .bytes();
  }
}
