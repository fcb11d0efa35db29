package rkt.verify.openpgp;

import java.math.BigInteger;
import java.util.List;
import rkt.verify.claim.Signer.Strength;

/**
 * The public half of a key, as numbers.
 *
 * @param algorithm the OpenPGP number: 1 and 3 RSA, 19 ECDSA, 22 EdDSA as in v4 keys, 27 Ed25519,
 *     28 Ed448; any other is kept for display and never verifies
 * @param curve {@code P-256}, {@code P-384}, {@code P-521}, {@code Ed25519}, {@code Ed448}, another
 *     curve's object identifier, or empty
 * @param values in hex; RSA: modulus and exponent; ECDSA: the point; EdDSA: the raw key; else none
 */
public record PublicKey(int algorithm, String curve, List<String> values) {
  static final int RSA = 1;
  static final int RSA_SIGN = 3;
  static final int ECDSA = 19;
  static final int EDDSA = 22;
  static final int ED25519 = 27;
  static final int ED448 = 28;

  private static final int MIN_RSA_BITS = 2048;
  private static final int MAX_RSA_BITS = 8192;
  private static final int MAX_EXPONENT_BITS = 64;

  public PublicKey {
    values = List.copyOf(values);
  }

  /** As people write it: {@code RSA 4096}, {@code ECDSA P-256}, {@code Ed25519}. */
  public String label() {
    return switch (algorithm) {
      case RSA, RSA_SIGN ->
          values.size() == 2 ? "RSA " + new BigInteger(values.get(0), 16).bitLength() : "RSA";
      case 2 -> "RSA (encrypt only)";
      case 16, 20 -> "ElGamal";
      case 17 -> "DSA";
      case 18 -> "ECDH";
      case ECDSA -> "ECDSA " + curve;
      case EDDSA, ED25519, ED448 -> curve;
      case 25 -> "X25519";
      case 26 -> "X448";
      default -> "algorithm " + algorithm;
    };
  }

  /** How strong it is; no bits of an algorithm that never verifies. */
  public Strength strength() {
    return switch (algorithm) {
      case RSA, RSA_SIGN ->
          new Strength("rsa", values.isEmpty() ? 0 : new BigInteger(values.get(0), 16).bitLength());
      case ECDSA -> new Strength("ecdsa", curveBits());
      case EDDSA, ED25519 -> new Strength("ed25519", 256);
      case ED448 -> new Strength("ed448", 456);
      default -> new Strength(label(), 0);
    };
  }

  private int curveBits() {
    return switch (curve) {
      case "P-256" -> 256;
      case "P-384" -> 384;
      case "P-521" -> 521;
      default -> 0;
    };
  }

  /** Whether signatures by this key are accepted at all. spec/trust.md#rules */
  boolean isStrong() {
    return switch (algorithm) {
      case RSA, RSA_SIGN -> values.size() == 2 && isStrongRsa();
      case ECDSA ->
          values.size() == 1
              && (curve.equals("P-256") || curve.equals("P-384") || curve.equals("P-521"));
      case EDDSA, ED25519 ->
          curve.equals("Ed25519") && values.size() == 1 && values.get(0).length() == 64;
      case ED448 -> curve.equals("Ed448") && values.size() == 1 && values.get(0).length() == 114;
      default -> false;
    };
  }

  private boolean isStrongRsa() {
    int bits = new BigInteger(values.get(0), 16).bitLength();
    BigInteger exponent = new BigInteger(values.get(1), 16);
    // Upper bounds keep one verification below a few milliseconds.
    return bits >= MIN_RSA_BITS
        && bits <= MAX_RSA_BITS
        && exponent.bitLength() >= 2
        && exponent.bitLength() <= MAX_EXPONENT_BITS
        && exponent.testBit(0);
  }
}
