package rkt.kernel;

/** What this kernel can have a process forbid itself for good. landlock(7) */
public final class Landlock {
  private static final int CREATE_RULESET_VERSION = 1;

  private static final long WRITE_FILE = 1 << 1;
  private static final long REMOVE_AND_MAKE = 0x1ff << 4;
  private static final long REFER = 1 << 13;
  private static final long TRUNCATE = 1 << 14;

  private Landlock() {}

  /** The version of its interface; 0 if this kernel has none, or has it switched off. */
  public static int version() {
    long version = LibC.syscall(SystemCall.LANDLOCK_CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int) version;
  }

  /**
   * Every access that changes files, as far as an interface of this version knows it: writing,
   * truncating, making, removing, moving.
   */
  public static long changes(int version) {
    long accesses = WRITE_FILE | REMOVE_AND_MAKE;
    accesses |= version >= 2 ? REFER : 0;
    return accesses | (version >= 3 ? TRUNCATE : 0);
  }
}
