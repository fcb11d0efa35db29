package rkt.verify.openpgp;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.crypto.ExtendedDigest;
import org.bouncycastle.crypto.digests.EncodableDigest;
import rkt.spec.Digest;

/**
 * Takes the signed bytes in one pass, as they come, and keeps where each needed hash stopped. For
 * one thread; nothing to close.
 */
public final class EvidenceCollector extends OutputStream {
  private final List<SignatureFacts> signatures;
  private final List<Run> runs = new ArrayList<>();

  /** One hash over salt and document; signatures that need the same one share it. */
  private record Run(HashAlgorithm hash, String salt, ExtendedDigest digest) {}

  private EvidenceCollector(List<SignatureFacts> signatures) {
    this.signatures = signatures;
    run(HashAlgorithm.SHA256, ""); // the subject
    for (SignatureFacts signature : signatures) {
      HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
      if (hash != null) {
        run(hash, signature.salt());
      }
    }
  }

  /** Reads the signatures; the bytes that they sign are to be written to the result. */
  public static EvidenceCollector start(byte[] signatureFile) throws TrustException {
    return new EvidenceCollector(SignatureReader.read(signatureFile));
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    for (Run run : runs) {
      run.digest.update(bytes, offset, length);
    }
  }

  /** What was collected. The collector may not be used again. */
  public Evidence finish() {
    List<SignatureFacts> result = new ArrayList<>();
    for (SignatureFacts signature : signatures) {
      HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
      result.add(
          hash == null
              ? signature
              : signature.over(HexFormat.of().formatHex(state(run(hash, signature.salt())))));
    }
    byte[] subject = new byte[HashAlgorithm.SHA256.length()];
    run(HashAlgorithm.SHA256, "").doFinal(subject, 0);
    return new Evidence(
        new Digest(Digest.Algorithm.SHA256, HexFormat.of().formatHex(subject)), result);
  }

  private ExtendedDigest run(HashAlgorithm hash, String salt) {
    for (Run run : runs) {
      if (run.hash == hash && run.salt.equals(salt)) {
        return run.digest;
      }
    }
    Run run = new Run(hash, salt, hash.start());
    byte[] bytes = HexFormat.of().parseHex(salt);
    run.digest.update(bytes, 0, bytes.length);
    runs.add(run);
    return run.digest;
  }

  /** Every digest of {@link HashAlgorithm} can save its state; there is no type that says both. */
  private static byte[] state(ExtendedDigest digest) {
    return ((EncodableDigest) digest).getEncodedState();
  }
}
