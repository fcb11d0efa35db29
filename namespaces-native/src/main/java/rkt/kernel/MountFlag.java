package rkt.kernel;

/** Flags of mount(2); those of a mount point itself also exist as {@link MountAttribute}. */
public enum MountFlag {
  READ_ONLY(1),
  NO_SUID(2),
  NO_DEV(4),
  NO_EXEC(8),
  REMOUNT(32),
  NO_ATIME(1024),
  BIND(4096),
  RECURSIVE(16384),
  SILENT(32768),
  RELATIVE_ATIME(1 << 21),
  STRICT_ATIME(1 << 24);

  private final long bit;

  MountFlag(long bit) {
    this.bit = bit;
  }

  static long bits(MountFlag... flags) {
    long bits = 0;
    for (MountFlag flag : flags) {
      bits |= flag.bit;
    }
    return bits;
  }
}
