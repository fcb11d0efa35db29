package rkt.fetch.display;

import java.io.PrintStream;
import rkt.spec.Printable;

/** A line for each blob that is complete. */
final class Lines extends Display {
  private final PrintStream err;

  Lines(PrintStream err) {
    this.err = err;
  }

  /** What is said of a complete blob. */
  static String line(String what, long bytes, boolean reused) {
    return Printable.of(what) + ": " + bytes + " bytes" + (reused ? ", here already" : "");
  }

  @Override
  public void finished(String what, long bytes, boolean reused) {
    err.println(line(what, bytes, reused));
  }

  @Override
  public void note(String message) {
    err.println("note: " + Printable.of(message));
  }
}
