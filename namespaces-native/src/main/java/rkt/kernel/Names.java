package rkt.kernel;

import java.nio.charset.StandardCharsets;

/** File names, which in the kernel are bytes and not text. */
public final class Names {
  private Names() {}

  /** The bytes of a name that this program chose. */
  public static byte[] of(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  /** One character for each byte, so that any two names stay apart and can be compared. */
  public static String bytewise(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  /** Components as one path, with a slash between each two. */
  public static byte[] joined(Iterable<byte[]> components) {
    var path = new java.io.ByteArrayOutputStream();
    for (byte[] component : components) {
      if (path.size() > 0) {
        path.write('/');
      }
      path.writeBytes(component);
    }
    return path.toByteArray();
  }

  /**
   * {@code name} in a form that is safe on a terminal and tells any two names apart: printable
   * ASCII as it is, a backslash doubled, every other byte as {@code \xNN}. At most 200 bytes are
   * shown.
   */
  public static String printable(byte[] name) {
    int shown = Math.min(name.length, 200);
    StringBuilder text = new StringBuilder(shown + 16);
    for (int i = 0; i < shown; i++) {
      int b = name[i] & 0xff;
      if (b == '\\') {
        text.append("\\\\");
      } else if (b >= 0x20 && b < 0x7f) {
        text.append((char) b);
      } else {
        text.append("\\x")
            .append(Character.forDigit(b >> 4, 16))
            .append(Character.forDigit(b & 15, 16));
      }
    }
    if (shown < name.length) {
      text.append("... (").append(name.length).append(" bytes)");
    }
    return text.toString();
  }
}
