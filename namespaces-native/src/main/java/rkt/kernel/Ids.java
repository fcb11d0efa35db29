package rkt.kernel;

import org.jspecify.annotations.Nullable;

/** Who the calling thread is. credentials(7), user_namespaces(7) */
public final class Ids {
  private static volatile @Nullable Boolean groupsCanBeSet;

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
   * setfsuid(2), setfsgid(2): files that the calling thread makes from now on belong to these ids,
   * and it keeps its capabilities. So a thread that prepares the files of a user namespace leaves
   * none in it that belong to nobody there. Scope: the calling thread and the threads, not the
   * programs, that it starts. Needs CAP_SETUID, CAP_SETGID, CAP_SETPCAP. Undo: the same with the
   * effective ids.
   *
   * @throws KernelException with EPERM if the ids did not change
   */
  public static void makeFilesAs(int uid, int gid) throws KernelException {
    Privileges.keepCapabilitiesOfUsers();
    LibC.syscall(SystemCall.SETFSGID, gid);
    LibC.syscall(SystemCall.SETFSUID, uid);
    // They return the old id whether or not there is a new one; -1 is never taken.
    boolean isChanged =
        (int) LibC.syscall(SystemCall.SETFSGID, -1) == gid
            && (int) LibC.syscall(SystemCall.SETFSUID, -1) == uid;
    if (!isChanged) {
      throw new KernelException("setfsuid", uid + ", " + gid, Errno.EPERM);
    }
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
   * of a privileged program. Read once: a process of many threads stays in its namespace.
   * user_namespaces(7)
   */
  public static boolean groupsCanBeSet() throws KernelException {
    Boolean known = groupsCanBeSet;
    if (known == null) {
      known = !TextFiles.read("/proc/self/setgroups").startsWith("deny");
      groupsCanBeSet = known;
    }
    return known;
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
