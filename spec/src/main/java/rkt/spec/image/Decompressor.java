package rkt.spec.image;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * Expands layers and ACIs. Concatenated streams are one stream, as their tools write them; anything
 * else after the end is an error and never dropped in silence, as is a stream cut short.
 * spec/image.md#compression
 */
public final class Decompressor {
  /** How many bytes {@link #detect} wants to see. */
  public static final int MAGIC_BYTES = 6;

  private static final int BUFFER = 256 << 10;

  /** {@code xz -9} needs 65 MiB; a stream that asks for more is refused. */
  private static final int XZ_MEMORY_KIB = 80 << 10;

  /** A zstd window of 128 MiB, what {@code zstd -d} takes without being asked. */
  private static final int ZSTD_WINDOW_LOG = 27;

  private Decompressor() {}

  /**
   * What the stream that begins with the first {@code length} bytes of {@code head} is compressed
   * with; {@code NONE} if it bears no known mark.
   */
  public static Compression detect(byte[] head, int length) {
    if (starts(head, length, 0x1f, 0x8b)) {
      return Compression.GZIP;
    }
    if (starts(head, length, 0x28, 0xb5, 0x2f, 0xfd)) {
      return Compression.ZSTD;
    }
    if (starts(head, length, 0xfd, '7', 'z', 'X', 'Z', 0)) {
      return Compression.XZ;
    }
    if (starts(head, length, 'B', 'Z', 'h')) {
      return Compression.BZIP2;
    }
    return Compression.NONE;
  }

  /**
   * The expanded bytes of {@code in}. Not buffered on its own for {@code NONE}; read it in large
   * pieces. Closing it closes {@code in}. Bad data is an {@link IOException} at the read that meets
   * it. No size is limited here: the caller counts.
   */
  public static InputStream open(InputStream in, Compression compression) throws IOException {
    return switch (compression) {
      case NONE -> in;
      case GZIP ->
          GzipCompressorInputStream.builder()
              .setInputStream(new BufferedInputStream(in, BUFFER))
              .setDecompressConcatenated(true)
              .get();
      case ZSTD -> new ZstdInputStream(in).setLongMax(ZSTD_WINDOW_LOG);
      case XZ -> new XZInputStream(new BufferedInputStream(in, BUFFER), XZ_MEMORY_KIB);
      case BZIP2 -> new BZip2CompressorInputStream(new BufferedInputStream(in, BUFFER), true);
    };
  }

  private static boolean starts(byte[] head, int length, int... magic) {
    if (length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((head[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
