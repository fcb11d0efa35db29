package rkt.verify.openpgp;

import java.math.BigInteger;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.bcpg.BCPGKey;
import org.bouncycastle.bcpg.ECDSAPublicBCPGKey;
import org.bouncycastle.bcpg.Ed25519PublicBCPGKey;
import org.bouncycastle.bcpg.Ed448PublicBCPGKey;
import org.bouncycastle.bcpg.EdDSAPublicBCPGKey;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.bcpg.RSAPublicBCPGKey;
import org.bouncycastle.crypto.params.RSAKeyParameters;

/** Takes the numbers out of a public key packet. */
final class KeyMaterial {
  private KeyMaterial() {}

  static PublicKey of(PublicKeyPacket packet) {
    BCPGKey key = packet.getKey();
    int algorithm = packet.getAlgorithm();
    return switch (key) {
      case RSAPublicBCPGKey rsa -> rsa(algorithm, rsa);
      case ECDSAPublicBCPGKey ec ->
          new PublicKey(
              algorithm,
              curve(ec.getCurveOID()),
              List.of(SignatureReader.hex(ec.getEncodedPoint())));
      case EdDSAPublicBCPGKey ed -> edDsa(algorithm, ed);
      case Ed25519PublicBCPGKey ed ->
          new PublicKey(algorithm, "Ed25519", List.of(HexFormat.of().formatHex(ed.getKey())));
      case Ed448PublicBCPGKey ed ->
          new PublicKey(algorithm, "Ed448", List.of(HexFormat.of().formatHex(ed.getKey())));
      default -> new PublicKey(algorithm, "", List.of());
    };
  }

  private static PublicKey rsa(int algorithm, RSAPublicBCPGKey rsa) {
    PublicKey key =
        new PublicKey(
            algorithm,
            "",
            List.of(
                SignatureReader.hex(rsa.getModulus()),
                SignatureReader.hex(rsa.getPublicExponent())));
    if (key.isStrong()) {
      // Throws if the modulus has small factors or is prime: checked here once, not at each start.
      RSAKeyParameters.validateModulus(rsa.getModulus());
    }
    return key;
  }

  /** A v4 EdDSA key is the byte 0x40 and the raw key, as one number. */
  private static PublicKey edDsa(int algorithm, EdDSAPublicBCPGKey key) {
    BigInteger point = key.getEncodedPoint();
    String hex = SignatureReader.hex(point);
    String curve = curve(key.getCurveOID());
    boolean known = curve.equals("Ed25519") && hex.length() == 66 && hex.startsWith("40");
    return new PublicKey(algorithm, curve, known ? List.of(hex.substring(2)) : List.of());
  }

  private static String curve(ASN1ObjectIdentifier oid) {
    return switch (oid.getId()) {
      case "1.2.840.10045.3.1.7" -> "P-256";
      case "1.3.132.0.34" -> "P-384";
      case "1.3.132.0.35" -> "P-521";
      case "1.3.6.1.4.1.11591.15.1", "1.3.101.112" -> "Ed25519";
      default -> oid.getId();
    };
  }
}
