package rkt.verify.openpgp;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.bouncycastle.bcpg.FastCRC24;

/**
 * ASCII armor, strictly: one block, known headers, whole lines of base64, a checksum that matches
 * if there is one, and nothing but white space around. spec/trust.md#armor
 *
 * <p>Ours instead of the library's, whose reader skips what it does not know: what a person sees in
 * the file and what is verified must be one thing.
 */
final class Armor {
  private static final int MAX_LINE = 1000;
  private static final int MAX_HEADERS = 16;

  private final byte[] file;
  private final String what;
  private int at;

  private Armor(byte[] file, String what) {
    this.file = file;
    this.what = what;
  }

  /** Whether {@code file} looks like text: a binary OpenPGP packet starts with a byte over 127. */
  static boolean isText(byte[] file) {
    return file.length > 0 && file[0] >= 0;
  }

  /**
   * The bytes in the one block of {@code file}.
   *
   * @param type what the block is: {@code PGP SIGNATURE}
   * @param what names the file in errors
   */
  static byte[] decode(byte[] file, String type, String what) throws TrustException {
    return new Armor(file, what).block(type);
  }

  private byte[] block(String type) throws TrustException {
    String line = line();
    while (isBlank(line)) {
      if (at >= file.length) {
        throw bad("has no \"-----BEGIN " + type + "-----\" line");
      }
      line = line();
    }
    if (!line.equals("-----BEGIN " + type + "-----")) {
      throw bad("does not start with \"-----BEGIN " + type + "-----\"");
    }
    headers();
    StringBuilder base64 = new StringBuilder(file.length - at);
    String end = "-----END " + type + "-----";
    String checksum = "";
    line = line();
    while (!line.equals(end)) {
      if (at >= file.length || !checksum.isEmpty() || line.isEmpty() || line.length() > 76) {
        throw bad("has a broken armor: no \"" + end + "\" after its data");
      }
      if (line.charAt(0) == '=') {
        checksum = line.substring(1);
      } else {
        base64.append(line);
      }
      line = line();
    }
    byte[] data = base64(base64.toString());
    if (!checksum.isEmpty() && !matches(checksum, data)) {
      throw bad("has an armor checksum that does not match its data");
    }
    while (at < file.length) {
      if (!isBlank(line())) {
        throw bad("has data after its armor");
      }
    }
    return data;
  }

  private void headers() throws TrustException {
    for (int count = 0; ; count++) {
      String line = line();
      if (line.isEmpty()) {
        if (at >= file.length) {
          throw bad("ends inside its armor");
        }
        return;
      }
      if (count >= MAX_HEADERS || !isKnownHeader(line)) {
        throw bad("has an armor header that is not known");
      }
    }
  }

  private static boolean isKnownHeader(String line) {
    return line.startsWith("Version: ")
        || line.startsWith("Comment: ")
        || line.startsWith("Charset: ")
        || line.startsWith("MessageID: ")
        || line.startsWith("Hash: ");
  }

  private byte[] base64(String text) throws TrustException {
    try {
      byte[] data = Base64.getDecoder().decode(text);
      // The decoder ignores the last character's surplus bits; two texts must not mean one thing.
      if (!Base64.getEncoder().encodeToString(data).equals(text)) {
        throw bad("has a broken armor: not canonical base64");
      }
      return data;
    } catch (IllegalArgumentException e) {
      throw bad("has a broken armor: not base64");
    }
  }

  private boolean matches(String checksum, byte[] data) throws TrustException {
    byte[] wanted = base64(checksum);
    FastCRC24 crc = new FastCRC24();
    for (byte b : data) {
      crc.update(b & 0xff);
    }
    int got = crc.getValue();
    return wanted.length == 3
        && (wanted[0] & 0xff) == ((got >> 16) & 0xff)
        && (wanted[1] & 0xff) == ((got >> 8) & 0xff)
        && (wanted[2] & 0xff) == (got & 0xff);
  }

  /** The next line without its end, which is LF or CR LF. */
  private String line() throws TrustException {
    int start = at;
    while (at < file.length && file[at] != '\n') {
      byte c = file[at];
      boolean lineEnd = c == '\r' && (at + 1 == file.length || file[at + 1] == '\n');
      // No form feed, vertical tab, NUL, lone CR, or byte over 127 (negative): each has been used
      // to make a person and a parser see different files.
      if ((c != '\t' && c < 0x20 && !lineEnd) || c == 0x7f) {
        throw bad("has a byte in its armor that is not plain text");
      }
      at++;
      if (at - start > MAX_LINE) {
        throw bad("has a line in its armor that is longer than " + MAX_LINE + " bytes");
      }
    }
    int end = at > start && file[at - 1] == '\r' ? at - 1 : at;
    if (at < file.length) {
      at++;
    }
    return new String(file, start, end - start, StandardCharsets.US_ASCII);
  }

  private static boolean isBlank(String line) {
    for (int i = 0; i < line.length(); i++) {
      if (line.charAt(i) != ' ' && line.charAt(i) != '\t') {
        return false;
      }
    }
    return true;
  }

  private TrustException bad(String why) {
    return TrustException.malformed(what + " " + why);
  }
}
