package rkt.kernel;

/**
 * User namespaces, which a JVM can neither make nor enter, since it has several threads: a process
 * of one thread makes one, and this process gives it its ids, mounts for it, and acts in the
 * namespaces that it owns. user_namespaces(7)
 */
public final class UserNamespaces {
  private static final long NS_GET_USERNS = 0xb701;

  private UserNamespaces() {}

  /**
   * Gives the user namespace of process {@code pid} its ids, once and for all. Needs CAP_SETUID and
   * CAP_SETGID in its parent namespace, and the ids mapped there. No undo.
   *
   * @throws KernelException with EPERM without these, or if it has ids already
   */
  public static void map(int pid, IdMap users, IdMap groups) throws KernelException {
    TextFiles.write("/proc/" + pid + "/uid_map", users.text());
    TextFiles.write("/proc/" + pid + "/gid_map", groups.text());
  }

  /**
   * ioctl(NS_GET_USERNS): the user namespace that owns {@code namespace}, whose root is
   * all-powerful in it. Undo: close it.
   *
   * @throws KernelException with EPERM if that is an ancestor of ours
   */
  public static Fd ownerOf(Fd namespace) throws KernelException {
    return new Fd(
        LibC.checked(
            LibC.syscall(SystemCall.IOCTL, namespace.number(), NS_GET_USERNS, 0),
            "ioctl",
            "NS_GET_USERNS of " + namespace));
  }

  /** Whether two open namespaces are one. */
  public static boolean isSame(Fd one, Fd other) throws KernelException {
    return Descriptors.stat(one).inode() == Descriptors.stat(other).inode();
  }
}
