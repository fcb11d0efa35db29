package rkt.kernel;

/** What the calling thread may do, and what it may never gain. prctl(2), capabilities(7) */
public final class Privileges {
  private static final int PR_SET_PDEATHSIG = 1;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_CAPBSET_READ = 23;
  private static final int PR_CAPBSET_DROP = 24;
  private static final int PR_SET_SECUREBITS = 28;
  private static final int SECBIT_NO_SETUID_FIXUP = 4;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int VERSION_3 = 0x20080522;

  private Privileges() {}

  /** Scope: the calling thread and what it starts. No undo, which is its point. */
  public static void forbidNewPrivileges() throws KernelException {
    prctl(PR_SET_NO_NEW_PRIVS, 1, "no_new_privs");
  }

  /**
   * Whether others of our user may trace the process and read its {@code /proc} files. Scope: the
   * process. An exec sets it again.
   */
  public static void setDumpable(boolean dumpable) throws KernelException {
    prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, "dumpable");
  }

  /** Orphans below become our children. Scope: the process. Undo: set it to false. */
  public static void setChildSubreaper(boolean on) throws KernelException {
    prctl(PR_SET_CHILD_SUBREAPER, on ? 1 : 0, "child subreaper");
  }

  /** The signal at the end of the thread, not the process, that started us; 0 for none. */
  public static void setParentDeathSignal(int signal) throws KernelException {
    prctl(PR_SET_PDEATHSIG, signal, "parent death signal");
  }

  /** The capabilities in effect in the calling thread: capget(2). */
  public static CapabilitySet effective() throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long header = scratch.zeroed(8);
      long data = scratch.zeroed(24);
      Scratch.MEMORY.putInt(header, VERSION_3);
      LibC.checked(LibC.syscall(SystemCall.CAPGET, header, data), "capget", "own");
      long low = Scratch.MEMORY.getInt(data) & 0xffffffffL;
      long high = Scratch.MEMORY.getInt(data + 12) & 0xffffffffL;
      return new CapabilitySet(high << 32 | low);
    }
  }

  /**
   * SECBIT_NO_SETUID_FIXUP: a change of user no longer takes or gives capabilities. Scope: the
   * calling thread and what it starts, until a user namespace is entered. Needs CAP_SETPCAP.
   */
  static void keepCapabilitiesOfUsers() throws KernelException {
    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, "securebits");
  }

  /** Those that the calling thread, or what it executes, can have at most. */
  public static CapabilitySet bounding() {
    long mask = 0;
    for (int number = 0; number < 64; number++) {
      if (LibC.syscall(SystemCall.PRCTL, PR_CAPBSET_READ, number, 0, 0, 0) == 1) {
        mask |= 1L << number;
      }
    }
    return new CapabilitySet(mask);
  }

  /** Takes {@code capability} from the bounding set. Needs CAP_SETPCAP. No undo. */
  public static void dropFromBounding(Capability capability) throws KernelException {
    prctl(PR_CAPBSET_DROP, capability.number(), capability.toString());
  }

  private static void prctl(int option, long value, String subject) throws KernelException {
    LibC.checked(LibC.syscall(SystemCall.PRCTL, option, value, 0, 0, 0), "prctl", subject);
  }
}
