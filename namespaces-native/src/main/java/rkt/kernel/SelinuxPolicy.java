package rkt.kernel;

/** The policy that SELinux goes by on this host. selinux(8) */
public final class SelinuxPolicy {
  private static final String JUDGE = "/sys/fs/selinux/context";

  private SelinuxPolicy() {}

  /**
   * Whether the policy has such a context: its user, its role, its type and its level, and all of
   * them together.
   *
   * @return true as well where the policy does not let us ask; the exec will then tell
   */
  public static boolean has(String context) throws KernelException {
    try {
      TextFiles.write(JUDGE, context);
      return true;
    } catch (KernelException e) {
      if (e.is(Errno.EINVAL)) {
        return false;
      }
      if (e.is(Errno.EACCES) || e.is(Errno.EPERM)) {
        return true;
      }
      throw e;
    }
  }
}
