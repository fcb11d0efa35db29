package rkt.fetch.display;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import rkt.fetch.transport.Meter;
import rkt.spec.Printable;

/**
 * A bar for each blob that is coming and one for all of them, with rate and time left, redrawn in
 * place; a line stays for each that is complete. Why no library draws them: docs/adr/0007.
 */
final class Bars extends Display {
  private static final long REDRAW_MILLIS = 200;

  /** How many bars are shown at most; more would leave the screen. */
  private static final int MOST = 8;

  private final PrintStream err;
  private final int width;
  private final Map<String, Bar> bars = new LinkedHashMap<>();
  private final long start = System.nanoTime();
  private final ScheduledThreadPoolExecutor clock;
  private long expected;
  private long counted;
  private long received;
  private int drawn;

  private static final class Bar {
    private final long total;
    private long done;

    Bar(long total) {
      this.total = total;
    }
  }

  Bars(PrintStream err, int width) {
    this.err = err;
    this.width = width;
    this.clock =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "rkt-progress");
              thread.setDaemon(true);
              return thread;
            });
    var _ =
        clock.scheduleWithFixedDelay(
            this::redraw, REDRAW_MILLIS, REDRAW_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public synchronized void expected(long bytes) {
    expected += bytes;
  }

  @Override
  public synchronized Meter started(String what, long bytes) {
    Bar bar = new Bar(bytes);
    bars.put(what, bar);
    return more -> advance(bar, more);
  }

  private synchronized void advance(Bar bar, long more) {
    received += more;
    bar.done += more;
    if (bar.total >= 0) {
      bar.done = Math.min(bar.done, bar.total); // of a blob that was begun again
    }
  }

  @Override
  public synchronized void finished(String what, long bytes, boolean reused) {
    bars.remove(what);
    counted += bytes;
    print(List.of(Lines.line(what, bytes, reused)));
  }

  @Override
  public synchronized void note(String message) {
    print(List.of("note: " + Printable.of(message)));
  }

  private synchronized void redraw() {
    if (!bars.isEmpty()) {
      print(List.of());
    }
  }

  /** Puts lines above the bars, and the bars below them in one piece. */
  private void print(List<String> lines) {
    StringBuilder out = new StringBuilder();
    if (drawn > 0) {
      out.append("\u001b[").append(drawn).append("A\r\u001b[J");
    }
    for (String line : lines) {
      out.append(line).append('\n');
    }
    List<String> shown = shown();
    for (String line : shown) {
      out.append(line).append('\n');
    }
    drawn = shown.size();
    err.print(out);
    err.flush();
  }

  private List<String> shown() {
    List<String> shown = new ArrayList<>();
    long done = counted;
    for (Map.Entry<String, Bar> entry : bars.entrySet()) {
      Bar bar = entry.getValue();
      done += bar.done;
      if (shown.size() < MOST) {
        shown.add(line(entry.getKey(), bar.done, bar.total, ""));
      }
    }
    if (!bars.isEmpty()) {
      double seconds = (System.nanoTime() - start) / 1e9;
      double rate = received / Math.max(seconds, 0.001);
      String pace = String.format(Locale.ROOT, "%.1f MB/s", rate / 1e6);
      if (expected > 0 && rate > 1) {
        pace += ", " + time((long) (Math.max(0, expected - done) / rate)) + " left";
      }
      shown.add(line("total", done, expected > 0 ? expected : -1, pace));
    }
    return shown;
  }

  private String line(String name, long done, long total, String more) {
    String numbers =
        total < 0
            ? String.format(Locale.ROOT, "%.1f MB", done / 1e6)
            : String.format(Locale.ROOT, "%.1f/%.1f MB", done / 1e6, total / 1e6);
    String tail = " " + numbers + (more.isEmpty() ? "" : " " + more);
    String head = Printable.of(name);
    int longest = Math.max(10, width / 3);
    if (head.length() > longest) {
      head = head.substring(0, longest - 1) + "…";
    }
    int room = width - 1 - longest - tail.length() - 3;
    StringBuilder line = new StringBuilder(head);
    line.append(" ".repeat(longest - head.length()));
    if (room >= 5) {
      int full = total <= 0 ? 0 : (int) (room * Math.min(done, total) / total);
      line.append(" [").append("#".repeat(full)).append(" ".repeat(room - full)).append(']');
    }
    line.append(tail);
    return line.length() < width ? line.toString() : line.substring(0, width - 1);
  }

  private static String time(long seconds) {
    return seconds < 60
        ? seconds + " s"
        : seconds < 3600
            ? seconds / 60 + " min"
            : seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
  }

  @Override
  public synchronized void close() {
    clock.shutdownNow();
    bars.clear();
    print(List.of());
  }
}
