package rkt.cli;

/** Numbers of bytes for people. */
final class Sizes {
  private static final long MEBIBYTE = 1 << 20;

  private Sizes() {}

  /** Whole KiB below one MiB, whole MiB above; rounded up. */
  static String text(long bytes) {
    if (bytes < MEBIBYTE) {
      return (bytes + 1023) / 1024 + "KiB";
    }
    return (bytes + MEBIBYTE - 1) / MEBIBYTE + "MiB";
  }
}
