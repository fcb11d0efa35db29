package rkt.verify.sigstore;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;

/**
 * Who signed some bytes, and when, by all proofs; and the claims that follow once they are read.
 */
final class Verified {
  /** Cosign's own attestation that says no more than a signature, and for which name. */
  private static final String SIGNED = "https://sigstore.dev/cosign/sign/v1";

  private final List<By> signers = new ArrayList<>();

  /**
   * One signer.
   *
   * @param time proven; null if it is not
   */
  private record By(Signer signer, @Nullable Instant time) {}

  /** Adds a signer, with the earliest time that is proven: an age limit must not be outwitted. */
  void add(Signer signer, Proof proof) {
    signers.add(new By(signer, proof.times().isEmpty() ? null : Collections.min(proof.times())));
  }

  boolean isEmpty() {
    return signers.isEmpty();
  }

  List<Claim> about(SimpleSigningPayload payload, Instant latest) throws SigstoreException {
    Instant said = payload.signedAt();
    if (said != null && said.isAfter(latest)) {
      throw new SigstoreException(Refusal.TIME, "signed in the future, at " + said);
    }
    List<Claim> claims = new ArrayList<>();
    for (By by : signers) {
      claims.add(claim(by, payload.digest(), payload.reference(), said, null));
    }
    return claims;
  }

  List<Claim> about(InTotoStatement statement) {
    boolean signature = statement.attestation().type().equals(SIGNED);
    List<Claim> claims = new ArrayList<>();
    for (By by : signers) {
      for (InTotoStatement.Subject subject : statement.subjects()) {
        String name = signature && !subject.name().isEmpty() ? subject.name() : null;
        claims.add(
            claim(by, subject.digest(), name, null, signature ? null : statement.attestation()));
      }
    }
    return claims;
  }

  List<Claim> about(Digest subject) {
    List<Claim> claims = new ArrayList<>();
    for (By by : signers) {
      claims.add(claim(by, subject, null, null, null));
    }
    return claims;
  }

  private static Claim claim(
      By by,
      Digest subject,
      @Nullable String reference,
      @Nullable Instant said,
      Claim.@Nullable Attestation attestation) {
    Instant proven = by.time();
    return new Claim(
        by.signer(),
        subject,
        reference,
        proven != null ? proven : said,
        proven != null,
        attestation);
  }
}
