package rkt.kernel;

/**
 * Programs of the kernel's that control groups of version 2 run: when a device is used, when a
 * packet is sent or received. Needs, in the host's own user namespace, CAP_SYS_ADMIN, or CAP_BPF
 * and CAP_NET_ADMIN. bpf(2)
 */
final class Bpf {
  private static final int MAP_CREATE = 0;
  private static final int PROG_LOAD = 5;
  private static final int PROG_ATTACH = 8;
  private static final int PROG_DETACH = 9;
  private static final int PROG_QUERY = 16;

  private static final int ARRAY = 2;
  private static final int ALLOW_MULTI = 2;
  private static final int QUERY_EFFECTIVE = 1;

  private static final int INSTRUCTION_BYTES = 8;

  /** The kernel wants one to be named; it matters to programs that call functions of it. */
  private static final String LICENSE = "Apache-2.0";

  /** When a program is run. The numbers are those of its type and of its place. */
  enum Hook {
    DEVICE(15, 6, "rkt_devices"),
    RECEIVE(8, 0, "rkt_receive"),
    SEND(8, 1, "rkt_send");

    private final int type;
    private final int place;

    /** What {@code bpftool prog} shows; 15 bytes at most. */
    private final String title;

    Hook(int type, int place, String title) {
      this.type = type;
      this.place = place;
      this.title = title;
    }
  }

  private Bpf() {}

  /**
   * Makes a value, all zero, that programs share: an array of one. It goes with its last user.
   *
   * @param bytes its size
   */
  static Fd createValue(int bytes) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(48);
      Scratch.MEMORY.putInt(arguments, ARRAY);
      Scratch.MEMORY.putInt(arguments + 4, Integer.BYTES); // of a key
      Scratch.MEMORY.putInt(arguments + 8, bytes);
      Scratch.MEMORY.putInt(arguments + 12, 1);
      return new Fd(call(MAP_CREATE, arguments, 48, "BPF_MAP_CREATE"));
    }
  }

  /** Has the kernel check and take a program. It goes with its last user. */
  static Fd load(Hook hook, byte[] program) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(72);
      Scratch.MEMORY.putInt(arguments, hook.type);
      Scratch.MEMORY.putInt(arguments + 4, program.length / INSTRUCTION_BYTES);
      Scratch.MEMORY.putLong(arguments + 8, scratch.bytes(program));
      Scratch.MEMORY.putLong(arguments + 16, scratch.cString(LICENSE));
      for (int i = 0; i < hook.title.length(); i++) {
        Scratch.MEMORY.putByte(arguments + 48 + i, (byte) hook.title.charAt(i));
      }
      Scratch.MEMORY.putInt(arguments + 68, hook.place);
      return new Fd(call(PROG_LOAD, arguments, 72, "BPF_PROG_LOAD"));
    }
  }

  /**
   * Has the kernel run {@code program} for the processes of a group, and of those below it, as well
   * as all that it runs already: one that refuses is enough. It stays until the group is removed.
   *
   * @param group the open directory
   */
  static void attach(Hook hook, Fd program, Fd group) throws KernelException {
    attachment(PROG_ATTACH, "BPF_PROG_ATTACH", hook, program, group, ALLOW_MULTI);
  }

  /**
   * The same, unless it would displace a program of a group above, one that was attached with
   * BPF_F_ALLOW_OVERRIDE: what that refuses must stay refused.
   *
   * @return whether it is attached
   */
  static boolean attachBeside(Hook hook, Fd program, Fd group) throws KernelException {
    int before = countEffective(hook, group);
    attach(hook, program, group);
    if (countEffective(hook, group) > before) {
      return true;
    }
    detach(hook, program, group);
    return false;
  }

  /** Undoes {@link #attach}. */
  static void detach(Hook hook, Fd program, Fd group) throws KernelException {
    attachment(PROG_DETACH, "BPF_PROG_DETACH", hook, program, group, 0);
  }

  /** How many programs are run for the processes of a group, its own and those of groups above. */
  static int countEffective(Hook hook, Fd group) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(32);
      Scratch.MEMORY.putInt(arguments, group.number());
      Scratch.MEMORY.putInt(arguments + 4, hook.place);
      Scratch.MEMORY.putInt(arguments + 8, QUERY_EFFECTIVE);
      call(PROG_QUERY, arguments, 32, "BPF_PROG_QUERY");
      return Scratch.MEMORY.getInt(arguments + 24);
    }
  }

  private static void attachment(
      int command, String name, Hook hook, Fd program, Fd group, int flags) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(16);
      Scratch.MEMORY.putInt(arguments, group.number());
      Scratch.MEMORY.putInt(arguments + 4, program.number());
      Scratch.MEMORY.putInt(arguments + 8, hook.place);
      Scratch.MEMORY.putInt(arguments + 12, flags);
      call(command, arguments, 16, name);
    }
  }

  private static int call(int command, long arguments, int size, String name)
      throws KernelException {
    return LibC.checked(LibC.syscall(SystemCall.BPF, command, arguments, size), "bpf", name);
  }
}
