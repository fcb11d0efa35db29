package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command that runs; its output is collected meanwhile. */
public final class Running implements AutoCloseable {
  private final List<String> command;
  private final Process process;
  private final Duration timeout;
  private final long begin = System.nanoTime();
  private final Collector out;
  private final Collector err;

  Running(List<String> command, Process process, byte[] stdin, Duration timeout) {
    this.command = command;
    this.process = process;
    this.timeout = timeout;
    out = new Collector(process.getInputStream());
    err = new Collector(process.getErrorStream());
    if (stdin != null) {
      Thread.ofPlatform().daemon().start(() -> feed(process.getOutputStream(), stdin));
    }
  }

  /** The pid of the process that was started: the one of rkt, since launchers only exec. */
  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Where its standard input is written, when none was given. */
  public OutputStream stdin() {
    return process.getOutputStream();
  }

  public void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  /** Standard output so far. */
  public String out() {
    return out.text();
  }

  /** Standard error so far. */
  public String err() {
    return err.text();
  }

  /** Waits until standard output has {@code text} in it. */
  public Running awaitOutput(String text) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (!out().contains(text)) {
      if (System.nanoTime() > end || (!process.isAlive() && out.hasEnded())) {
        if (out().contains(text)) {
          return this;
        }
        throw new AssertionError("no \"" + text + "\" from " + command + ":\n" + out() + err());
      }
      Thread.sleep(5);
    }
    return this;
  }

  /** Waits for its end. */
  public Result await() throws InterruptedException {
    if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(
          "not ended after " + timeout + ": " + command + "\n" + out() + err());
    }
    long millis = (System.nanoTime() - begin) / 1_000_000;
    return new Result(
        command, process.exitValue(), out.all(), new String(err.all(), UTF_8), millis);
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void feed(OutputStream to, byte[] bytes) {
    try (to) {
      to.write(bytes);
    } catch (IOException e) {
      // The reader has closed its end: what it has read, and what it made of it, is tested.
    }
  }

  private static final class Collector {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread thread;

    Collector(InputStream from) {
      thread = Thread.ofPlatform().daemon().start(() -> drain(from));
    }

    private void drain(InputStream from) {
      byte[] chunk = new byte[64 << 10];
      try (from) {
        for (int n = from.read(chunk); n >= 0; n = from.read(chunk)) {
          synchronized (bytes) {
            bytes.write(chunk, 0, n);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    boolean hasEnded() {
      return !thread.isAlive();
    }

    String text() {
      synchronized (bytes) {
        return bytes.toString(UTF_8);
      }
    }

    /** All of it; a process of the pod that keeps the pipe open beyond the end is a failure. */
    byte[] all() throws InterruptedException {
      thread.join(60_000);
      if (thread.isAlive()) {
        throw new AssertionError("rkt has ended and something still holds its output:\n" + text());
      }
      synchronized (bytes) {
        return bytes.toByteArray();
      }
    }
  }
}
