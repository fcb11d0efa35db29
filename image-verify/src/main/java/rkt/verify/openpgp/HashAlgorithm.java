package rkt.verify.openpgp;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.bouncycastle.crypto.ExtendedDigest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.jspecify.annotations.Nullable;

/** The hashes that a signature may use, with their OpenPGP numbers. spec/trust.md#rules */
enum HashAlgorithm {
  SHA256(8, 32),
  SHA384(9, 48),
  SHA512(10, 64);

  private final int number;
  private final int length;

  HashAlgorithm(int number, int length) {
    this.number = number;
    this.length = length;
  }

  int length() {
    return length;
  }

  /** The hash with an OpenPGP number, or null if it is not one of ours. */
  static @Nullable HashAlgorithm find(int number) {
    for (HashAlgorithm algorithm : values()) {
      if (algorithm.number == number) {
        return algorithm;
      }
    }
    return null;
  }

  /**
   * A fresh digest of the JDK: several times as fast as one whose state can be saved, once the
   * second of Java's compilers has come to it.
   */
  MessageDigest startFast() {
    try {
      return MessageDigest.getInstance(
          switch (this) {
            case SHA256 -> "SHA-256";
            case SHA384 -> "SHA-384";
            case SHA512 -> "SHA-512";
          });
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + this, e);
    }
  }

  /** A fresh digest whose state can be saved. */
  ExtendedDigest start() {
    return switch (this) {
      case SHA256 -> new SHA256Digest();
      case SHA384 -> new SHA384Digest();
      case SHA512 -> new SHA512Digest();
    };
  }

  /**
   * A digest that goes on where the saved one stopped.
   *
   * @throws RuntimeException of some kind if {@code state} is not a saved state
   */
  ExtendedDigest resume(byte[] state) {
    return switch (this) {
      case SHA256 -> new SHA256Digest(state);
      case SHA384 -> new SHA384Digest(state);
      case SHA512 -> new SHA512Digest(state);
    };
  }
}
