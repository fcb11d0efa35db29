package rkt.kernel;

/** What a process may use of each resource; children inherit it. getrlimit(2) */
public enum ResourceLimit {
  CPU(0),
  FILE_SIZE(1),
  DATA(2),
  STACK(3),
  CORE(4),
  RESIDENT(5),
  PROCESSES(6),
  OPEN_FILES(7),
  LOCKED_MEMORY(8),
  ADDRESS_SPACE(9),
  LOCKS(10),
  PENDING_SIGNALS(11),
  MESSAGE_QUEUES(12),
  NICE(13),
  REALTIME_PRIORITY(14),
  REALTIME_MICROS(15);

  /** No limit. */
  public static final long UNLIMITED = -1;

  /** What applies, and how far a process may raise that. As unsigned numbers. */
  public record Value(long soft, long hard) {}

  private final int number;

  ResourceLimit(int number) {
    this.number = number;
  }

  /** Its number in the kernel. */
  public int number() {
    return number;
  }

  /** prlimit(2): the limit of {@code pid}, 0 for this process. */
  public Value get(int pid) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long old = scratch.zeroed(16);
      LibC.checked(LibC.syscall(SystemCall.PRLIMIT64, pid, number, 0, old), "prlimit", name());
      return new Value(Scratch.MEMORY.getLong(old), Scratch.MEMORY.getLong(old + 8));
    }
  }

  /**
   * prlimit(2). Scope: the process. To raise the hard value needs CAP_SYS_RESOURCE. Undo: set the
   * old one.
   */
  public void set(int pid, Value value) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long wanted = scratch.zeroed(16);
      Scratch.MEMORY.putLong(wanted, value.soft());
      Scratch.MEMORY.putLong(wanted + 8, value.hard());
      LibC.checked(LibC.syscall(SystemCall.PRLIMIT64, pid, number, wanted, 0), "prlimit", name());
    }
  }
}
