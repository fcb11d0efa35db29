package rkt.spec.archive;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream that fails where it goes on beyond a limit, read or skipped. */
final class Bounded extends FilterInputStream {
  private static final int BUFFER = 64 << 10;

  private long left;

  Bounded(InputStream in, long limit) {
    super(in);
    this.left = limit;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int read = in.read(buffer, offset, length);
    count(read);
    return read;
  }

  @Override
  public long skip(long bytes) throws IOException {
    // Skipping is expanding too, and some decoders do all of it in one call.
    long skipped = in.skip(Math.min(bytes, BUFFER));
    count(skipped);
    return skipped;
  }

  private void count(long bytes) throws IOException {
    left -= Math.max(0, bytes);
    if (left < 0) {
      throw new IOException("it expands to more than an image may");
    }
  }
}
