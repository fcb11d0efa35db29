package rkt.verify.openpgp;

import java.math.BigInteger;
import java.util.HexFormat;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.ExtendedDigest;
import org.bouncycastle.crypto.Signer;
import org.bouncycastle.crypto.digests.Prehash;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.Ed448PublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.crypto.signers.Ed448Signer;
import org.bouncycastle.crypto.signers.RSADigestSigner;

/**
 * Whether the numbers of a signature fit a key and a digest: Bouncy Castle's lightweight classes,
 * which cost half of what the JDK's providers cost in a fresh JVM (docs/adr/0003). No policy.
 */
final class SignatureMath {
  private SignatureMath() {}

  private static final HexFormat HEX = HexFormat.of();

  /** Whether {@code key} made {@code signature}. False for whatever makes no sense. */
  static boolean verify(SignatureFacts signature, PublicKey key) {
    HashAlgorithm hash = HashAlgorithm.find(signature.hashAlgorithm());
    if (hash == null || !key.isStrong()) {
      return false;
    }
    try {
      byte[] digest = digest(signature, hash);
      return digest.length == hash.length()
          && signature.digestPrefix().equals(HEX.formatHex(digest, 0, 2))
          && verify(signature, key, hash, digest);
    } catch (RuntimeException e) {
      // Bouncy Castle reports points off the curve, numbers out of range and what is no state so.
      return false;
    }
  }

  /** The finished hash; empty if nothing was hashed. */
  private static byte[] digest(SignatureFacts signature, HashAlgorithm hash) {
    if (signature.digestState().isEmpty()) {
      return HEX.parseHex(signature.digest());
    }
    ExtendedDigest digest = hash.resume(HEX.parseHex(signature.digestState()));
    byte[] trailer = HEX.parseHex(signature.trailer());
    digest.update(trailer, 0, trailer.length);
    byte[] result = new byte[hash.length()];
    digest.doFinal(result, 0);
    return result;
  }

  private static boolean verify(
      SignatureFacts signature, PublicKey key, HashAlgorithm hash, byte[] digest) {
    return switch (key.algorithm()) {
      case PublicKey.RSA, PublicKey.RSA_SIGN -> {
        // "Internal": the primality test of the modulus was made when the key was read.
        RSAKeyParameters rsa =
            new RSAKeyParameters(
                false, number(key.values().get(0)), number(key.values().get(1)), true);
        Signer signer = new RSADigestSigner(Prehash.forDigest(hash.start()));
        signer.init(false, rsa);
        yield finish(
            signer,
            digest,
            padded(
                HEX.parseHex(signature.values().get(0)), (rsa.getModulus().bitLength() + 7) / 8));
      }
      case PublicKey.ECDSA -> {
        X9ECParameters curve = CustomNamedCurves.getByName(key.curve());
        ECDSASigner signer = new ECDSASigner();
        signer.init(
            false,
            new ECPublicKeyParameters(
                curve.getCurve().decodePoint(HEX.parseHex(key.values().get(0))),
                new ECDomainParameters(curve)));
        yield signature.values().size() == 2
            && signer.verifySignature(
                digest, number(signature.values().get(0)), number(signature.values().get(1)));
      }
      case PublicKey.EDDSA, PublicKey.ED25519 -> {
        Signer signer = new Ed25519Signer();
        signer.init(false, new Ed25519PublicKeyParameters(HEX.parseHex(key.values().get(0)), 0));
        yield finish(signer, digest, HEX.parseHex(signature.values().get(0)));
      }
      case PublicKey.ED448 -> {
        Signer signer = new Ed448Signer(new byte[0]);
        signer.init(false, new Ed448PublicKeyParameters(HEX.parseHex(key.values().get(0)), 0));
        yield finish(signer, digest, HEX.parseHex(signature.values().get(0)));
      }
      default -> false;
    };
  }

  private static boolean finish(Signer signer, byte[] digest, byte[] signature) {
    signer.update(digest, 0, digest.length);
    return signer.verifySignature(signature);
  }

  private static BigInteger number(String hex) {
    return new BigInteger(hex, 16);
  }

  /** {@code number} with leading zeros up to {@code length}: OpenPGP drops them, RSA wants them. */
  static byte[] padded(byte[] number, int length) {
    if (number.length >= length) {
      return number;
    }
    byte[] result = new byte[length];
    System.arraycopy(number, 0, result, length - number.length, number.length);
    return result;
  }
}
