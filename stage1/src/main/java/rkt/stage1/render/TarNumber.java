package rkt.stage1.render;

/** Numbers as tar headers write them. Anything else than a whole, proper number is refused. */
final class TarNumber {
  private TarNumber() {}

  /**
   * A header field: octal digits between blanks, ended by a blank or NUL, or binary with the first
   * bit set. An empty field is 0.
   */
  static long field(byte[] block, int at, int length, boolean mayBeNegative)
      throws LayerFormatException {
    if ((block[at] & 0x80) != 0) {
      return binary(block, at, length, mayBeNegative);
    }
    int i = at;
    int end = at + length;
    while (i < end && block[i] == ' ') {
      i++;
    }
    long value = 0;
    while (i < end && block[i] >= '0' && block[i] <= '7') {
      value = value << 3 | (block[i] - '0');
      i++;
    }
    while (i < end) {
      if (block[i] != ' ' && block[i] != 0) {
        throw new LayerFormatException("a header has a number that is none");
      }
      i++;
    }
    return value;
  }

  private static long binary(byte[] block, int at, int length, boolean mayBeNegative)
      throws LayerFormatException {
    boolean negative = (block[at] & 0x40) != 0;
    long value = negative ? -1 : 0;
    for (int i = 0; i < length; i++) {
      int b = block[at + i] & 0xff;
      if (i == 0) {
        b = negative ? b : b & 0x7f;
      }
      // All but the last eight bytes may only repeat the sign.
      if (i < length - 8 && b != (negative ? 0xff : 0)) {
        throw new LayerFormatException("a header has a number beyond 64 bits");
      }
      value = value << 8 | b;
    }
    if (negative != value < 0 || (negative && !mayBeNegative)) {
      throw new LayerFormatException("a header has a number out of range");
    }
    return value;
  }

  /** Decimal digits alone, as in a pax record or a sparse map. */
  static long decimal(byte[] text, int from, int to) throws LayerFormatException {
    if (from >= to || to - from > 18) {
      throw new LayerFormatException("a pax header has a number that is none, or too long");
    }
    long value = 0;
    for (int i = from; i < to; i++) {
      int digit = text[i] - '0';
      if (digit < 0 || digit > 9) {
        throw new LayerFormatException("a pax header has a number that is none");
      }
      value = value * 10 + digit;
    }
    return value;
  }
}
