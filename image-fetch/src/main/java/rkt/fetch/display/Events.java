package rkt.fetch.display;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import rkt.fetch.transport.Meter;
import rkt.spec.json.JsonWriter;

/** An object for each thing that happens, on one line. spec/output.md#progress */
final class Events extends Display {
  private static final long EVERY = TimeUnit.MILLISECONDS.toNanos(500);

  private final PrintStream err;

  Events(PrintStream err) {
    this.err = err;
  }

  private static JsonWriter event(String name) {
    return new JsonWriter().object().put("version", 1).put("event", name);
  }

  @Override
  public void expected(long bytes) {
    err.println(event("expected").put("bytes", bytes).end());
  }

  @Override
  public Meter started(String what, long bytes) {
    JsonWriter json = event("started").put("what", what);
    if (bytes >= 0) {
      json.put("bytes", bytes);
    }
    err.println(json.end());
    AtomicLong done = new AtomicLong();
    AtomicLong told = new AtomicLong(System.nanoTime());
    return more -> {
      long now = System.nanoTime();
      long all = done.addAndGet(more);
      if (now - told.get() >= EVERY) {
        told.set(now);
        err.println(event("progress").put("what", what).put("bytes", all).end());
      }
    };
  }

  @Override
  public void finished(String what, long bytes, boolean reused) {
    err.println(
        event("finished").put("what", what).put("bytes", bytes).put("reused", reused).end());
  }

  @Override
  public void note(String message) {
    err.println(event("note").put("message", message).end());
  }
}
