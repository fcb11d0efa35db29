package rkt.fetch.display;

import java.io.PrintStream;
import java.util.Map;
import rkt.fetch.transport.Progress;

/** Shows progress until it is closed. spec/output.md#progress */
public abstract sealed class Display implements Progress, AutoCloseable
    permits Bars, Events, Lines, Silence {

  /** How progress is shown. */
  public enum Form {
    /** Bars on a terminal, lines elsewhere. */
    TEXT,
    /** An object for each event. */
    JSON,
    /** Notes only. */
    QUIET
  }

  Display() {}

  /**
   * The display for a fetch.
   *
   * @param terminal whether {@code err} is one
   * @param environment where TERM and COLUMNS are looked up
   */
  public static Display of(
      Form form, PrintStream err, boolean terminal, Map<String, String> environment) {
    return switch (form) {
      case QUIET -> new Silence(err);
      case JSON -> new Events(err);
      case TEXT ->
          terminal && !environment.getOrDefault("TERM", "dumb").equals("dumb")
              ? new Bars(err, width(environment.getOrDefault("COLUMNS", "")))
              : new Lines(err);
    };
  }

  private static int width(String columns) {
    try {
      return Math.clamp(Integer.parseInt(columns), 40, 200);
    } catch (NumberFormatException e) {
      return 80;
    }
  }

  /** Leaves the terminal as a plain line expects it. */
  @Override
  public void close() {}
}
