package rkt.kernel;

/** How a file is opened; close-on-exec is always set. openat(2) */
public enum OpenFlag {
  READ(0),
  WRITE(1),
  READ_WRITE(2),
  /** Only names the file: no read, no write, no device opened. */
  PATH(0x200000),
  CREATE(0x40),
  EXCLUSIVE(0x80),
  TRUNCATE(0x200),
  APPEND(0x400),
  NO_TERMINAL(0x100),
  NON_BLOCKING(0x800),
  DIRECTORY(SystemCall.ARM ? 0x4000 : 0x10000),
  NO_FOLLOW(SystemCall.ARM ? 0x8000 : 0x20000);

  static final int CLOSE_ON_EXEC = 0x80000;

  private final int bit;

  OpenFlag(int bit) {
    this.bit = bit;
  }

  static int bits(OpenFlag... flags) {
    int bits = CLOSE_ON_EXEC;
    for (OpenFlag flag : flags) {
      bits |= flag.bit;
    }
    return bits;
  }
}
