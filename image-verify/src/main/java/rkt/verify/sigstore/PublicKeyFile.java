package rkt.verify.sigstore;

import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.List;
import rkt.spec.SpecException;
import rkt.verify.claim.Signer.Strength;

/**
 * A public key as {@code cosign generate-key-pair} and {@code openssl} write it.
 * spec/sigstore.md#keys
 */
public final class PublicKeyFile {
  private static final int MAX_BYTES = 64 << 10;

  private PublicKeyFile() {}

  /**
   * Reads one key.
   *
   * @param file a SubjectPublicKeyInfo: in PEM, or in DER
   * @param what names the file in errors
   * @throws SpecException of class integrity if it is not exactly one key of an accepted kind
   */
  public static PublicKey parse(byte[] file, String what) throws SpecException {
    if (file.length > MAX_BYTES) {
      throw SpecException.integrity(what + " is too large for a public key");
    }
    try {
      VerifyingKey key = VerifyingKey.of(der(file, what));
      return new Encoded(key);
    } catch (SigstoreException e) {
      throw SpecException.integrity(
          what + ": " + e.getMessage(),
          "give one key, RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519, as"
              + " \"-----BEGIN PUBLIC KEY-----\"");
    }
  }

  private static byte[] der(byte[] file, String what) throws SigstoreException {
    if (file.length > 0 && file[0] == 0x30) {
      return file;
    }
    List<byte[]> blocks =
        Encoding.pem(new String(file, StandardCharsets.ISO_8859_1), "PUBLIC KEY", 1, what);
    if (blocks.isEmpty()) {
      throw SigstoreException.malformed("there is no key in it");
    }
    return blocks.get(0);
  }

  /**
   * SHA-256 of its SubjectPublicKeyInfo, lowercase hex: what a claim calls the key.
   *
   * @throws SpecException if it is not of an accepted kind
   */
  public static String fingerprint(PublicKey key) throws SpecException {
    return of(key).fingerprint();
  }

  /** How strong it is. */
  public static Strength strength(PublicKey key) throws SpecException {
    return of(key).strength();
  }

  private static VerifyingKey of(PublicKey key) throws SpecException {
    try {
      return verifying(key);
    } catch (SigstoreException e) {
      throw SpecException.integrity(String.valueOf(e.getMessage()));
    }
  }

  static VerifyingKey verifying(PublicKey key) throws SigstoreException {
    if (key instanceof Encoded read) {
      return read.key;
    }
    byte[] encoded = key.getEncoded();
    if (encoded == null || !"X.509".equals(key.getFormat())) {
      throw new SigstoreException(Refusal.ALGORITHM, "a public key without an encoding");
    }
    return VerifyingKey.of(encoded);
  }

  /** A key that was read without the JDK's providers, which cost milliseconds at first use. */
  @SuppressWarnings("serial")
  private static final class Encoded implements PublicKey {
    private final transient VerifyingKey key;

    Encoded(VerifyingKey key) {
      this.key = key;
    }

    @Override
    public String getAlgorithm() {
      return switch (key.strength().algorithm()) {
        case "rsa" -> "RSA";
        case "ecdsa" -> "EC";
        default -> "Ed25519";
      };
    }

    @Override
    public String getFormat() {
      return "X.509";
    }

    @Override
    public byte[] getEncoded() {
      return key.encoded();
    }
  }
}
