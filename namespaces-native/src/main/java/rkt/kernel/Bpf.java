package rkt.kernel;

/**
 * Programs of the kernel's that control groups of version 2 run when a device is used. Needs, in
 * the host's own user namespace, CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN. bpf(2)
 */
final class Bpf {
  private static final int PROG_LOAD = 5;
  private static final int PROG_ATTACH = 8;
  private static final int PROG_DETACH = 9;
  private static final int PROG_QUERY = 16;

  private static final int OF_TYPE_CGROUP_DEVICE = 15;
  private static final int AT_CGROUP_DEVICE = 6;
  private static final int ALLOW_MULTI = 2;
  private static final int QUERY_EFFECTIVE = 1;

  private static final int INSTRUCTION_BYTES = 8;

  /** What {@code bpftool prog} shows; 15 bytes at most. */
  private static final String NAME = "rkt_devices";

  /** The kernel wants one to be named; it matters to programs that call functions of it. */
  private static final String LICENSE = "Apache-2.0";

  private Bpf() {}

  /** Has the kernel check and take a program for devices. It goes with its last user. */
  static Fd load(byte[] program) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(64);
      Scratch.MEMORY.putInt(arguments, OF_TYPE_CGROUP_DEVICE);
      Scratch.MEMORY.putInt(arguments + 4, program.length / INSTRUCTION_BYTES);
      Scratch.MEMORY.putLong(arguments + 8, scratch.bytes(program));
      Scratch.MEMORY.putLong(arguments + 16, scratch.cString(LICENSE));
      for (int i = 0; i < NAME.length(); i++) {
        Scratch.MEMORY.putByte(arguments + 48 + i, (byte) NAME.charAt(i));
      }
      return new Fd(call(PROG_LOAD, arguments, 64, "BPF_PROG_LOAD"));
    }
  }

  /**
   * Has the processes of a group, and of those below it, ask {@code program} as well as all that
   * they ask already: one that denies is enough. It stays until the group is removed.
   *
   * @param group the open directory
   */
  static void attach(Fd program, Fd group) throws KernelException {
    attachment(PROG_ATTACH, "BPF_PROG_ATTACH", program, group, ALLOW_MULTI);
  }

  /** Undoes {@link #attach}. */
  static void detach(Fd program, Fd group) throws KernelException {
    attachment(PROG_DETACH, "BPF_PROG_DETACH", program, group, 0);
  }

  /** How many programs the processes of a group ask, its own and those of groups above. */
  static int countEffective(Fd group) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(32);
      Scratch.MEMORY.putInt(arguments, group.number());
      Scratch.MEMORY.putInt(arguments + 4, AT_CGROUP_DEVICE);
      Scratch.MEMORY.putInt(arguments + 8, QUERY_EFFECTIVE);
      call(PROG_QUERY, arguments, 32, "BPF_PROG_QUERY");
      return Scratch.MEMORY.getInt(arguments + 24);
    }
  }

  private static void attachment(int command, String name, Fd program, Fd group, int flags)
      throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(16);
      Scratch.MEMORY.putInt(arguments, group.number());
      Scratch.MEMORY.putInt(arguments + 4, program.number());
      Scratch.MEMORY.putInt(arguments + 8, AT_CGROUP_DEVICE);
      Scratch.MEMORY.putInt(arguments + 12, flags);
      call(command, arguments, 16, name);
    }
  }

  private static int call(int command, long arguments, int size, String name)
      throws KernelException {
    return LibC.checked(LibC.syscall(SystemCall.BPF, command, arguments, size), "bpf", name);
  }
}
