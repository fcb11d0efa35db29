package rkt.verify.openpgp;

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
