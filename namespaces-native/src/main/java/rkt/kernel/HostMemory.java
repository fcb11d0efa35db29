package rkt.kernel;

/** The memory of this machine. sysinfo(2) */
public final class HostMemory {
  private static final int STRUCT_BYTES = 128;
  private static final int TOTAL = 32;
  private static final int UNIT = 104;

  private HostMemory() {}

  /** All of it that the kernel has to give, in bytes, without swap. */
  public static long bytes() throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long info = scratch.zeroed(STRUCT_BYTES);
      LibC.checked(LibC.syscall(SystemCall.SYSINFO, info), "sysinfo", "");
      long unit = Integer.toUnsignedLong(Scratch.MEMORY.getInt(info + UNIT));
      return Scratch.MEMORY.getLong(info + TOTAL) * Math.max(unit, 1);
    }
  }
}
