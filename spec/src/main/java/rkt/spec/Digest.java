package rkt.spec;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The digest of some bytes, written {@code sha256:} and 64, or {@code sha512:} and 128, lowercase
 * hex digits. No other spelling is accepted, so a digest can be used as a file name.
 * spec/image.md#digests
 */
public record Digest(Algorithm algorithm, String hex) implements Comparable<Digest> {

  /** The two algorithms of the specification. */
  public enum Algorithm {
    SHA256("sha256", "SHA-256", 64),
    SHA512("sha512", "SHA-512", 128);

    private final String label;
    private final String jca;
    private final int hexLength;

    Algorithm(String label, String jca, int hexLength) {
      this.label = label;
      this.jca = jca;
      this.hexLength = hexLength;
    }

    /** The name in a digest string and in a path: {@code sha256}. */
    public String label() {
      return label;
    }

    /** A fresh JDK digest of this algorithm. */
    public MessageDigest start() {
      try {
        return MessageDigest.getInstance(jca);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("this Java runtime lacks " + jca, e);
      }
    }
  }

  public Digest {
    if (!isLowerHex(hex, algorithm.hexLength)) {
      throw new IllegalArgumentException(
          "a "
              + algorithm.label
              + " digest is "
              + algorithm.hexLength
              + " lowercase hex digits, got \""
              + hex
              + "\"");
    }
  }

  /**
   * Reads {@code algorithm:hex}.
   *
   * @throws IllegalArgumentException if {@code text} is anything else
   */
  public static Digest parse(String text) {
    for (Algorithm algorithm : Algorithm.values()) {
      String prefix = algorithm.label + ":";
      if (text.startsWith(prefix)) {
        return new Digest(algorithm, text.substring(prefix.length()));
      }
    }
    throw new IllegalArgumentException(
        "a digest starts with sha256: or sha512:, got \"" + text + "\"");
  }

  /** The digest that {@code finished} holds; {@code finished} is reset by this. */
  public static Digest of(Algorithm algorithm, MessageDigest finished) {
    return new Digest(algorithm, HexFormat.of().formatHex(finished.digest()));
  }

  /** The SHA-256 of {@code bytes}. */
  public static Digest sha256(byte[] bytes) {
    MessageDigest digest = Algorithm.SHA256.start();
    digest.update(bytes);
    return of(Algorithm.SHA256, digest);
  }

  @Override
  public int compareTo(Digest other) {
    int byAlgorithm = algorithm.compareTo(other.algorithm);
    return byAlgorithm != 0 ? byAlgorithm : hex.compareTo(other.hex);
  }

  @Override
  public String toString() {
    return algorithm.label + ":" + hex;
  }

  private static boolean isLowerHex(String text, int length) {
    if (text.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  // By hand: the first equals that the compiler writes for a record costs 20 ms of a start.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Digest that && algorithm == that.algorithm && hex.equals(that.hex);
  }

  @Override
  public int hashCode() {
    return hex.hashCode();
  }
}
