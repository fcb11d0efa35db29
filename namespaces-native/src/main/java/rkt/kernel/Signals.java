package rkt.kernel;

/** Signals by number, and the mask of the calling thread. signal(7) */
public final class Signals {
  public static final int HUP = 1;
  public static final int INT = 2;
  public static final int QUIT = 3;
  public static final int KILL = 9;
  public static final int TERM = 15;
  public static final int CHILD = 17;
  public static final int CONTINUE = 18;
  public static final int STOP = 19;

  private static final int SIG_SETMASK = 2;

  private static final String[] NAMES = {
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"
  };

  private Signals() {}

  /** The name without SIG, such as {@code TERM}; {@code RTMIN+n} or the number for the others. */
  public static String name(int signal) {
    if (signal >= 1 && signal <= NAMES.length) {
      return NAMES[signal - 1];
    }
    return signal >= 34 && signal <= 64 ? "RTMIN+" + (signal - 34) : Integer.toString(signal);
  }

  /**
   * The number of a name, with or without SIG, or of a number.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public static int parse(String text) {
    String name = text.startsWith("SIG") ? text.substring(3) : text;
    for (int i = 0; i < NAMES.length; i++) {
      if (NAMES[i].equals(name)) {
        return i + 1;
      }
    }
    try {
      int number = Integer.parseInt(name);
      if (number >= 1 && number <= 64) {
        return number;
      }
    } catch (NumberFormatException _) {
      // Neither a name nor a number; said below.
    }
    throw new IllegalArgumentException("no such signal: " + text);
  }

  /** rt_sigprocmask(2): blocks every signal in the calling thread. */
  static void blockAll() throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long all = scratch.zeroed(8);
      Scratch.MEMORY.putLong(all, -1L);
      LibC.checked(
          LibC.syscall(SystemCall.RT_SIGPROCMASK, SIG_SETMASK, all, 0, 8), "sigprocmask", "all");
    }
  }

  /** rt_sigprocmask(2): blocks no signal in the calling thread; a mask would survive an exec. */
  static void unblockAll() throws KernelException {
    try (Scratch scratch = new Scratch()) {
      LibC.checked(
          LibC.syscall(SystemCall.RT_SIGPROCMASK, SIG_SETMASK, scratch.zeroed(8), 0, 8),
          "sigprocmask",
          "none");
    }
  }
}
