package rkt.fetch.program;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.spec.ErrorClass;
import rkt.spec.Printable;
import rkt.spec.RktException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/** A transport program at work. Belongs to one thread. spec/transport.md */
final class Running implements AutoCloseable {
  private static final int LONGEST_LINE = 64 << 10;
  private static final int LONGEST_WORDS = 4 << 10;
  private static final long GOODBYE_SECONDS = 10;

  private final Process process;
  private final TransportProgram.Request request;
  private final String name;
  private final Words words;

  private Running(Process process, TransportProgram.Request request, String name) {
    this.process = process;
    this.request = request;
    this.name = name;
    this.words = new Words(process.getErrorStream());
  }

  static Running start(
      Path program, Map<String, String> environment, TransportProgram.Request request)
      throws FetchException {
    ProcessBuilder builder = new ProcessBuilder(program.toString());
    builder.environment().clear();
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw FetchException.system("cannot start " + program + ": " + e.getMessage(), e);
    }
    Running running = new Running(process, request, String.valueOf(program.getFileName()));
    running.ask();
    return running;
  }

  /** Standard input stays open: its end tells the program to stop sharing. */
  private void ask() throws FetchException {
    String line =
        new JsonWriter()
                .object()
                .put("transportVersion", 1)
                .put("url", request.url().toASCIIString())
                .put("output", request.output().toString())
                .put("limitBytes", request.limit())
                .put("seed", request.seed())
                .end()
            + "\n";
    try {
      OutputStream in = process.getOutputStream();
      in.write(line.getBytes(StandardCharsets.UTF_8));
      in.flush();
    } catch (IOException e) {
      close();
      throw FetchException.network(name + " did not listen: " + words.last(), e);
    }
  }

  /**
   * Waits until the file is complete.
   *
   * @param stall how long the program may bring nothing
   */
  void await(Meter meter, Duration stall) throws RktException {
    Watch watch = new Watch(stall);
    Thread thread = Thread.ofPlatform().daemon().name("rkt-transport-watch").start(watch);
    boolean complete = false;
    boolean done = false;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      long known = 0;
      for (String line; !complete && (line = line(lines)) != null; ) {
        JsonObject event =
            JsonObject.parse(line.getBytes(StandardCharsets.UTF_8), "a line of " + name);
        long bytes = event.findInteger("bytes").orElse(known);
        if (bytes > request.limit()) {
          throw FetchException.integrity(
              name + " brings more than the " + request.limit() + " bytes that are allowed", null);
        }
        if (bytes > known) {
          meter.advanced(bytes - known);
          known = bytes;
          watch.progress();
        }
        complete = request.seed() && event.findString("event").orElse("").equals("complete");
      }
      if (complete) {
        done = true;
        return;
      }
      int status = process.waitFor();
      if (watch.fired) {
        throw FetchException.network(
            name + " brought nothing for " + stall.toSeconds() + " seconds", (String) null);
      }
      if (status != 0) {
        throw failure(status);
      }
      done = true;
    } catch (IOException e) {
      throw FetchException.network(name + " went away: " + words.last(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FetchException.network("interrupted while " + name + " was at work", e);
    } finally {
      thread.interrupt();
      if (!done) {
        end(); // there is nothing to wait for any more
      }
    }
  }

  private static @Nullable String line(BufferedReader lines) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c; (c = lines.read()) >= 0; ) {
      if (c == '\n') {
        return line.toString();
      }
      if (line.length() == LONGEST_LINE) {
        throw new IOException("a line that is too long");
      }
      line.append((char) c);
    }
    return line.isEmpty() ? null : line.toString();
  }

  private FetchException failure(int status) {
    words.await();
    String why = name + " failed with status " + status + ": " + words.last();
    if (status == ErrorClass.NOT_FOUND.status()) {
      return FetchException.notFound(why, null);
    }
    if (status == ErrorClass.INTEGRITY.status()) {
      return FetchException.integrity(why, null);
    }
    if (status == ErrorClass.USAGE.status()) {
      return FetchException.usage(why, null);
    }
    return FetchException.network(why, (String) null);
  }

  /** Lets the program share the file for so long, or until it ends by itself. */
  void share(Duration time) {
    try {
      process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells the program to end, and ends it with all that it started if it does not. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      words.add("it went away"); // and needs no goodbye
    }
    try {
      if (!process.waitFor(GOODBYE_SECONDS, TimeUnit.SECONDS)) {
        end();
      }
    } catch (InterruptedException e) {
      end();
      Thread.currentThread().interrupt();
    }
  }

  private void end() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** The last of what the program says on standard error. */
  private static final class Words {
    private final StringBuilder text = new StringBuilder();

    private final Thread listener;

    Words(InputStream err) {
      listener = Thread.ofPlatform().daemon().name("rkt-transport-words").start(() -> listen(err));
    }

    /** Waits until all was heard that a program which has ended had to say. */
    void await() {
      try {
        listener.join(Duration.ofSeconds(GOODBYE_SECONDS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void listen(InputStream err) {
      byte[] piece = new byte[1024];
      try {
        for (int read; (read = err.read(piece)) >= 0; ) {
          add(new String(piece, 0, read, StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        add(""); // it ended
      }
    }

    synchronized void add(String more) {
      text.append(more);
      if (text.length() > LONGEST_WORDS) {
        text.delete(0, text.length() - LONGEST_WORDS);
      }
    }

    synchronized String last() {
      String[] lines = text.toString().strip().split("\n", -1);
      String last = lines[lines.length - 1].strip();
      return last.isEmpty() ? "it did not say why" : Printable.of(last);
    }
  }

  /** Ends a program that brings nothing for too long. */
  private final class Watch implements Runnable {
    private final Duration stall;
    private volatile long last = System.nanoTime();
    private volatile boolean fired;

    Watch(Duration stall) {
      this.stall = stall;
    }

    void progress() {
      last = System.nanoTime();
    }

    @Override
    public void run() {
      try {
        while (process.isAlive()) {
          Thread.sleep(Math.clamp(stall.toMillis() / 10, 10, 1000));
          if (System.nanoTime() - last > stall.toNanos()) {
            fired = true;
            end();
            return;
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
