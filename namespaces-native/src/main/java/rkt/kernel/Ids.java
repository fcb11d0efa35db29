package rkt.kernel;

/** Who the calling thread is. credentials(7), user_namespaces(7) */
public final class Ids {
  private Ids() {}

  public static int user() {
    return (int) LibC.syscall(SystemCall.GETUID);
  }

  public static int effectiveUser() {
    return (int) LibC.syscall(SystemCall.GETEUID);
  }

  public static int group() {
    return (int) LibC.syscall(SystemCall.GETGID);
  }

  public static int effectiveGroup() {
    return (int) LibC.syscall(SystemCall.GETEGID);
  }

  /**
   * Whether this is a user namespace other than the machine's first: one that does not map every id
   * to itself.
   *
   * @throws KernelException if there is no {@code /proc}
   */
  public static boolean inUserNamespace() throws KernelException {
    return !mapsAll(TextFiles.read("/proc/self/uid_map"));
  }

  /**
   * Whether setgroups(2) is allowed at all: not in a user namespace that was made without the help
   * of a privileged program. user_namespaces(7)
   */
  public static boolean groupsCanBeSet() throws KernelException {
    return !TextFiles.read("/proc/self/setgroups").startsWith("deny");
  }

  /** Whether {@code uidMap} is what the first user namespace shows. */
  static boolean mapsAll(String uidMap) {
    java.util.StringTokenizer words = new java.util.StringTokenizer(uidMap);
    return words.countTokens() == 3
        && words.nextToken().equals("0")
        && words.nextToken().equals("0")
        && words.nextToken().equals("4294967295");
  }
}
