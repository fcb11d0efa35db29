package rkt.stage1.render;

/**
 * What one layer may cost at most, so that a few bytes cannot fill a disk or a memory.
 * spec/rendering.md#limits
 *
 * @param entries how many entries a layer has
 * @param directories how many directories and whiteouts, counting a directory once for being made
 *     and once for being described: they are remembered until the layer is done
 * @param expandedBytes the length of the uncompressed tar, and the sum of the file sizes in it
 * @param ratio how many times its compressed length a layer may expand to
 * @param floorBytes what a layer may expand to, whatever the ratio says
 */
public record Limits(
    long entries, long directories, long expandedBytes, long ratio, long floorBytes) {
  private static final long REMEMBERED_BYTES = 80L << 20;
  public static final int PATH_BYTES = 4096;
  public static final int NAME_BYTES = 255;
  public static final int HEADER_BYTES = 1 << 20;
  public static final int SPARSE_SEGMENTS = 64 << 10;
  public static final Limits DEFAULT = new Limits(1_000_000, 512 << 10, 20L << 30, 200, 64L << 20);

  /** The most memory that directories, their attributes and whiteouts of one layer may take. */
  long rememberedBytes() {
    return REMEMBERED_BYTES;
  }

  /** The longest tar that a layer of {@code compressedBytes} may expand to. */
  public long expandedBytes(long compressedBytes) {
    long scaled =
        compressedBytes > Long.MAX_VALUE / ratio ? Long.MAX_VALUE : compressedBytes * ratio;
    return Math.min(expandedBytes, Math.max(floorBytes, scaled));
  }

  /** The same, but that a layer may expand to so many GiB, whatever its compressed size. */
  public Limits withExpandedGibibytes(int gibibytes) {
    long bytes = (long) gibibytes << 30;
    return new Limits(entries, directories, bytes, ratio, bytes);
  }
}
