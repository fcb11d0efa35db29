package rkt.verify.signing;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Set;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.verify.openpgp.PassphraseSource;

/**
 * A bare private key as cosign has them: ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to
 * 8192 bits. Any thread may use it. spec/signing.md#key-files
 */
public final class SigningKey {
  private static final String SIGSTORE = "ENCRYPTED SIGSTORE PRIVATE KEY";
  private static final String COSIGN = "ENCRYPTED COSIGN PRIVATE KEY";
  private static final String PLAIN = "PRIVATE KEY";
  private static final Set<String> TYPES = Set.of(SIGSTORE, COSIGN, PLAIN);

  /** P-256, P-384 and P-521. */
  private static final Set<String> CURVES =
      Set.of("1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35");

  private static final int MIN_RSA_BITS = 2048;
  private static final int MAX_RSA_BITS = 8192;

  private final PrivateKey privateKey;
  private final PublicKey publicKey;
  private final String algorithm;

  private SigningKey(PrivateKey privateKey, PublicKey publicKey, String algorithm) {
    this.privateKey = privateKey;
    this.publicKey = publicKey;
    this.algorithm = algorithm;
  }

  /**
   * Makes an ECDSA key on P-256: {@code privateFile}, locked, for its owner alone, and {@code
   * publicFile} for everyone; both or none.
   *
   * @param source asked once, if neither file is there; what it gives may be empty, and is cleared
   * @throws SpecException of class usage if one of the files is there
   */
  public static SigningKey generate(Path privateFile, Path publicFile, PassphraseSource source)
      throws RktException {
    SecretFile.requireAbsent(privateFile);
    SecretFile.requireAbsent(publicFile);
    byte[] passphrase = source.passphrase();
    byte[] pkcs8 = new byte[0];
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      pkcs8 = generator.generateKeyPair().getPrivate().getEncoded();
      SigningKey key = of(pkcs8, "the new key");
      SecretFile.create(privateFile, pem(SIGSTORE, SecretBox.seal(pkcs8, passphrase)), "rw-------");
      try {
        SecretFile.create(publicFile, key.publicPem(), "rw-r--r--");
      } catch (RktException e) {
        SecretFile.withdraw(privateFile, e);
        throw e;
      }
      return key;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK makes keys on P-256", e);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
      Arrays.fill(passphrase, (byte) 0);
    }
  }

  /**
   * Reads a key in PEM: as cosign writes it, or PKCS #8 without encryption.
   *
   * @param what names the file in errors
   * @param source asked once, if the key is locked; what it gives is cleared
   */
  public static SigningKey read(byte[] file, String what, PassphraseSource source)
      throws RktException {
    PemObject pem = pem(file, what);
    byte[] pkcs8 = pem.getContent();
    try {
      if (!pem.getType().equals(PLAIN)) {
        byte[] passphrase = source.passphrase();
        try {
          pkcs8 = SecretBox.open(pem.getContent(), passphrase, what);
        } finally {
          Arrays.fill(passphrase, (byte) 0);
        }
      }
      return of(pkcs8, what);
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  /** The public half. */
  public PublicKey publicKey() {
    return publicKey;
  }

  /** The public half in PEM, as cosign and openssl read it. */
  public byte[] publicPem() {
    return pem("PUBLIC KEY", publicKey.getEncoded());
  }

  /** SHA-256 of the public half's SubjectPublicKeyInfo, lowercase hex. spec/sigstore.md#keys */
  public String fingerprint() {
    return Digest.sha256(publicKey.getEncoded()).hex();
  }

  /** The signature over {@code bytes}: ECDSA in DER, RSA by PKCS #1 v1.5, or Ed25519. */
  public byte[] sign(byte[] bytes) {
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(privateKey);
      signature.update(bytes);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("signing in memory failed", e);
    }
  }

  private static SigningKey of(byte[] pkcs8, String what) throws RktException {
    try {
      AsymmetricKeyParameter secret = PrivateKeyFactory.createKey(pkcs8);
      String family;
      String algorithm;
      AsymmetricKeyParameter open;
      switch (secret) {
        case ECPrivateKeyParameters ec -> {
          if (!(ec.getParameters() instanceof ECNamedDomainParameters curve)
              || !CURVES.contains(curve.getName().getId())) {
            throw weak(what);
          }
          family = "EC";
          algorithm = "SHA256withECDSA";
          open =
              new ECPublicKeyParameters(
                  new FixedPointCombMultiplier().multiply(ec.getParameters().getG(), ec.getD()),
                  ec.getParameters());
        }
        case Ed25519PrivateKeyParameters ed -> {
          family = "Ed25519";
          algorithm = "Ed25519";
          open = ed.generatePublicKey();
        }
        case RSAPrivateCrtKeyParameters rsa -> {
          int bits = rsa.getModulus().bitLength();
          if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
            throw weak(what);
          }
          family = "RSA";
          algorithm = "SHA256withRSA";
          open = new RSAKeyParameters(false, rsa.getModulus(), rsa.getPublicExponent());
        }
        default -> throw weak(what);
      }
      KeyFactory factory = KeyFactory.getInstance(family);
      byte[] info = SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(open).getEncoded();
      return new SigningKey(
          factory.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)),
          factory.generatePublic(new X509EncodedKeySpec(info)),
          algorithm);
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      // Without the cause: its words may quote the key.
      throw SpecException.integrity(what + " holds no private key in PKCS #8");
    }
  }

  private static SpecException weak(String what) {
    return SpecException.usage(
        what + " is not ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits",
        "rkt image generate-key makes one");
  }

  private static PemObject pem(byte[] file, String what) throws RktException {
    try (PemReader reader =
        new PemReader(new StringReader(new String(file, StandardCharsets.ISO_8859_1)))) {
      PemObject object = reader.readPemObject();
      if (object != null && reader.readPemObject() == null) {
        if (!TYPES.contains(object.getType())) {
          throw SpecException.usage(
              what + " is a PEM file of another kind: " + object.getType(),
              "openssl pkcs8 -topk8 -nocrypt -in FILE   writes a key as \"PRIVATE KEY\"");
        }
        return object;
      }
    } catch (IOException | RuntimeException e) {
      // Said below; the library's words may quote the file.
    }
    throw SpecException.usage(
        what + " is not one private key in PEM",
        "give one that rkt image generate-key or cosign generate-key-pair made");
  }

  private static byte[] pem(String type, byte[] content) {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      writer.writeObject(new PemObject(type, content));
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
