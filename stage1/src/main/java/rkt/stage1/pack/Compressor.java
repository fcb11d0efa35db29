package rkt.stage1.pack;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;
import rkt.spec.image.Compression;

/** Compresses what is written; the same bytes give the same bytes. */
final class Compressor {
  private static final int BUFFER = 64 << 10;

  private Compressor() {}

  static OutputStream open(OutputStream out, Compression compression)
      throws IOException, PackException {
    return switch (compression) {
      case NONE -> out;
      case GZIP -> new GZIPOutputStream(out, BUFFER);
      case XZ -> new XZOutputStream(out, new LZMA2Options());
      case ZSTD -> new ZstdOutputStream(out);
      case BZIP2 -> throw PackException.usage("bzip2 is read and not written", "use gzip or xz");
    };
  }
}
