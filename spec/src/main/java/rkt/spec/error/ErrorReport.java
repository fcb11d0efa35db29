package rkt.spec.error;

import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import rkt.spec.ErrorClass;
import rkt.spec.Printable;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;

/**
 * A failure as every tool tells it on standard error: a line of text and perhaps a second one with
 * what to do, or one line of JSON. What comes from outside is made safe to print.
 * spec/exit-status.md#errors
 *
 * @param errorClass its label is the first word
 * @param message what failed, on what, and why
 * @param fix what to do about it; null where nothing is known
 */
public record ErrorReport(String errorClass, String message, @Nullable String fix) {
  /** What a single tool exits with for a bug. */
  public static final int BUG_STATUS = 70;

  /** The class of bugs: no user and no host is to blame. */
  private static final String INTERNAL = "internal";

  public static ErrorReport of(RktException e) {
    return new ErrorReport(e.errorClass().label(), e.getMessage(), e.fix());
  }

  public static ErrorReport of(ErrorClass errorClass, String message, @Nullable String fix) {
    return new ErrorReport(errorClass.label(), message, fix);
  }

  /** A failure that no one foresaw. */
  public static ErrorReport bug(RuntimeException e) {
    return new ErrorReport(
        INTERNAL, e.toString(), "this is a bug of rkt: report it with what --debug prints");
  }

  /** Prints it in the form that the caller asked for its data in. */
  public void print(PrintStream err, boolean json) {
    if (json) {
      err.println(json());
      return;
    }
    err.println(errorClass + ": " + Printable.of(message));
    if (fix != null) {
      err.println("  fix: " + Printable.of(fix));
    }
  }

  private JsonWriter json() {
    JsonWriter json = new JsonWriter().object().object("error");
    json.put("class", errorClass).put("message", Printable.of(message));
    if (fix != null) {
      json.put("fix", Printable.of(fix));
    }
    return json.end().end();
  }
}
