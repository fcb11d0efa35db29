package rkt.verify.claim;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * The JSON that simple signing and cosign sign: which manifest it is about, and under which name.
 * spec/trust.md#simple-signing
 *
 * @param digest of the image's manifest
 * @param reference the name that it was signed for
 * @param signedAt when, as the signer says; null if it does not say
 */
public record ImagePayload(Digest digest, String reference, @Nullable Instant signedAt) {
  private static final int MAX_SECONDS_DIGITS = 11;

  /**
   * Reads bytes whose signature holds.
   *
   * @param type what they must say that they are
   */
  public static ImagePayload parse(byte[] payload, String type) throws SpecException {
    JsonObject document = JsonObject.parse(payload, "the payload");
    only(document, Set.of("critical", "optional"));
    JsonObject critical = document.object("critical");
    only(critical, Set.of("identity", "image", "type"));
    if (!critical.string("type").equals(type)) {
      throw SpecException.integrity(
          "its type is \"" + critical.string("type") + "\", not \"" + type + "\"");
    }
    JsonObject identity = critical.object("identity");
    only(identity, Set.of("docker-reference"));
    JsonObject image = critical.object("image");
    only(image, Set.of("docker-manifest-digest"));
    String reference = identity.string("docker-reference");
    if (reference.isEmpty()) {
      throw SpecException.integrity("it names no image");
    }
    try {
      Digest digest = Digest.parse(image.string("docker-manifest-digest"));
      return new ImagePayload(digest, reference, time(document));
    } catch (IllegalArgumentException e) {
      throw SpecException.integrity(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Members of {@code optional} are the signer's own, of any type; a time is a number of seconds.
   */
  private static @Nullable Instant time(JsonObject document) throws SpecException {
    JsonObject optional = document.findObject("optional").orElse(null);
    String seconds = optional == null ? "null" : optional.json("timestamp");
    if (seconds.length() > MAX_SECONDS_DIGITS) {
      return null;
    }
    for (int i = 0; i < seconds.length(); i++) {
      if (seconds.charAt(i) < '0' || seconds.charAt(i) > '9') {
        return null;
      }
    }
    return Instant.ofEpochSecond(Long.parseLong(seconds));
  }

  private static void only(JsonObject object, Set<String> known) throws SpecException {
    for (String name : object.names()) {
      if (!known.contains(name)) {
        throw SpecException.integrity(
            object.where() + " has a member \"" + name + "\" that is not understood");
      }
    }
  }
}
