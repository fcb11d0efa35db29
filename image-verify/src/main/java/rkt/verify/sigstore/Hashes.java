package rkt.verify.sigstore;

import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.jspecify.annotations.Nullable;

/** Hashes by the names that the formats of sigstore have for them. */
final class Hashes {
  private Hashes() {}

  static byte[] sha256(byte[]... parts) {
    return hash(new SHA256Digest(), parts);
  }

  static byte[] hash(Digest digest, byte[]... parts) {
    for (byte[] part : parts) {
      digest.update(part, 0, part.length);
    }
    byte[] result = new byte[digest.getDigestSize()];
    digest.doFinal(result, 0);
    return result;
  }

  /**
   * As entries of logs and bundles name it: {@code sha256} or {@code SHA2_256}; null if unknown.
   */
  static @Nullable Digest named(String name) {
    return switch (name) {
      case "sha256", "SHA2_256" -> new SHA256Digest();
      case "sha384", "SHA2_384" -> new SHA384Digest();
      case "sha512", "SHA2_512" -> new SHA512Digest();
      default -> null;
    };
  }

  /** As ASN.1 names it; null if it is not SHA-256, SHA-384 or SHA-512. */
  static @Nullable Digest identified(String oid) {
    return switch (oid) {
      case "2.16.840.1.101.3.4.2.1" -> new SHA256Digest();
      case "2.16.840.1.101.3.4.2.2" -> new SHA384Digest();
      case "2.16.840.1.101.3.4.2.3" -> new SHA512Digest();
      default -> null;
    };
  }

  /** By which old timestamps name the certificate of their authority; nothing rests on it. */
  static byte[] sha1(byte[] bytes) {
    return hash(new SHA1Digest(), bytes);
  }
}
