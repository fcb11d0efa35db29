package rkt.stage1.render;

/** A time in a pax record: seconds since 1970, with an optional minus sign and fraction. */
final class PaxTime {
  private PaxTime() {}

  static void apply(TarEntry entry, byte[] text) throws LayerFormatException {
    int from = text[0] == '-' ? 1 : 0;
    int dot = from;
    while (dot < text.length && text[dot] != '.') {
      dot++;
    }
    long seconds = TarNumber.decimal(text, from, dot);
    int nanos = 0;
    // Digits beyond the ninth are cut off: no file system keeps them.
    for (int i = 1; i <= 9; i++) {
      int digit = dot + i < text.length ? text[dot + i] - '0' : 0;
      if (digit < 0 || digit > 9) {
        throw new LayerFormatException("a pax header has a time that is none");
      }
      nanos = nanos * 10 + digit;
    }
    if (from == 1) {
      // -1.25 is 0.75 after -2.
      seconds = nanos == 0 ? -seconds : -seconds - 1;
      nanos = nanos == 0 ? 0 : 1_000_000_000 - nanos;
    }
    entry.mtimeSeconds = seconds;
    entry.mtimeNanos = nanos;
  }
}
