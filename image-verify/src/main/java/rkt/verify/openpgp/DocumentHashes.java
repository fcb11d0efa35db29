package rkt.verify.openpgp;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import rkt.spec.BackgroundDigest;
import rkt.spec.Digest;

/**
 * Takes signed bytes in one pass and hashes them as fast as the JDK can, for signatures that are
 * judged now: where such a hash stopped cannot be kept, as {@link EvidenceCollector} keeps it.
 */
public final class DocumentHashes {
  private final List<SignatureFacts> signatures;
  private final List<Run> runs = new ArrayList<>();

  /** One hash over salt and document; signatures that need the same one share it. */
  private record Run(HashAlgorithm hash, String salt, MessageDigest digest) {}

  DocumentHashes(List<SignatureFacts> signatures) {
    this.signatures = signatures;
    for (SignatureFacts signature : signatures) {
      HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
      if (hash != null) {
        run(hash, signature.salt());
      }
    }
  }

  /**
   * Reads the signatures of a file, armored or binary; the result is to be given the bytes that
   * they sign.
   */
  public static DocumentHashes start(byte[] signatureFile) throws TrustException {
    return of(SignatureReader.read(signatureFile));
  }

  /** The same for bytes that nobody has signed. */
  public static DocumentHashes unsigned() {
    return of(List.of());
  }

  private static DocumentHashes of(List<SignatureFacts> signatures) {
    DocumentHashes hashes = new DocumentHashes(signatures);
    hashes.run(HashAlgorithm.SHA256, ""); // the subject
    return hashes;
  }

  /** Has the SHA-512 of the bytes computed, too. None may have been read. */
  public void alsoSha512() {
    run(HashAlgorithm.SHA512, "");
  }

  /**
   * Reads {@code document} to its end, once.
   *
   * @param most bytes that it may have
   * @return how many it has; more than {@code most} if it has more, and then there is no result
   */
  public long read(InputStream document, long most) throws IOException {
    List<MessageDigest> digests = new ArrayList<>();
    for (Run run : runs) {
      digests.add(run.digest);
    }
    long size = 0;
    try (BackgroundDigest hashed = new BackgroundDigest(digests)) {
      for (int n = hashed.writeFrom(document); n >= 0; n = hashed.writeFrom(document)) {
        size += n;
        if (size > most) {
          return size;
        }
      }
      hashed.finish();
    }
    return size;
  }

  /** The signatures, each with the hash that it is about, if that is one of ours. */
  List<SignatureFacts> signatures() {
    List<SignatureFacts> result = new ArrayList<>();
    for (SignatureFacts signature : signatures) {
      HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
      result.add(
          hash == null
              ? signature
              : signature.about(hex(run(hash, signature.salt()), signature.trailer())));
    }
    return result;
  }

  /** What is to be judged. */
  public Evidence evidence() {
    String subject = hex(run(HashAlgorithm.SHA256, ""), "");
    return new Evidence(new Digest(Digest.Algorithm.SHA256, subject), signatures());
  }

  /** The SHA-512, if it was asked for. */
  public Digest sha512() {
    return new Digest(Digest.Algorithm.SHA512, hex(run(HashAlgorithm.SHA512, ""), ""));
  }

  private MessageDigest run(HashAlgorithm hash, String salt) {
    for (Run run : runs) {
      if (run.hash == hash && run.salt.equals(salt)) {
        return run.digest;
      }
    }
    Run run = new Run(hash, salt, hash.startFast());
    run.digest.update(HexFormat.of().parseHex(salt));
    runs.add(run);
    return run.digest;
  }

  /** What {@code digest}, which may go on, is after {@code trailer}. */
  private static String hex(MessageDigest digest, String trailer) {
    try {
      MessageDigest own = (MessageDigest) digest.clone();
      return HexFormat.of().formatHex(own.digest(HexFormat.of().parseHex(trailer)));
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's digests can be copied", e);
    }
  }
}
