package rkt.verify.sigstore;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.Signer;
import org.bouncycastle.crypto.digests.Prehash;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.engines.RSABlindedEngine;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.crypto.signers.PSSSigner;
import org.bouncycastle.crypto.signers.RSADigestSigner;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;
import rkt.verify.claim.Signer.Strength;

/**
 * A public key that may have made signatures: RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or
 * P-521, Ed25519. Bouncy Castle's lightweight classes do the mathematics, for what they cost at a
 * start (docs/adr/0003). spec/sigstore.md#keys
 */
final class VerifyingKey {
  private static final int MIN_RSA_BITS = 2048;
  private static final int MAX_RSA_BITS = 8192;
  private static final int MAX_EXPONENT_BITS = 64;
  private static final int MAX_SIGNATURE_BYTES = 2048;

  private static final String EC = "1.2.840.10045.2.1";
  private static final String RSA = "1.2.840.113549.1.1.1";
  private static final String ED25519 = "1.3.101.112";

  private final byte[] encoded;
  private final AsymmetricKeyParameter parameters;
  private final Strength strength;

  private VerifyingKey(byte[] encoded, AsymmetricKeyParameter parameters, Strength strength) {
    this.encoded = encoded;
    this.parameters = parameters;
    this.strength = strength;
  }

  /**
   * Reads a key.
   *
   * @param encoded a SubjectPublicKeyInfo in DER
   */
  static VerifyingKey of(byte[] encoded) throws SigstoreException {
    try {
      SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(encoded);
      if (!Arrays.equals(info.getEncoded(ASN1Encoding.DER), encoded)) {
        // The fingerprint is over these bytes: one key must not have two of them.
        throw new SigstoreException(Refusal.ALGORITHM, "the public key is not in DER");
      }
      return of(encoded.clone(), info);
    } catch (IOException | RuntimeException e) {
      // Bouncy Castle reports broken structures and points off the curve by either.
      throw new SigstoreException(Refusal.ALGORITHM, "the public key cannot be read");
    }
  }

  private static VerifyingKey of(byte[] encoded, SubjectPublicKeyInfo info)
      throws IOException, SigstoreException {
    String algorithm = info.getAlgorithm().getAlgorithm().getId();
    return switch (algorithm) {
      case EC -> ecdsa(encoded, info);
      case RSA -> rsa(encoded, info);
      case ED25519 ->
          new VerifyingKey(
              encoded,
              new Ed25519PublicKeyParameters(info.getPublicKeyData().getOctets()),
              new Strength("ed25519", 256));
      default ->
          throw new SigstoreException(
              Refusal.ALGORITHM, "keys of algorithm " + algorithm + " are not accepted");
    };
  }

  private static VerifyingKey ecdsa(byte[] encoded, SubjectPublicKeyInfo info)
      throws SigstoreException {
    // By its name only: a curve that is spelled out might be any.
    ASN1Encodable name = info.getAlgorithm().getParameters();
    String oid = name instanceof ASN1ObjectIdentifier named ? named.getId() : "";
    int bits;
    String curveName;
    switch (oid) {
      case "1.2.840.10045.3.1.7" -> {
        bits = 256;
        curveName = "P-256";
      }
      case "1.3.132.0.34" -> {
        bits = 384;
        curveName = "P-384";
      }
      case "1.3.132.0.35" -> {
        bits = 521;
        curveName = "P-521";
      }
      default ->
          throw new SigstoreException(
              Refusal.ALGORITHM, "ECDSA is accepted on P-256, P-384 and P-521 only");
    }
    X9ECParameters curve = CustomNamedCurves.getByName(curveName);
    ECPublicKeyParameters key =
        new ECPublicKeyParameters(
            curve.getCurve().decodePoint(info.getPublicKeyData().getOctets()),
            new ECDomainParameters(curve));
    return new VerifyingKey(encoded, key, new Strength("ecdsa", bits));
  }

  private static VerifyingKey rsa(byte[] encoded, SubjectPublicKeyInfo info)
      throws IOException, SigstoreException {
    RSAPublicKey key = RSAPublicKey.getInstance(info.parsePublicKey());
    BigInteger modulus = key.getModulus();
    BigInteger exponent = key.getPublicExponent();
    int bits = modulus.bitLength();
    if (bits < MIN_RSA_BITS
        || bits > MAX_RSA_BITS
        || exponent.bitLength() < 2
        || exponent.bitLength() > MAX_EXPONENT_BITS
        || !exponent.testBit(0)
        || !modulus.testBit(0)) {
      throw new SigstoreException(
          Refusal.ALGORITHM, "an RSA key of " + bits + " bits is not accepted");
    }
    // "Internal": without a test of the modulus for primes, which costs more than the signature.
    return new VerifyingKey(
        encoded, new RSAKeyParameters(false, modulus, exponent, true), new Strength("rsa", bits));
  }

  /** SHA-256 of the SubjectPublicKeyInfo, lowercase hex. */
  String fingerprint() {
    return HexFormat.of().formatHex(Hashes.sha256(encoded));
  }

  Strength strength() {
    return strength;
  }

  /** The SubjectPublicKeyInfo in DER. */
  byte[] encoded() {
    return encoded.clone();
  }

  /**
   * Whether this key signed {@code message}: over SHA-256, or over the hash that goes with a larger
   * curve. False for whatever makes no sense.
   */
  boolean signed(byte[] message, byte[] signature) {
    if (parameters instanceof Ed25519PublicKeyParameters ed25519) {
      return signature.length == 64 && signedEd25519(ed25519, message, signature);
    }
    if (signedDigest(Hashes.sha256(message), signature)) {
      return true;
    }
    return switch (strength.bits()) {
      case 384 -> signedDigest(Hashes.hash(new SHA384Digest(), message), signature);
      case 521 -> signedDigest(Hashes.hash(new SHA512Digest(), message), signature);
      default -> false;
    };
  }

  /**
   * Whether this key signed something whose SHA-256, SHA-384 or SHA-512 is {@code digest}: never
   * for Ed25519, which wants the whole of it.
   */
  boolean signedDigest(byte[] digest, byte[] signature) {
    if (signature.length > MAX_SIGNATURE_BYTES) {
      return false;
    }
    try {
      if (parameters instanceof ECPublicKeyParameters key) {
        BigInteger[] numbers =
            StandardDSAEncoding.INSTANCE.decode(key.getParameters().getN(), signature);
        ECDSASigner signer = new ECDSASigner();
        signer.init(false, key);
        return signer.verifySignature(digest, numbers[0], numbers[1]);
      }
      return parameters instanceof RSAKeyParameters rsa && signedRsa(rsa, digest, signature);
    } catch (IOException | CryptoException | RuntimeException e) {
      // Bouncy Castle reports numbers out of range and broken encodings so.
      return false;
    }
  }

  /** PKCS #1 v1.5, or PSS with a salt as long as the hash, or as long as it can be. */
  private static boolean signedRsa(RSAKeyParameters key, byte[] digest, byte[] signature)
      throws CryptoException {
    int length = (key.getModulus().bitLength() + 7) / 8;
    if (signature.length != length) {
      return false;
    }
    Signer pkcs1 = new RSADigestSigner(Prehash.forDigest(hashOf(digest)));
    if (verifies(pkcs1, key, digest, signature)) {
      return true;
    }
    int longest = (key.getModulus().bitLength() - 1 + 7) / 8 - digest.length - 2;
    for (int salt : new int[] {digest.length, longest}) {
      Signer pss =
          PSSSigner.createRawSigner(
              new RSABlindedEngine(), hashOf(digest), hashOf(digest), salt, (byte) 0xbc);
      if (verifies(pss, key, digest, signature)) {
        return true;
      }
    }
    return false;
  }

  private static boolean verifies(
      Signer signer, RSAKeyParameters key, byte[] digest, byte[] signature) {
    signer.init(false, key);
    signer.update(digest, 0, digest.length);
    return signer.verifySignature(signature);
  }

  private static boolean signedEd25519(
      Ed25519PublicKeyParameters key, byte[] message, byte[] signature) {
    Ed25519Signer signer = new Ed25519Signer();
    signer.init(false, key);
    signer.update(message, 0, message.length);
    return signer.verifySignature(signature);
  }

  private static Digest hashOf(byte[] digest) {
    return switch (digest.length) {
      case 32 -> new SHA256Digest();
      case 48 -> new SHA384Digest();
      case 64 -> new SHA512Digest();
      default -> throw new IllegalArgumentException("a digest of " + digest.length + " bytes");
    };
  }
}
