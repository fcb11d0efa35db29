package rkt.kernel;

import java.nio.charset.StandardCharsets;

/** Sockets of the kind that sd_notify(3) writes to: datagrams of the family of files. unix(7) */
public final class NotifySocket {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int MOST_BYTES = 107; // of a name, beside its NUL

  private NotifySocket() {}

  /**
   * A socket that sends to {@code address}, as {@code NOTIFY_SOCKET} has it: an absolute path, or a
   * name in the network namespace of this thread behind an {@code @}.
   *
   * @throws KernelException with EINVAL if it is neither, and with ENOENT, ECONNREFUSED and others
   *     if nobody listens there
   */
  public static Fd connect(String address) throws KernelException {
    Fd socket = socket();
    try {
      call(SystemCall.CONNECT, "connect", socket, address);
      return socket;
    } catch (KernelException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * A socket that receives what is sent to {@code name} in {@code directory}, where this makes it
   * and anybody may write to it. It is reached from every network namespace. Undo: unlink the name.
   */
  public static Fd bind(DirFd directory, byte[] name) throws KernelException {
    Fd socket = socket();
    try {
      // The kernel binds by path alone; this one leads to the very directory.
      String path = "/proc/self/fd/" + directory.number() + "/" + Names.bytewise(name);
      call(SystemCall.BIND, "bind", socket, path);
      directory.chmod(name, 0666);
      return socket;
    } catch (KernelException e) {
      socket.close();
      throw e;
    }
  }

  private static Fd socket() throws KernelException {
    return new Fd(
        LibC.checked(
            LibC.syscall(SystemCall.SOCKET, AF_UNIX, SOCK_DGRAM | OpenFlag.CLOSE_ON_EXEC, 0),
            "socket",
            "unix"));
  }

  private static void call(int number, String call, Fd socket, String address)
      throws KernelException {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    boolean isAbstract = address.startsWith("@");
    if (name.length < 2 || name.length > MOST_BYTES || !(isAbstract || name[0] == '/')) {
      throw new KernelException(call, address, Errno.EINVAL);
    }
    if (isAbstract) {
      name[0] = 0;
    }
    try (Scratch scratch = new Scratch()) {
      int size = 2 + name.length + (isAbstract ? 0 : 1);
      long memory = scratch.zeroed(size);
      Scratch.MEMORY.putShort(memory, (short) AF_UNIX);
      Scratch.MEMORY.putByteArray(memory + 2, name, 0, name.length);
      LibC.checked(LibC.syscall(number, socket.number(), memory, size), call, address);
    }
  }
}
