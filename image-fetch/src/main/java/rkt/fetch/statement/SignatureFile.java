package rkt.fetch.statement;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import rkt.spec.SpecException;
import rkt.spec.image.MediaType;
import rkt.spec.json.JsonObject;

/**
 * A signature in a file of its own, {@code signature-1} and so on, as lookaside servers and {@code
 * dir:} directories have them. docs/fetching.md#statements
 */
public final class SignatureFile {
  /** What stands before the JSON of one that is no OpenPGP message. */
  private static final byte[] SIGSTORE = "\0sigstore-json\n".getBytes(StandardCharsets.US_ASCII);

  private SignatureFile() {}

  /**
   * What the file says; empty if it is of no known form.
   *
   * @param what names it in errors
   */
  public static Optional<FoundStatement> parse(byte[] file, String what) throws SpecException {
    // The first bit of a binary OpenPGP message is always set.
    if (file.length > 0 && file[0] < 0) {
      return Optional.of(FoundStatement.of(MediaType.SIMPLE_SIGNING, file, Map.of()));
    }
    if (!startsWith(file, SIGSTORE)) {
      return Optional.empty();
    }
    byte[] document = new byte[file.length - SIGSTORE.length];
    System.arraycopy(file, SIGSTORE.length, document, 0, document.length);
    JsonObject json = JsonObject.parse(document, what);
    try {
      return Optional.of(
          FoundStatement.of(
              json.string("mimeType"),
              Base64.getDecoder().decode(json.string("payload")),
              json.stringMap("annotations")));
    } catch (IllegalArgumentException e) {
      throw SpecException.integrity(what + ": the payload is not base64");
    }
  }

  private static boolean startsWith(byte[] file, byte[] start) {
    if (file.length < start.length) {
      return false;
    }
    for (int i = 0; i < start.length; i++) {
      if (file[i] != start[i]) {
        return false;
      }
    }
    return true;
  }
}
