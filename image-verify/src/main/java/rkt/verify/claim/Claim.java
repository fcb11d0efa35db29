package rkt.verify.claim;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;

/**
 * What a signature says whose mathematics hold: nothing in it counts until a policy asks for this
 * signer. spec/trust.md#statements
 *
 * @param signer who said it
 * @param subject the digest of what it is about
 * @param reference the name it was made for, as in {@code critical.identity.docker-reference}; null
 *     if it says none
 * @param signedAt when: the time of a trusted log or timestamp authority if {@code timeProven},
 *     else what the signer says, or null if it says nothing
 * @param timeProven whether somebody other than the signer vouches for the time
 * @param attestation what is said beyond "signed"; null for a mere signature
 */
public record Claim(
    Signer signer,
    Digest subject,
    @Nullable String reference,
    @Nullable Instant signedAt,
    boolean timeProven,
    @Nullable Attestation attestation) {

  /**
   * An in-toto predicate.
   *
   * @param type its type URI
   * @param predicate its JSON text
   */
  public record Attestation(String type, String predicate) {}

  public Claim {
    Objects.requireNonNull(signer);
    Objects.requireNonNull(subject);
  }
}
