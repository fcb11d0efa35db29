package rkt.fetch.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import rkt.fetch.transport.Patience;

/**
 * A body under watch. The JDK ends a body in silence when the connection breaks before
 * Content-Length is reached, and waits for ever for one that trickles; this does neither.
 */
final class BodyStream extends FilterInputStream {
  private static final int LITTLE = 4096;

  private final long length;
  private final Patience patience;
  private long received;
  private long windowWaited;
  private long windowBytes;
  private boolean ended;

  /** A body of {@code length} bytes, -1 for unknown. */
  BodyStream(InputStream in, long length, Patience patience) {
    super(in);
    this.length = length;
    this.patience = patience;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int count) throws IOException {
    if (Thread.interrupted()) {
      throw new IOException("interrupted");
    }
    long start = System.nanoTime();
    int read = in.read(buffer, offset, count);
    windowWaited += System.nanoTime() - start;
    if (read < 0) {
      if (length >= 0 && received < length) {
        throw new CutException(
            "the connection broke after " + received + " of " + length + " bytes");
      }
      ended = true;
      return -1;
    }
    received += read;
    ended = received == length;
    watchPace(read);
    return read;
  }

  /**
   * Whether everything was read; reads what is left, if that is little and has come already, and
   * waits for nothing.
   */
  boolean ends() throws IOException {
    long left = length - received;
    if (!ended && left > 0 && left <= LITTLE && in.available() >= left) {
      readNBytes(LITTLE);
    }
    return ended;
  }

  /** Time counts that was spent on waiting for the server, not on a slow disk of ours. */
  private void watchPace(int read) throws IOException {
    windowBytes += read;
    Duration waited = Duration.ofNanos(windowWaited);
    if (waited.compareTo(patience.floorWindow()) < 0) {
      return;
    }
    long floor = patience.floorBytesPerSecond() * waited.toMillis() / 1000;
    if (windowBytes < floor) {
      throw new StallException(
          "only " + windowBytes + " bytes came in " + waited.toSeconds() + " seconds");
    }
    windowWaited = 0;
    windowBytes = 0;
  }

  /** A connection that broke; another try may succeed. */
  static final class CutException extends IOException {
    CutException(String message) {
      super(message);
    }
  }

  /** A server that is too slow; another try would be as slow. */
  static final class StallException extends IOException {
    StallException(String message) {
      super(message);
    }
  }
}
