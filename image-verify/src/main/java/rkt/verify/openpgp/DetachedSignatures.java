package rkt.verify.openpgp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.RktException;
import rkt.spec.SpecException;

/**
 * Judges detached signatures over some bytes at once, under certificates that the caller names, by
 * the {@link Rules} of every image. Nothing is kept, so the bytes are hashed as fast as the JDK
 * can. spec/trust.md#detached
 */
public final class DetachedSignatures {
  private final List<SignatureFacts> signatures;

  private DetachedSignatures(List<SignatureFacts> signatures) {
    this.signatures = signatures;
  }

  /**
   * What was found about one signature.
   *
   * @param issuer whom it claims to be by
   * @param rule {@link Rule#VALID}, or the rule that refuses
   * @param why in words; empty if valid
   * @param certificate the fingerprint of the primary key that it was judged under, or empty
   * @param signingKey the fingerprint of the key or subkey, or empty
   * @param made when it says that it was made
   */
  public record Finding(
      String issuer, Rule rule, String why, String certificate, String signingKey, Instant made) {
    public boolean isValid() {
      return rule == Rule.VALID;
    }
  }

  /** Reads a signature file, armored or binary. */
  public static DetachedSignatures read(byte[] signatureFile) throws TrustException {
    return new DetachedSignatures(SignatureReader.read(signatureFile));
  }

  /** One binary file with the signatures of two; of what is no signature file, none. */
  public static byte[] join(byte[] first, byte[] second) throws TrustException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      out.writeBytes(SignatureReader.packets(first));
    } catch (TrustException e) {
      // It could count for nothing, and it would refuse the other with it.
    }
    out.writeBytes(SignatureReader.packets(second));
    byte[] both = out.toByteArray();
    SignatureReader.read(both); // refuses more than the limits allow
    return both;
  }

  /** The one signature of a message. */
  static DetachedSignatures of(SignatureFacts signature) {
    return new DetachedSignatures(List.of(signature));
  }

  /**
   * Reads {@code data} to its end and judges every signature over it: one finding each, in their
   * order. One that a certificate was named for and that does not match is fatal to all others.
   * spec/trust.md#several
   */
  public List<Finding> judge(InputStream data, List<KeyFacts> certificates, Instant now)
      throws RktException {
    DocumentHashes hashes = new DocumentHashes(signatures);
    try {
      hashes.read(data, Long.MAX_VALUE);
    } catch (IOException e) {
      throw SpecException.system("cannot read what was signed: " + e.getMessage(), e);
    }
    List<Finding> findings = new ArrayList<>();
    for (SignatureFacts signature : hashes.signatures()) {
      findings.add(judge(signature, certificates, now));
    }
    return findings;
  }

  private static Finding judge(SignatureFacts signature, List<KeyFacts> certificates, Instant now) {
    Finding best = null;
    Instant made = Instant.ofEpochSecond(signature.created());
    for (KeyFacts certificate : certificates) {
      for (KeyFacts.Component component : certificate.components()) {
        if (!signature.claims(component)) {
          continue;
        }
        Rules.Judgement judgement = Rules.judge(signature, certificate, component, now);
        Finding finding =
            new Finding(
                signature.issuer(),
                judgement.rule(),
                judgement.why(),
                certificate.fingerprint(),
                component.fingerprint(),
                made);
        if (judgement.isValid()) {
          return finding;
        }
        // Two keys may share a key ID: the one that made the signature has more to say.
        if (best == null || best.rule() == Rule.BAD_SIGNATURE) {
          best = finding;
        }
      }
    }
    if (best != null) {
      return best;
    }
    Rules.Judgement unknown = Rules.unknown(signature);
    return new Finding(signature.issuer(), unknown.rule(), unknown.why(), "", "", made);
  }
}
