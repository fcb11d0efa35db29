package rkt.stage1.render;

import java.io.FileInputStream;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.image.Compression;
import rkt.spec.image.Decompressor;

/** Times the ways to read one gzip layer, for docs/adr/0004-rendering.md: {@code FILE WAY}. */
final class SpeedOfReading {
  private SpeedOfReading() {}

  public static void main(String[] arguments) throws Exception {
    for (int i = 0; i < 3; i++) {
      long start = System.nanoTime();
      long count = read(arguments[0], arguments[1]);
      System.out.println(
          arguments[1] + " " + count + " in " + (System.nanoTime() - start) / 1_000_000 + " ms");
    }
  }

  private static long read(String file, String way) throws Exception {
    byte[] buffer = new byte[256 << 10];
    try (InputStream blob = new FileInputStream(file)) {
      return switch (way) {
        case "shared" -> drain(Decompressor.open(blob, Compression.GZIP), buffer, null);
        case "jdk" -> drain(new GZIPInputStream(blob, 256 << 10), buffer, null);
        case "jdk-hash" ->
            drain(new GZIPInputStream(blob, 256 << 10), buffer, Digest.Algorithm.SHA256.start());
        case "library" ->
            library(
                new TarArchiveInputStream(new GZIPInputStream(blob, 256 << 10), "ISO-8859-1"),
                buffer);
        default -> ours(new GZIPInputStream(blob, 256 << 10));
      };
    }
  }

  private static long drain(InputStream in, byte[] buffer, @Nullable MessageDigest hash)
      throws Exception {
    long total = 0;
    for (int n = in.readNBytes(buffer, 0, buffer.length); n > 0; ) {
      total += n;
      if (hash != null) {
        hash.update(buffer, 0, n);
      }
      n = in.readNBytes(buffer, 0, buffer.length);
    }
    return total;
  }

  private static long library(TarArchiveInputStream in, byte[] buffer) throws Exception {
    long entries = 0;
    while (in.getNextEntry() != null) {
      drain(in, buffer, null);
      entries++;
    }
    return entries;
  }

  /** Hashes too, on its second thread. */
  private static long ours(InputStream gzip) throws Exception {
    long entries = 0;
    try (LayerStream in = new LayerStream(gzip, Digest.Algorithm.SHA256, Long.MAX_VALUE)) {
      TarReader reader = new TarReader(in);
      for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
        long left = entry.stored;
        while (left > 0 && in.fill()) {
          int part = (int) Math.min(left, in.available());
          in.advance(part);
          left -= part;
        }
        entries++;
      }
    }
    return entries;
  }
}
