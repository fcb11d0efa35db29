package rkt.kernel;

/** Calls on open descriptors. All that are made here are close-on-exec. */
public final class Descriptors {
  private static final int AT_FDCWD = -100;
  private static final int F_GETFD = 1;
  private static final int F_SETFD = 2;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int F_ADD_SEALS = 1033;
  private static final int ALL_SEALS = 0xf; // SEAL, SHRINK, GROW, WRITE
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;

  /** Which lock flock(2) takes. */
  public enum Lock {
    SHARED(1),
    EXCLUSIVE(2);

    private final int operation;

    Lock(int operation) {
      this.operation = operation;
    }
  }

  /** The two ends of a pipe. */
  public record Pipe(Fd reader, Fd writer) implements AutoCloseable {
    @Override
    public void close() {
      reader.close();
      writer.close();
    }
  }

  private Descriptors() {}

  /**
   * openat(2) of a path of ours, from the calling thread's root and working directory. It follows
   * links anywhere: never for a path that an image or a pod can influence.
   */
  public static Fd open(String path, OpenFlag... flags) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      return new Fd(
          LibC.checked(
              LibC.syscall(
                  SystemCall.OPENAT, AT_FDCWD, scratch.cString(path), OpenFlag.bits(flags), 0600),
              "open",
              path));
    }
  }

  /** statx(2) of what is open as {@code fd}. */
  public static Stat stat(Fd fd) throws KernelException {
    return new FileFd(fd.number(), new byte[0]).stat();
  }

  /** fchown(2): gives what is open as {@code fd} to {@code user}; its group stays. */
  public static void chown(Fd fd, int user) throws KernelException {
    new FileFd(fd.number(), new byte[0]).chown(user, -1);
  }

  /** fchmod(2). */
  public static void chmod(Fd fd, int permissions) throws KernelException {
    new FileFd(fd.number(), new byte[0]).chmod(permissions);
  }

  /** pipe2(2). */
  public static Pipe pipe() throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long pair = scratch.zeroed(8);
      LibC.checked(LibC.syscall(SystemCall.PIPE2, pair, OpenFlag.CLOSE_ON_EXEC), "pipe2", "");
      return new Pipe(new Fd(Scratch.MEMORY.getInt(pair)), new Fd(Scratch.MEMORY.getInt(pair + 4)));
    }
  }

  /**
   * memfd_create(2): a nameless file in memory that holds {@code content} and can no longer change
   * in any way, positioned at its start.
   *
   * @param name what {@code /proc/PID/fd} shows for it
   */
  public static Fd sealedMemory(String name, byte[] content) throws KernelException {
    Fd memory = memory(name);
    try {
      write(memory, content);
      rewind(memory);
      LibC.checked(
          LibC.syscall(SystemCall.FCNTL, memory.number(), F_ADD_SEALS, ALL_SEALS),
          "fcntl",
          "seals of " + name);
      return memory;
    } catch (KernelException e) {
      memory.close();
      throw e;
    }
  }

  /** memfd_create(2): an empty file in memory that allows seals. */
  public static Fd memory(String name) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      return new Fd(
          LibC.checked(
              LibC.syscall(
                  SystemCall.MEMFD_CREATE, scratch.cString(name), MFD_CLOEXEC | MFD_ALLOW_SEALING),
              "memfd_create",
              name));
    }
  }

  /** write(2) until all of {@code content} is written. */
  public static void write(Fd fd, byte[] content) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long buffer = scratch.bytes(content);
      int done = 0;
      while (done < content.length) {
        long n = LibC.syscall(SystemCall.WRITE, fd.number(), buffer + done, content.length - done);
        if (n == -1) {
          KernelException failure = LibC.failure("write", fd.toString());
          if (failure.is(Errno.EINTR)) {
            continue;
          }
          throw failure;
        }
        done += (int) n;
      }
    }
  }

  /**
   * read(2), once.
   *
   * @return at most {@code limit} bytes; none at the end of the file
   */
  public static byte[] read(Fd fd, int limit) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long buffer = scratch.zeroed(limit);
      while (true) {
        long n = LibC.syscall(SystemCall.READ, fd.number(), buffer, limit);
        if (n >= 0) {
          byte[] bytes = new byte[(int) n];
          Scratch.MEMORY.getByteArray(buffer, bytes, 0, bytes.length);
          return bytes;
        }
        KernelException failure = LibC.failure("read", fd.toString());
        if (!failure.is(Errno.EINTR)) {
          throw failure;
        }
      }
    }
  }

  /** Moves to the start of the file: lseek(2). */
  public static void rewind(Fd fd) throws KernelException {
    LibC.checked(LibC.syscall(SystemCall.LSEEK, fd.number(), 0, 0), "lseek", fd.toString());
  }

  /**
   * fcntl(F_DUPFD_CLOEXEC): another descriptor of the same open file, numbered from {@code from}.
   */
  public static Fd duplicate(Fd fd, int from) throws KernelException {
    return new Fd(
        LibC.checked(
            LibC.syscall(SystemCall.FCNTL, fd.number(), F_DUPFD_CLOEXEC, from),
            "dup",
            fd.toString()));
  }

  /** Whether the descriptor closes at an exec. */
  public static boolean isCloseOnExec(Fd fd) throws KernelException {
    return (LibC.checked(LibC.syscall(SystemCall.FCNTL, fd.number(), F_GETFD), "fcntl", "" + fd)
            & 1)
        != 0;
  }

  /** Sets or clears close-on-exec. The whole process sees it, so clear it only before an exec. */
  public static void setCloseOnExec(Fd fd, boolean on) throws KernelException {
    LibC.checked(
        LibC.syscall(SystemCall.FCNTL, fd.number(), F_SETFD, on ? 1 : 0), "fcntl", fd.toString());
  }

  /**
   * flock(2) without waiting. The lock belongs to the open file: it lives as long as any descriptor
   * of it, in any process, and so crosses an exec.
   *
   * @return false if somebody else holds a lock in the way
   */
  public static boolean tryLock(Fd fd, Lock lock) throws KernelException {
    if (LibC.syscall(SystemCall.FLOCK, fd.number(), lock.operation | 4) != -1) {
      return true;
    }
    KernelException failure = LibC.failure("flock", fd.toString());
    if (failure.is(Errno.EAGAIN)) {
      return false;
    }
    throw failure;
  }

  /** flock(2), waiting as long as it takes. */
  public static void lock(Fd fd, Lock lock) throws KernelException {
    while (LibC.syscall(SystemCall.FLOCK, fd.number(), lock.operation) == -1) {
      KernelException failure = LibC.failure("flock", fd.toString());
      if (!failure.is(Errno.EINTR)) {
        throw failure;
      }
    }
  }

  /** Gives up what {@link #tryLock} or {@link #lock} took. */
  public static void unlock(Fd fd) throws KernelException {
    LibC.checked(LibC.syscall(SystemCall.FLOCK, fd.number(), 8), "flock", fd.toString());
  }

  /** fstatfs(2): which kind of filesystem the file is on. */
  public static FilesystemType filesystem(Fd fd) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long statfs = scratch.zeroed(120);
      LibC.checked(LibC.syscall(SystemCall.FSTATFS, fd.number(), statfs), "fstatfs", fd.toString());
      return FilesystemType.of(Scratch.MEMORY.getLong(statfs));
    }
  }
}
