package rkt.verify.sigstore;

import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * What a cosign signature is made over: which manifest it is about, and under which name.
 * spec/sigstore.md#payload
 *
 * @param digest of the image's manifest
 * @param reference the name that it was signed for
 * @param signedAt when, as the signer says; null if it does not say
 */
record SimpleSigningPayload(Digest digest, String reference, @Nullable Instant signedAt) {
  private static final String TYPE = "cosign container image signature";
  private static final int MAX_SECONDS_DIGITS = 11;

  /** Reads bytes whose signature holds. */
  static SimpleSigningPayload parse(byte[] payload) throws SigstoreException {
    try {
      JsonObject document = JsonObject.parse(payload, "the payload");
      only(document, Set.of("critical", "optional"));
      JsonObject critical = document.object("critical");
      only(critical, Set.of("identity", "image", "type"));
      if (!critical.string("type").equals(TYPE)) {
        throw refused("its type is \"" + critical.string("type") + "\", not \"" + TYPE + "\"");
      }
      JsonObject identity = critical.object("identity");
      only(identity, Set.of("docker-reference"));
      JsonObject image = critical.object("image");
      only(image, Set.of("docker-manifest-digest"));
      String reference = identity.string("docker-reference");
      if (reference.isEmpty()) {
        throw refused("it names no image");
      }
      return new SimpleSigningPayload(
          Digest.parse(image.string("docker-manifest-digest")), reference, time(document));
    } catch (SpecException | IllegalArgumentException e) {
      throw refused(e.getMessage());
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

  private static void only(JsonObject object, Set<String> known) throws SigstoreException {
    for (String name : object.names()) {
      if (!known.contains(name)) {
        throw refused(object.where() + " has a member \"" + name + "\" that is not understood");
      }
    }
  }

  private static SigstoreException refused(@Nullable String why) {
    return new SigstoreException(
        Refusal.PAYLOAD, "the payload is not a cosign signature's: " + why);
  }
}
