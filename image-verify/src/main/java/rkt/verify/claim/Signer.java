package rkt.verify.claim;

/** Who signed, as far as it was proven. */
public sealed interface Signer {
  /**
   * Who it is, in one word or two: the fingerprint of a certificate or key, or an issuer, a space
   * and a subject. It is what records and listings carry.
   */
  String text();

  /**
   * An OpenPGP certificate.
   *
   * @param certificate the fingerprint of its primary key, lowercase hex
   * @param key the fingerprint of the key or subkey that signed
   * @param strength how strong that key is
   */
  record OpenPgp(String certificate, String key, Strength strength) implements Signer {
    @Override
    public String text() {
      return certificate;
    }
  }

  /**
   * A bare public key.
   *
   * @param fingerprint SHA-256 of its SubjectPublicKeyInfo, lowercase hex
   */
  record Key(String fingerprint, Strength strength) implements Signer {
    @Override
    public String text() {
      return fingerprint;
    }
  }

  /**
   * Somebody whom an identity provider knew when a certificate authority of the trusted root
   * vouched for a key.
   *
   * @param issuer the URL of the identity provider
   * @param subject the subject alternative name: an address or a URI
   */
  record Identity(String issuer, String subject) implements Signer {
    @Override
    public String text() {
      return issuer + " " + subject;
    }
  }

  /**
   * An algorithm and its size.
   *
   * @param algorithm {@code rsa}, {@code ecdsa}, {@code ed25519} or {@code ed448}
   * @param bits of the modulus or the curve
   */
  record Strength(String algorithm, int bits) {}
}
