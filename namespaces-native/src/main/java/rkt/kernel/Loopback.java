package rkt.kernel;

/** The loopback interface of the calling thread's network namespace. netdevice(7) */
public final class Loopback {
  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM = 2;
  private static final int SIOCSIFFLAGS = 0x8914;
  private static final short IFF_UP = 1;
  private static final int IFREQ_SIZE = 40;

  private Loopback() {}

  /**
   * Brings {@code lo} up; its addresses 127.0.0.1 and ::1 come with that. Needs CAP_NET_ADMIN in
   * the user namespace that owns the network namespace. Undo: none wanted.
   */
  public static void up() throws KernelException {
    try (Scratch scratch = new Scratch();
        Fd socket =
            new Fd(
                LibC.checked(
                    LibC.syscall(
                        SystemCall.SOCKET, AF_INET, SOCK_DGRAM | OpenFlag.CLOSE_ON_EXEC, 0),
                    "socket",
                    "inet"))) {
      long request = scratch.zeroed(IFREQ_SIZE); // ifr_name[16], ifr_flags
      Scratch.MEMORY.putByteArray(request, new byte[] {'l', 'o'}, 0, 2);
      Scratch.MEMORY.putShort(request + 16, IFF_UP);
      LibC.checked(
          LibC.syscall(SystemCall.IOCTL, socket.number(), SIOCSIFFLAGS, request),
          "ioctl",
          "SIOCSIFFLAGS lo up");
    }
  }
}
