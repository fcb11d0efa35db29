package rkt.fetch.transport;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Tells a meter of each byte that is read. */
public final class Metered extends FilterInputStream {
  private final Meter meter;

  public Metered(InputStream in, Meter meter) {
    super(in);
    this.meter = meter;
  }

  @Override
  public int read() throws IOException {
    int read = in.read();
    if (read >= 0) {
      meter.advanced(1);
    }
    return read;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int read = in.read(buffer, offset, length);
    if (read > 0) {
      meter.advanced(read);
    }
    return read;
  }
}
