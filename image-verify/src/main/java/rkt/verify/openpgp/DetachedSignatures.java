package rkt.verify.openpgp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.RktException;
import rkt.spec.SpecException;

/**
 * Judges detached signatures over some bytes at once, under certificates that the caller names, by
 * the {@link Rules} of every image. Nothing is kept, so the bytes are hashed as fast as the JDK
 * can. spec/trust.md#detached
 */
public final class DetachedSignatures {
  /** So small that Java comes to compile the hash within the first bytes of a file. */
  private static final int BUFFER = 1 << 16;

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
    List<byte @Nullable []> digests;
    try {
      digests = digests(data);
    } catch (IOException e) {
      throw SpecException.system("cannot read what was signed: " + e.getMessage(), e);
    }
    List<Finding> findings = new ArrayList<>();
    for (int i = 0; i < signatures.size(); i++) {
      findings.add(judge(signatures.get(i), digests.get(i), certificates, now));
    }
    return findings;
  }

  private static Finding judge(
      SignatureFacts signature,
      byte @Nullable [] digest,
      List<KeyFacts> certificates,
      Instant now) {
    Finding best = null;
    Instant made = Instant.ofEpochSecond(signature.created());
    for (KeyFacts certificate : certificates) {
      for (KeyFacts.Component component : certificate.components()) {
        if (!signature.claims(component)) {
          continue;
        }
        Rules.Judgement judgement = Rules.judge(signature, certificate, component, now, digest);
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

  /** One hash over salt and document; signatures that need the same one share it. */
  private record Run(HashAlgorithm hash, String salt, MessageDigest digest) {}

  /** The finished hash for each signature; null for one whose hash is not one of ours. */
  private List<byte @Nullable []> digests(InputStream data) throws IOException {
    List<Run> runs = new ArrayList<>();
    for (SignatureFacts signature : signatures) {
      HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
      if (hash != null && find(runs, hash, signature.salt()) == null) {
        Run run = new Run(hash, signature.salt(), hash.startFast());
        run.digest.update(HexFormat.of().parseHex(signature.salt()));
        runs.add(run);
      }
    }
    byte[] buffer = new byte[BUFFER];
    for (int n = data.read(buffer); n >= 0; n = data.read(buffer)) {
      for (Run run : runs) {
        run.digest.update(buffer, 0, n);
      }
    }
    List<byte @Nullable []> result = new ArrayList<>();
    for (SignatureFacts signature : signatures) {
      HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
      Run run = hash == null ? null : find(runs, hash, signature.salt());
      result.add(run == null ? null : finish(run.digest, signature.trailer()));
    }
    return result;
  }

  private static byte[] finish(MessageDigest digest, String trailer) {
    try {
      MessageDigest own = (MessageDigest) digest.clone();
      own.update(HexFormat.of().parseHex(trailer));
      return own.digest();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's digests can be copied", e);
    }
  }

  private static @Nullable Run find(List<Run> runs, HashAlgorithm hash, String salt) {
    for (Run run : runs) {
      if (run.hash == hash && run.salt.equals(salt)) {
        return run;
      }
    }
    return null;
  }
}
