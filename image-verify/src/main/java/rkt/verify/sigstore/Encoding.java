package rkt.verify.sigstore;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Base64 and PEM, to the letter: one text for the same bytes. spec/sigstore.md#encodings */
final class Encoding {
  private static final int LINE = 64;

  private Encoding() {}

  /** The bytes of a member or annotation in base64. */
  static byte[] base64(String text, String what) throws SigstoreException {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (Base64.getEncoder().encodeToString(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      throw new SigstoreException(Refusal.MALFORMED, what + " is not base64");
    }
    throw new SigstoreException(Refusal.MALFORMED, what + " is not base64 in its only spelling");
  }

  /**
   * The contents of PEM blocks of one type, with nothing but blank space between them.
   *
   * @param most how many are read
   */
  static List<byte[]> pem(String text, String type, int most, String what)
      throws SigstoreException {
    String begin = "-----BEGIN " + type + "-----";
    String end = "-----END " + type + "-----";
    List<byte[]> blocks = new ArrayList<>();
    String rest = text.strip();
    while (!rest.isEmpty()) {
      int stop = rest.indexOf(end);
      if (!rest.startsWith(begin) || stop < 0) {
        throw SigstoreException.malformed(what + " is not PEM of type " + type);
      }
      if (blocks.size() == most) {
        throw new SigstoreException(
            Refusal.LIMIT, what + " has more than " + most + " blocks of PEM");
      }
      blocks.add(base64(unfolded(rest.substring(begin.length(), stop)), what));
      rest = rest.substring(stop + end.length()).strip();
    }
    return blocks;
  }

  private static String unfolded(String lines) {
    StringBuilder joined = new StringBuilder(lines.length());
    for (int i = 0; i < lines.length(); i++) {
      char letter = lines.charAt(i);
      if (letter != '\n' && letter != '\r') {
        joined.append(letter);
      }
    }
    return joined.toString();
  }

  /** One PEM block, in lines of 64 letters. */
  static String pem(byte[] content, String type) {
    String body =
        Base64.getMimeEncoder(LINE, "\n".getBytes(StandardCharsets.US_ASCII))
            .encodeToString(content);
    return "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n";
  }
}
