package rkt.kernel;

/** Processes by pid and by descriptor. Pids are those of the calling process's PID namespace. */
public final class Processes {
  private static final int P_PID = 1;
  private static final int WEXITED = 4;
  private static final int WNOHANG = 1;
  private static final int CLD_EXITED = 1;

  private Processes() {}

  /** getpid(2). */
  public static int pid() {
    return (int) LibC.syscall(SystemCall.GETPID);
  }

  /** getppid(2). */
  public static int parentPid() {
    return (int) LibC.syscall(SystemCall.GETPPID);
  }

  /** gettid(2), of the calling thread. */
  public static int threadId() {
    return (int) LibC.syscall(SystemCall.GETTID);
  }

  /** kill(2). For a process that is not our child, which may be gone, prefer {@link #signal}. */
  public static void kill(int pid, int signal) throws KernelException {
    LibC.checked(LibC.syscall(SystemCall.KILL, pid, signal), "kill", "pid " + pid);
  }

  /** pidfd_open(2): a handle that can never mean another process. Undo: close it. */
  public static Fd open(int pid) throws KernelException {
    return new Fd(
        LibC.checked(LibC.syscall(SystemCall.PIDFD_OPEN, pid, 0), "pidfd_open", "pid " + pid));
  }

  /**
   * pidfd_send_signal(2).
   *
   * @throws KernelException with ESRCH if it has ended and was waited for
   */
  public static void signal(Fd pidfd, int signal) throws KernelException {
    LibC.checked(
        LibC.syscall(SystemCall.PIDFD_SEND_SIGNAL, pidfd.number(), signal, 0, 0),
        "pidfd_send_signal",
        Signals.name(signal));
  }

  /**
   * waitid(2): waits for the end of a child. The calling thread blocks in native code.
   *
   * @return its status: what it exited with, or 128 + the signal that ended it
   * @throws KernelException with ECHILD if it is not a child of ours
   */
  public static int await(int pid) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long info = scratch.zeroed(128);
      while (waitid(pid, info, WEXITED) == -1) {
        KernelException failure = LibC.failure("waitid", "pid " + pid);
        if (!failure.is(Errno.EINTR)) {
          throw failure;
        }
      }
      return status(info);
    }
  }

  /** As {@link #await}, at once: -1 if the child still runs. */
  public static int poll(int pid) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long info = scratch.zeroed(128);
      LibC.checked(waitid(pid, info, WEXITED | WNOHANG), "waitid", "pid " + pid);
      // si_pid stays 0 when there was nothing to report.
      return Scratch.MEMORY.getInt(info + 12) == 0 ? -1 : status(info);
    }
  }

  /** Ends this process at once, with no shutdown hook: exit_group(2). */
  public static void exitNow(int status) {
    LibC.syscall(SystemCall.EXIT_GROUP, status);
  }

  private static long waitid(int pid, long info, int options) {
    return LibC.syscall(SystemCall.WAITID, P_PID, pid, info, options, 0);
  }

  private static int status(long info) {
    int status = Scratch.MEMORY.getInt(info + 24);
    return Scratch.MEMORY.getInt(info + 8) == CLD_EXITED ? status : 128 + status;
  }
}
