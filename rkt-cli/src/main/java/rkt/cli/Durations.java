package rkt.cli;

import java.time.Duration;

/** Durations as rkt's users write them: {@code 30m}, {@code 24h}, {@code 1m30s}, {@code 0}. */
final class Durations {
  private Durations() {}

  /**
   * Reads {@code text}.
   *
   * @param option names the flag in the error
   */
  static Duration parse(String option, String text) throws UsageException {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    Duration sum = Duration.ZERO;
    int start = 0;
    while (start < text.length()) {
      int end = start;
      while (end < text.length() && Character.isDigit(text.charAt(end))) {
        end++;
      }
      int unit = end;
      while (unit < text.length() && !Character.isDigit(text.charAt(unit))) {
        unit++;
      }
      sum = sum.plus(part(option, text, text.substring(start, end), text.substring(end, unit)));
      start = unit;
    }
    if (text.isEmpty()) {
      throw wrong(option, text);
    }
    return sum;
  }

  private static Duration part(String option, String text, String digits, String unit)
      throws UsageException {
    if (digits.isEmpty() || digits.length() > 9) {
      throw wrong(option, text);
    }
    long number = Long.parseLong(digits);
    return switch (unit) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      default -> throw wrong(option, text);
    };
  }

  private static UsageException wrong(String option, String text) {
    return new UsageException(
        option + " does not understand \"" + text + "\"", "write it as 30m, 24h, 90s or 0");
  }
}
