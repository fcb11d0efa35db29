package rkt.fetch.http;

import java.time.Duration;

/**
 * What an answer says about later ones.
 *
 * @param mark what the server calls this state of the resource: its ETag; empty if it gave none
 * @param age for how long it need not be asked again
 */
public record Freshness(String mark, Duration age) {
  /** However long a server says: it may be another's server by then. */
  private static final Duration LONGEST = Duration.ofDays(1);

  /** What {@code answer} says. */
  public static Freshness of(Answer answer) {
    return new Freshness(answer.header("ETag").orElse(""), age(answer));
  }

  private static Duration age(Answer answer) {
    Duration age = Duration.ZERO;
    for (String header : answer.headers("Cache-Control")) {
      for (String part : header.split(",", -1)) {
        String directive = part.trim();
        if (directive.equals("no-cache") || directive.equals("no-store")) {
          return Duration.ZERO;
        }
        if (directive.startsWith("max-age=")) {
          age = seconds(directive.substring("max-age=".length()));
        }
      }
    }
    return age.compareTo(LONGEST) > 0 ? LONGEST : age;
  }

  private static Duration seconds(String text) {
    try {
      return Duration.ofSeconds(Math.max(0, Integer.parseInt(text)));
    } catch (NumberFormatException e) {
      return Duration.ZERO;
    }
  }
}
