package rkt.verify.sigstore;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.verify.claim.ImagePayload;

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

  /** Reads bytes whose signature holds. */
  static SimpleSigningPayload parse(byte[] payload) throws SigstoreException {
    try {
      ImagePayload image = ImagePayload.parse(payload, TYPE);
      return new SimpleSigningPayload(image.digest(), image.reference(), image.signedAt());
    } catch (SpecException e) {
      throw new SigstoreException(
          Refusal.PAYLOAD, "the payload is not a cosign signature's: " + e.getMessage());
    }
  }
}
