package rkt.cli;

import java.time.LocalDate;

/**
 * Points in time for people, many of them: RFC 3339 to the second, by hand, because a listing of
 * ten thousand images would spend most of its time in the formatter. For several threads at once.
 */
final class Times {
  private static final long DAY = 86_400;

  /** A day that was asked for, and how its times begin. */
  private record Day(long number, String date) {}

  private volatile Day latest = new Day(0, "1970-01-01T");

  /** {@code 2031-05-06T07:08:09Z}. */
  String text(long epochSecond) {
    long number = Math.floorDiv(epochSecond, DAY);
    Day day = latest;
    if (number != day.number()) {
      day = new Day(number, LocalDate.ofEpochDay(number) + "T");
      latest = day;
    }
    int second = (int) Math.floorMod(epochSecond, DAY);
    StringBuilder text = new StringBuilder(20).append(day.date());
    two(text, second / 3600).append(':');
    two(text, second / 60 % 60).append(':');
    return two(text, second % 60).append('Z').toString();
  }

  private static StringBuilder two(StringBuilder text, int number) {
    return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
  }
}
