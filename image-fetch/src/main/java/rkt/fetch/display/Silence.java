package rkt.fetch.display;

import java.io.PrintStream;
import rkt.spec.Printable;

/** Shows nothing but what went otherwise than asked. */
final class Silence extends Display {
  private final PrintStream err;

  Silence(PrintStream err) {
    this.err = err;
  }

  @Override
  public void finished(String what, long bytes, boolean reused) {}

  @Override
  public void note(String message) {
    err.println("note: " + Printable.of(message));
  }
}
