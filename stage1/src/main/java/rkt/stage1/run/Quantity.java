package rkt.stage1.run;

import java.math.BigDecimal;
import java.math.BigInteger;
import rkt.stage1.StageException;

/**
 * A resource quantity as the appc spec writes it: a decimal number with an optional suffix, {@code
 * 512Mi}, {@code 1.5G}, {@code 500m}. spec/pod.md#quantities
 */
public final class Quantity {
  private static final String SUFFIXES = "kMGTPE";

  private static final int MOST_DIGITS = 40;

  private Quantity() {}

  /** {@code text} in whole units, rounded up: bytes of memory. */
  public static long units(String text) throws StageException {
    return scaled(text, BigDecimal.ONE);
  }

  /** {@code text} in thousandths, rounded up: millicores of CPU. */
  public static long thousandths(String text) throws StageException {
    return scaled(text, BigDecimal.valueOf(1000));
  }

  private static long scaled(String text, BigDecimal scale) throws StageException {
    int end = 0;
    while (end < text.length() && isOfNumber(text.charAt(end))) {
      end++;
    }
    try {
      if (end > MOST_DIGITS) {
        throw new NumberFormatException(text);
      }
      BigDecimal number = new BigDecimal(text.substring(0, end));
      BigInteger result =
          number
              .multiply(factor(text.substring(end)))
              .multiply(scale)
              .setScale(0, java.math.RoundingMode.CEILING)
              .toBigIntegerExact();
      if (result.signum() > 0 && result.bitLength() < Long.SIZE) {
        return result.longValue();
      }
    } catch (NumberFormatException e) {
      // said below, with the other ways to be wrong
    }
    throw StageException.usage(
        "\"" + text + "\" is not a quantity above zero", "write it as 512Mi, 2G, 0.5 or 500m");
  }

  /** No exponent: a short one can stand for more digits than there is memory. */
  private static boolean isOfNumber(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }

  private static BigDecimal factor(String suffix) {
    if (suffix.isEmpty()) {
      return BigDecimal.ONE;
    }
    if (suffix.equals("m")) {
      return new BigDecimal("0.001");
    }
    boolean binary = suffix.length() == 2 && suffix.charAt(1) == 'i';
    char letter = suffix.charAt(0) == 'K' ? 'k' : suffix.charAt(0);
    int power = SUFFIXES.indexOf(letter) + 1;
    if (power == 0 || (suffix.length() == 2 && !binary) || suffix.length() > 2) {
      throw new NumberFormatException(suffix);
    }
    return BigDecimal.valueOf(binary ? 1024 : 1000).pow(power);
  }
}
