package rkt.verify.audit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads the lines of one segment, in order. Closed by whoever opened it. */
final class AuditReader implements AutoCloseable {
  private final InputStream in;

  private AuditReader(InputStream in) {
    this.in = in;
  }

  static AuditReader open(Path segment) throws IOException {
    return new AuditReader(
        new BufferedInputStream(Files.newInputStream(segment, LinkOption.NOFOLLOW_LINKS), 1 << 16));
  }

  /**
   * One line.
   *
   * @param whole whether it has a line end; only the last may lack it
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, by the one that asked for it
  record Line(byte[] bytes, boolean whole) {}

  /** The next line, or null at the end. One that is too long is cut off, and not whole. */
  @Nullable Line next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(512);
    int b = in.read();
    if (b < 0) {
      return null;
    }
    while (b >= 0 && b != '\n') {
      if (line.size() > AuditLog.LONGEST_LINE) {
        return new Line(line.toByteArray(), false);
      }
      line.write(b);
      b = in.read();
    }
    return new Line(line.toByteArray(), b == '\n');
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
