package rkt.verify.sigstore;

import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/**
 * Which claims of a statement hold, under some keys and a trusted root. Offline, without state;
 * whatever goes wrong is a refusal, never an exception. spec/sigstore.md#rules
 */
public final class SigstoreVerifier {
  private static final String SIGNATURE = "dev.cosignproject.cosign/signature";
  private static final Duration SKEW = Duration.ofMinutes(5);

  private final List<PublicKey> keys;
  private final @Nullable TrustedRoot root;

  /**
   * A verifier, which any thread may use.
   *
   * @param keys those that may have signed; one that is too weak signs nothing
   * @param root whom to believe about certificates and times; null for nobody, so that nothing
   *     signed with a certificate holds
   */
  public SigstoreVerifier(List<PublicKey> keys, @Nullable TrustedRoot root) {
    this.keys = List.copyOf(keys);
    this.root = root;
  }

  /**
   * What {@code statement} proves.
   *
   * @param now the moment of judgement
   */
  public Result check(Statement statement, Instant now) {
    try {
      return new Result.Holds(
          switch (statement.kind()) {
            case COSIGN -> cosign(statement, now);
            case DSSE -> envelope(Envelope.parse(statement.body()));
            case BUNDLE, OPENPGP_MESSAGE ->
                throw new SigstoreException(
                    Refusal.MALFORMED,
                    "a statement of another kind: " + statement.kind().mediaType());
          });
    } catch (SigstoreException e) {
      return new Result.Refused(e.rule(), String.valueOf(e.getMessage()));
    } catch (SpecException e) {
      return new Result.Refused(Refusal.MALFORMED, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // A parser that stumbles over hostile bytes has not shown that they hold.
      return new Result.Refused(Refusal.MALFORMED, "the statement cannot be read: " + e);
    }
  }

  private List<Claim> cosign(Statement statement, Instant now) throws SigstoreException {
    byte[] body = statement.body();
    byte[] signature = signature(statement.annotations());
    List<VerifyingKey> signers = signers(body, List.of(signature));
    SimpleSigningPayload payload = SimpleSigningPayload.parse(body);
    Instant signedAt = payload.signedAt();
    if (signedAt != null && signedAt.isAfter(now.plus(SKEW))) {
      throw new SigstoreException(Refusal.TIME, "signed in the future, at " + signedAt);
    }
    List<Claim> claims = new ArrayList<>();
    for (VerifyingKey key : signers) {
      claims.add(
          new Claim(signer(key), payload.digest(), payload.reference(), signedAt, false, null));
    }
    return claims;
  }

  private List<Claim> envelope(Envelope envelope) throws SigstoreException {
    List<VerifyingKey> signers = signers(envelope.signedBytes(), envelope.signatures());
    InTotoStatement attestation = InTotoStatement.parse(envelope);
    List<Claim> claims = new ArrayList<>();
    for (VerifyingKey key : signers) {
      for (InTotoStatement.Subject subject : attestation.subjects()) {
        claims.add(
            new Claim(signer(key), subject.digest(), null, null, false, attestation.attestation()));
      }
    }
    return claims;
  }

  private static Signer signer(VerifyingKey key) {
    return new Signer.Key(key.fingerprint(), key.strength());
  }

  /** The keys that made one of {@code signatures} over {@code signed}: at least one. */
  private List<VerifyingKey> signers(byte[] signed, List<byte[]> signatures)
      throws SigstoreException {
    List<VerifyingKey> signers = new ArrayList<>();
    SigstoreException weak = null;
    for (PublicKey key : keys) {
      try {
        VerifyingKey candidate = PublicKeyFile.verifying(key);
        if (anyBy(candidate, signed, signatures)) {
          signers.add(candidate);
        }
      } catch (SigstoreException e) {
        weak = e;
      }
    }
    if (!signers.isEmpty()) {
      return signers;
    }
    if (weak != null) {
      throw weak;
    }
    if (root == null && keys.isEmpty()) {
      throw new SigstoreException(
          Refusal.UNKNOWN_KEY, "neither a public key nor a trusted root was given");
    }
    throw new SigstoreException(
        Refusal.UNKNOWN_KEY,
        keys.isEmpty()
            ? "no public key is trusted"
            : "none of " + keys.size() + " trusted keys made the signature");
  }

  private static boolean anyBy(VerifyingKey key, byte[] signed, List<byte[]> signatures) {
    for (byte[] signature : signatures) {
      if (key.signed(signed, signature)) {
        return true;
      }
    }
    return false;
  }

  private static byte[] signature(Map<String, String> annotations) throws SigstoreException {
    String text = annotations.get(SIGNATURE);
    if (text == null || text.isEmpty()) {
      throw SigstoreException.malformed("the annotation " + SIGNATURE + " is missing");
    }
    return Encoding.base64(text, "the annotation " + SIGNATURE);
  }
}
