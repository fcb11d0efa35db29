package rkt.cli;

import java.time.LocalDate;

/**
 * Points in time for people, many of them: RFC 3339 to the second, by hand, because a listing of
 * ten thousand images would spend most of its time in the formatter.
 */
final class Times {
  private static final long DAY = 86_400;

  private long day = Long.MIN_VALUE;
  private String date = "";

  /** {@code 2031-05-06T07:08:09Z}. */
  String text(long epochSecond) {
    long ofDay = Math.floorDiv(epochSecond, DAY);
    if (ofDay != day) {
      day = ofDay;
      date = LocalDate.ofEpochDay(ofDay) + "T";
    }
    int second = (int) Math.floorMod(epochSecond, DAY);
    StringBuilder text = new StringBuilder(20).append(date);
    two(text, second / 3600).append(':');
    two(text, second / 60 % 60).append(':');
    return two(text, second % 60).append('Z').toString();
  }

  private static StringBuilder two(StringBuilder text, int number) {
    return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
  }
}
