package rkt.spec;

/** Text from outside, made safe for a terminal and for one line of output. spec/exit-status.md */
public final class Printable {
  private Printable() {}

  /** {@code text} with each control character written {@code \xHH} or {@code \}{@code uHHHH}. */
  public static String of(String text) {
    StringBuilder safe = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean control = (c < 0x20 || c > 0x7e) && (Character.isISOControl(c) || isInvisible(c));
      if (control && safe == null) {
        safe = new StringBuilder(text.length() + 16).append(text, 0, i);
      }
      if (safe != null) {
        if (control) {
          escape(safe, c);
        } else {
          safe.append(c);
        }
      }
    }
    return safe == null ? text : safe.toString();
  }

  /** Marks that break lines or turn the direction of writing. */
  private static boolean isInvisible(char c) {
    return (c >= 0x200b && c <= 0x200f)
        || (c >= 0x2028 && c <= 0x202e)
        || (c >= 0x2066 && c <= 0x2069)
        || c == 0xfeff;
  }

  private static void escape(StringBuilder out, char c) {
    out.append(c < 0x100 ? "\\x" : "\\u");
    for (int shift = c < 0x100 ? 4 : 12; shift >= 0; shift -= 4) {
      out.append(Character.forDigit((c >> shift) & 0xf, 16));
    }
  }
}
