package rkt.stage1.render;

/** Counts what the entries of one layer cost, and refuses the one that is too much. */
final class EntryBudget {
  private final Limits limits;
  private long entries;
  private long bytes;
  private long remembered;
  private long rememberedBytes;

  EntryBudget(Limits limits) {
    this.limits = limits;
  }

  void count(TarEntry entry) throws LayerFormatException {
    bytes += entry.size;
    if (++entries > limits.entries()) {
      throw new LayerFormatException("it has more than " + limits.entries() + " entries");
    }
    if (entry.size > limits.expandedBytes() || bytes > limits.expandedBytes()) {
      throw new LayerFormatException(
          entry.name, "makes the files longer than " + limits.expandedBytes() + " bytes together");
    }
  }

  /** Counts what stays in memory until the layer is done: directories and whiteouts. */
  void remember(long cost) throws LayerFormatException {
    rememberedBytes += cost;
    if (++remembered > limits.directories() || rememberedBytes > limits.rememberedBytes()) {
      throw new LayerFormatException("it has too many directories or whiteouts");
    }
  }
}
