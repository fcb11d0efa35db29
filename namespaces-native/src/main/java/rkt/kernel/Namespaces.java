package rkt.kernel;

/**
 * Namespaces of the calling thread. In a JVM only the calling thread moves; every other stays where
 * it was, and so does what is started from there.
 */
public final class Namespaces {
  private Namespaces() {}

  /**
   * Starts now what the JVM would start a thread for later: its common cleaner, and the dispatcher
   * of our calls. A thread that unshared {@link Namespace#PID} can create no threads any more
   * (clone(2) gives EINVAL), so call this before, on any thread, and let the other one use nothing
   * but this package afterwards.
   */
  public static void prepare() {
    new java.util.zip.Inflater().end(); // registers with the common cleaner
    LibC.syscall(SystemCall.GETPID);
  }

  /**
   * unshare(2): gives the calling thread new namespaces. {@link Namespace#PID} takes effect for its
   * children only. Needs CAP_SYS_ADMIN. Undo: {@link #join} of the old ones, except that a thread
   * keeps no way back into a PID namespace for children but its own descriptor.
   *
   * @throws KernelException with EPERM, ENOSPC (a limit of user namespaces) or EINVAL, always for
   *     {@link Namespace#USER}, which no process with several threads can unshare
   */
  public static void unshare(Namespace... kinds) throws KernelException {
    int flags = 0;
    String names = "";
    for (Namespace kind : kinds) {
      flags |= kind.flag();
      names = names.isEmpty() ? kind.file() : names + "," + kind.file();
    }
    LibC.checked(LibC.syscall(SystemCall.UNSHARE, flags), "unshare", names);
  }

  /**
   * setns(2): moves the calling thread into the namespace behind {@code namespace}. For {@link
   * Namespace#MOUNT} the thread must not share its root with others: {@link #unshareRoot()} first.
   * Needs CAP_SYS_ADMIN there. Undo: join the old one again.
   */
  public static void join(Fd namespace, Namespace kind) throws KernelException {
    LibC.checked(
        LibC.syscall(SystemCall.SETNS, namespace.number(), kind.flag()), "setns", kind.file());
  }

  /**
   * setns(2) with the descriptor of a process: joins several of its namespaces at once, in the
   * order that their permissions need. Needs Linux 5.8. Undo: join the old ones again.
   */
  public static void joinProcess(Fd pidfd, Namespace... kinds) throws KernelException {
    int flags = 0;
    for (Namespace kind : kinds) {
      flags |= kind.flag();
    }
    LibC.checked(LibC.syscall(SystemCall.SETNS, pidfd.number(), flags), "setns", "a pidfd");
  }

  /**
   * unshare(CLONE_FS): the calling thread's root, working directory and umask stop being those of
   * the other threads. {@link #unshare} of {@link Namespace#MOUNT} implies it. Needs nothing. No
   * undo.
   */
  public static void unshareRoot() throws KernelException {
    LibC.checked(LibC.syscall(SystemCall.UNSHARE, 0x200), "unshare", "fs");
  }

  /**
   * Opens {@code /proc/PID/ns/KIND}; while the descriptor is open, the namespace lives.
   *
   * @param pid a process or thread, as the {@code /proc} that we see numbers it
   */
  public static Fd open(int pid, Namespace kind) throws KernelException {
    return Descriptors.open("/proc/" + pid + "/ns/" + kind.file(), OpenFlag.READ);
  }

  /** Opens the namespace that the calling thread is in. */
  public static Fd openOwn(Namespace kind) throws KernelException {
    return Descriptors.open("/proc/thread-self/ns/" + kind.file(), OpenFlag.READ);
  }

  /**
   * sethostname(2). Scope: the UTS namespace of the calling thread. Needs CAP_SYS_ADMIN there.
   * Undo: set the old name.
   *
   * @throws KernelException with EINVAL for a name over 64 bytes
   */
  public static void setHostName(String name) throws KernelException {
    setName(SystemCall.SETHOSTNAME, "sethostname", name);
  }

  /** setdomainname(2). Scope, needs and undo as {@link #setHostName}. */
  public static void setDomainName(String name) throws KernelException {
    setName(SystemCall.SETDOMAINNAME, "setdomainname", name);
  }

  private static void setName(int number, String call, String name) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      byte[] bytes = name.getBytes(java.nio.charset.StandardCharsets.UTF_8);
      LibC.checked(LibC.syscall(number, scratch.bytes(bytes), bytes.length), call, name);
    }
  }
}
