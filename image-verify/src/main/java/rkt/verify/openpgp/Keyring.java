package rkt.verify.openpgp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Several certificates in one file, as gpg exports them: binary, or armored blocks in a row. */
public final class Keyring {
  private static final int MOST_BYTES = 1 << 20;
  private static final int MOST_PACKETS = 10_000;
  private static final int MOST_CERTIFICATES = 256;
  private static final String BLOCK = "PGP PUBLIC KEY BLOCK";
  private static final String END = "-----END " + BLOCK + "-----";

  private Keyring() {}

  /**
   * The certificates of a keyring, at least one.
   *
   * @param what names the file in errors
   */
  public static List<KeyFacts> parse(byte[] file, String what) throws TrustException {
    if (file.length > MOST_BYTES) {
      throw new TrustException(Rule.LIMIT, what + " is larger than " + MOST_BYTES + " bytes", null);
    }
    if (file.length == 0) {
      throw TrustException.malformed(what + " is empty");
    }
    List<KeyFacts> certificates = new ArrayList<>();
    ByteArrayOutputStream one = new ByteArrayOutputStream();
    for (Frame frame : Frame.split(packets(file, what), MOST_PACKETS, what)) {
      if (frame.tag() == Frame.PUBLIC_KEY && one.size() > 0) {
        certificates.add(certificate(one, certificates.size(), what));
        one.reset();
      }
      one.writeBytes(frame.bytes());
    }
    certificates.add(certificate(one, certificates.size(), what));
    return certificates;
  }

  private static KeyFacts certificate(ByteArrayOutputStream packets, int before, String what)
      throws TrustException {
    if (before == MOST_CERTIFICATES) {
      throw new TrustException(
          Rule.LIMIT, what + " has more than " + MOST_CERTIFICATES + " certificates", null);
    }
    return KeyFacts.parse(packets.toByteArray(), what);
  }

  private static byte[] packets(byte[] file, String what) throws TrustException {
    if (!Armor.isText(file)) {
      return file;
    }
    ByteArrayOutputStream packets = new ByteArrayOutputStream();
    String text = new String(file, StandardCharsets.ISO_8859_1);
    for (int at = 0; at < text.length() && !text.substring(at).isBlank(); ) {
      int end = text.indexOf(END, at);
      int next = end < 0 ? text.length() : end + END.length();
      byte[] block = text.substring(at, next).strip().getBytes(StandardCharsets.ISO_8859_1);
      packets.writeBytes(Armor.decode(block, BLOCK, what));
      at = next;
    }
    return packets.toByteArray();
  }
}
