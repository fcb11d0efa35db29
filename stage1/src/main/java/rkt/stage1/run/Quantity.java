package rkt.stage1.run;

import java.math.BigInteger;
import rkt.stage1.StageException;

/**
 * A resource quantity as the appc spec writes it: a decimal number with an optional suffix, {@code
 * 512Mi}, {@code 1.5G}, {@code 500m}. spec/pod.md#quantities
 */
public final class Quantity {
  private static final String SUFFIXES = "kMGTPE";

  private static final int MOST_DIGITS = 40;
  private static final BigInteger THOUSAND = BigInteger.valueOf(1000);

  private Quantity() {}

  /** {@code text} in whole units, rounded up: bytes of memory. */
  public static long units(String text) throws StageException {
    return scaled(text, BigInteger.ONE);
  }

  /** {@code text} in thousandths, rounded up: millicores of CPU. */
  public static long thousandths(String text) throws StageException {
    return scaled(text, THOUSAND);
  }

  // No BigDecimal: setting up that class takes a start as long as all of the pod's directories.
  private static long scaled(String text, BigInteger scale) throws StageException {
    int end = 0;
    int decimals = -1; // before the dot
    StringBuilder digits = new StringBuilder();
    while (end < text.length() && isOfNumber(text.charAt(end), decimals)) {
      char c = text.charAt(end++);
      if (c == '.') {
        decimals = 0;
      } else {
        digits.append(c);
        decimals += decimals < 0 ? 0 : 1;
      }
    }
    String suffix = text.substring(end);
    boolean thousandths = suffix.equals("m");
    BigInteger factor = thousandths ? BigInteger.ONE : factor(suffix);
    if (!digits.isEmpty() && digits.length() <= MOST_DIGITS && factor.signum() > 0) {
      BigInteger number = new BigInteger(digits.toString()).multiply(factor).multiply(scale);
      BigInteger divisor = BigInteger.TEN.pow(Math.max(decimals, 0));
      divisor = thousandths ? divisor.multiply(THOUSAND) : divisor;
      BigInteger roundedUp = number.add(divisor).subtract(BigInteger.ONE).divide(divisor);
      if (roundedUp.signum() > 0 && roundedUp.bitLength() < Long.SIZE) {
        return roundedUp.longValue();
      }
    }
    throw StageException.usage(
        "\"" + text + "\" is not a quantity above zero", "write it as 512Mi, 2G, 0.5 or 500m");
  }

  /** No exponent: a short one can stand for more digits than there is memory. */
  private static boolean isOfNumber(char c, int decimals) {
    return (c >= '0' && c <= '9') || (c == '.' && decimals < 0);
  }

  /** What the suffix multiplies by; 0 for one that there is not. */
  private static BigInteger factor(String suffix) {
    if (suffix.isEmpty()) {
      return BigInteger.ONE;
    }
    boolean binary = suffix.length() == 2 && suffix.charAt(1) == 'i';
    char letter = suffix.charAt(0) == 'K' ? 'k' : suffix.charAt(0);
    int power = SUFFIXES.indexOf(letter) + 1;
    if (power == 0 || (suffix.length() == 2 && !binary) || suffix.length() > 2) {
      return BigInteger.ZERO;
    }
    return BigInteger.valueOf(binary ? 1024 : 1000).pow(power);
  }
}
