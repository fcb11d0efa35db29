package rkt.verify.openpgp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.bcpg.BCPGInputStream;
import org.bouncycastle.bcpg.BCPGOutputStream;
import org.bouncycastle.bcpg.MPInteger;
import org.bouncycastle.bcpg.SignaturePacket;
import org.bouncycastle.bcpg.SignatureSubpacket;
import org.bouncycastle.bcpg.SignatureSubpacketTags;
import org.bouncycastle.bcpg.sig.IssuerFingerprint;
import org.jspecify.annotations.Nullable;
import rkt.verify.openpgp.SignatureFacts.Defect;

/**
 * Reads a file of detached signatures into facts, with Bouncy Castle's packet layer. What the file
 * says is written down, good or bad; {@link Rules} judges it. spec/trust.md#signatures
 */
final class SignatureReader {
  /** The largest signature file that is read. */
  static final int MAX_BYTES = 4 << 20;

  /** How many signatures a file may hold. */
  static final int MAX_SIGNATURES = 32;

  /** So that the facts of a whole file stay far below the largest JSON document. */
  static final int MAX_SIGNATURE_BYTES = 32 << 10;

  private static final HexFormat HEX = HexFormat.of();

  private SignatureReader() {}

  /** The signatures in {@code file}, armored or binary, without digest states. */
  static List<SignatureFacts> read(byte[] file) throws TrustException {
    try {
      return signatures(file);
    } catch (TrustException e) {
      throw e.orFix("give a detached signature, as gpg --armor --detach-sign FILE makes it");
    }
  }

  private static List<SignatureFacts> signatures(byte[] file) throws TrustException {
    String what = "the signature file";
    List<Frame> frames = Frame.split(packets(file), MAX_SIGNATURES, what);
    if (frames.isEmpty()) {
      throw new TrustException(Rule.UNSIGNED, "the signature file holds no signature", null);
    }
    List<SignatureFacts> result = new ArrayList<>();
    for (Frame frame : frames) {
      if (frame.tag() != Frame.SIGNATURE) {
        throw TrustException.malformed(
            "the signature file is not a detached signature: it holds a packet of type "
                + frame.tag());
      }
      result.add(facts(frame));
    }
    return result;
  }

  /** The packets of {@code file}, out of its armor. */
  static byte[] packets(byte[] file) throws TrustException {
    if (file.length > MAX_BYTES) {
      throw new TrustException(
          Rule.LIMIT, "the signature file is larger than " + MAX_BYTES + " bytes", null);
    }
    if (file.length == 0) {
      throw new TrustException(Rule.UNSIGNED, "the signature file is empty", null);
    }
    return Armor.isText(file) ? Armor.decode(file, "PGP SIGNATURE", "the signature file") : file;
  }

  /** The signature in one packet; what cannot be read of it is a defect of the facts. */
  static SignatureFacts facts(Frame frame) {
    if (frame.bytes().length > MAX_SIGNATURE_BYTES) {
      return unreadable("the signature packet is larger than " + MAX_SIGNATURE_BYTES + " bytes");
    }
    try (BCPGInputStream in = new BCPGInputStream(new ByteArrayInputStream(frame.bytes()))) {
      if (in.readPacket() instanceof SignaturePacket packet && isExact(packet, frame)) {
        return facts(packet);
      }
      return unreadable("the signature packet cannot be read");
    } catch (IOException | RuntimeException e) {
      // Of one signature among several: the others may still hold. spec/trust.md#several
      return unreadable("the signature packet cannot be read");
    }
  }

  /**
   * Whether {@code packet} says again what {@code frame} holds, byte for byte. The library forgives
   * wrong lengths inside a packet and hashes what it made of them; we refuse what was not written
   * the way it would be written.
   */
  private static boolean isExact(SignaturePacket packet, Frame frame) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (BCPGOutputStream encoder = new BCPGOutputStream(out)) {
      packet.encode(encoder);
    }
    byte[] again = out.toByteArray();
    byte[] body = frame.body();
    int header = again.length - body.length;
    return header > 0 && Arrays.equals(again, header, again.length, body, 0, body.length);
  }

  private static SignatureFacts unreadable(String words) {
    Defect defect = new Defect(Rule.MALFORMED, words);
    return new SignatureFacts(
        0, 0, 0, 0, "", "", 0, 0, List.of(defect), "", "", "", List.of(), "", "");
  }

  private static SignatureFacts facts(SignaturePacket packet) throws IOException {
    List<Defect> defects = new ArrayList<>();
    boolean modern = packet.getVersion() == 4 || packet.getVersion() == 6;
    SignatureSubpacket[] hashed = subpackets(packet.getHashedSubPackets());
    SignatureSubpacket[] unhashed = subpackets(packet.getUnhashedSubPackets());
    long created = 0;
    long expires = 0;
    if (modern) {
      Subpackets.findCritical(hashed, Subpackets.FOR_DOCUMENTS, defects);
      Subpackets.findUnsigned(unhashed, defects);
      Subpackets.findHiddenIssuers(packet.getVersion(), hashed, unhashed, defects);
      created = Subpackets.time(hashed, SignatureSubpacketTags.CREATION_TIME, defects);
      long lifetime = Subpackets.time(hashed, SignatureSubpacketTags.EXPIRE_TIME, defects);
      expires = lifetime == 0 ? 0 : created + lifetime;
    }
    byte[] salt = packet.getSalt();
    return new SignatureFacts(
        packet.getVersion(),
        packet.getSignatureType(),
        packet.getKeyAlgorithm(),
        packet.getHashAlgorithm(),
        issuerFingerprint(hashed, unhashed),
        issuerKeyId(packet, hashed, unhashed),
        created,
        expires,
        defects,
        salt == null ? "" : HEX.formatHex(salt),
        modern ? HEX.formatHex(packet.getSignatureTrailer()) : "",
        HEX.formatHex(packet.getFingerPrint()),
        values(packet),
        "",
        "");
  }

  static SignatureSubpacket[] subpackets(SignatureSubpacket @Nullable [] found) {
    return found == null ? new SignatureSubpacket[0] : found;
  }

  private static String issuerFingerprint(
      SignatureSubpacket[] hashed, SignatureSubpacket[] unhashed) {
    SignatureSubpacket found =
        Subpackets.find(hashed, unhashed, SignatureSubpacketTags.ISSUER_FINGERPRINT);
    return found instanceof IssuerFingerprint issuer ? HEX.formatHex(issuer.getFingerprint()) : "";
  }

  private static String issuerKeyId(
      SignaturePacket packet, SignatureSubpacket[] hashed, SignatureSubpacket[] unhashed) {
    SignatureSubpacket found =
        Subpackets.find(hashed, unhashed, SignatureSubpacketTags.ISSUER_KEY_ID);
    if (found != null && found.getData().length == 8) {
      return HEX.formatHex(found.getData());
    }
    return packet.getKeyID() == 0 ? "" : HEX.toHexDigits(packet.getKeyID());
  }

  /** The numbers of the signature, as {@link SignatureFacts#values()} wants them. */
  private static List<String> values(SignaturePacket packet) throws IOException {
    List<String> result = new ArrayList<>();
    switch (packet.getKeyAlgorithm()) {
      case PublicKey.RSA, PublicKey.RSA_SIGN, PublicKey.ECDSA -> {
        for (MPInteger number : packet.getSignature()) {
          result.add(hex(number.getValue()));
        }
      }
      case PublicKey.EDDSA -> {
        StringBuilder raw = new StringBuilder();
        for (MPInteger number : packet.getSignature()) {
          byte[] half = unsigned(number.getValue());
          raw.append(HEX.formatHex(SignatureMath.padded(half, 32)));
        }
        result.add(raw.toString());
      }
      case PublicKey.ED25519, PublicKey.ED448 ->
          result.add(HEX.formatHex(packet.getSignatureBytes()));
      default -> {
        // Never accepted: Rules says which algorithms are.
      }
    }
    return result;
  }

  /** Hex with an even number of digits. */
  static String hex(BigInteger number) {
    return HEX.formatHex(unsigned(number));
  }

  /** Big-endian, without the sign byte that BigInteger may put first. */
  private static byte[] unsigned(BigInteger number) {
    byte[] bytes = number.toByteArray();
    if (bytes.length > 1 && bytes[0] == 0) {
      byte[] result = new byte[bytes.length - 1];
      System.arraycopy(bytes, 1, result, 0, result.length);
      return result;
    }
    return bytes;
  }
}
