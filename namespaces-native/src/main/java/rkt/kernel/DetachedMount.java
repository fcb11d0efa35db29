package rkt.kernel;

/**
 * A mount that is in no namespace yet, or was just attached: it vanishes with {@link #close()}
 * unless {@link #attach}ed. Its descriptor is also a directory that files can be opened beneath.
 * Needs CAP_SYS_ADMIN in the mount namespace of the calling thread.
 */
public final class DetachedMount implements AutoCloseable {
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_RECURSIVE = 0x8000;
  private static final int OPEN_TREE_CLONE = 1;
  private static final int OPEN_TREE_CLOEXEC = OpenFlag.CLOSE_ON_EXEC;
  private static final int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
  private static final int MOVE_MOUNT_T_EMPTY_PATH = 0x40;
  private static final long MOUNT_ATTR_IDMAP = 0x00100000;

  private final String what;
  private final Fd fd;

  DetachedMount(String what, Fd fd) {
    this.what = what;
    this.fd = fd;
  }

  /** The descriptor, owned by this. */
  public Fd fd() {
    return fd;
  }

  /**
   * The root directory of this mount, opened through the mount itself and not by the place where it
   * may be attached: what is in it is what was mounted, whatever became of that place.
   */
  public DirFd directory() throws KernelException {
    return DirFd.of(fd, what);
  }

  /** Its number in {@code /proc/self/mountinfo} once it is attached. statx(2) since Linux 5.8 */
  public long mountId() throws KernelException {
    return new FileFd(fd.number(), Names.of(what)).mountId();
  }

  /**
   * open_tree(OPEN_TREE_CLONE): what a bind mount of {@code source} would show, mounts below it
   * included, but mounted nowhere. Undo: close it.
   *
   * @param source a file or directory, opened as {@link OpenFlag#PATH} or otherwise
   */
  public static DetachedMount cloneOf(Fd source) throws KernelException {
    return cloneOf(source, AT_RECURSIVE);
  }

  /** The same without what is mounted below {@code source}. */
  public static DetachedMount cloneOfThisOnly(Fd source) throws KernelException {
    return cloneOf(source, 0);
  }

  private static DetachedMount cloneOf(Fd source, int recursive) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long result =
          LibC.syscall(
              SystemCall.OPEN_TREE,
              source.number(),
              scratch.cString(""),
              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive);
      String what = source.toString();
      return new DetachedMount(what, new Fd(LibC.checked(result, "open_tree", what)));
    }
  }

  /**
   * move_mount(2): puts the mount on top of {@code target}, an open file or directory, and nothing
   * else: no path is looked up. Undo: umount2(2) of the path.
   *
   * @param target opened since the calling thread is in its mount namespace
   * @throws KernelException with EINVAL for a target that was opened in another mount namespace
   */
  public void attach(Fd target) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long empty = scratch.cString("");
      LibC.checked(
          LibC.syscall(
              SystemCall.MOVE_MOUNT,
              fd.number(),
              empty,
              target.number(),
              empty,
              MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
          "move_mount",
          what + " on " + target);
    }
  }

  /** mount_setattr(2): forbids more on this mount and on all below it. Undo: {@link #allow}. */
  public void forbid(MountAttribute... attributes) throws KernelException {
    setAttributes(MountAttribute.bits(attributes), 0, 0, 0, "forbid");
  }

  /** mount_setattr(2): takes back what {@link #forbid} did, where the kernel did not lock it. */
  public void allow(MountAttribute... attributes) throws KernelException {
    setAttributes(0, MountAttribute.bits(attributes), 0, 0, "allow");
  }

  /** mount_setattr(2): changes the propagation of this mount and of all below it. */
  public void propagate(Propagation propagation) throws KernelException {
    setAttributes(0, 0, propagation.bit(), 0, "propagation");
  }

  /**
   * mount_setattr(MOUNT_ATTR_IDMAP): owners on disk appear as the user namespace maps them. Only
   * before {@link #attach}, once. Needs CAP_SYS_ADMIN over the filesystem. No undo.
   */
  public void mapIds(Fd userNamespace) throws KernelException {
    setAttributes(MOUNT_ATTR_IDMAP, 0, 0, userNamespace.number(), "idmap");
  }

  /** Closes the descriptor: a mount that was not attached is gone then. */
  @Override
  public void close() {
    fd.close();
  }

  private void setAttributes(long set, long clear, long propagation, long userNamespace, String why)
      throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long attributes = scratch.zeroed(32); // struct mount_attr
      Scratch.MEMORY.putLong(attributes, set);
      Scratch.MEMORY.putLong(attributes + 8, clear);
      Scratch.MEMORY.putLong(attributes + 16, propagation);
      Scratch.MEMORY.putLong(attributes + 24, userNamespace);
      LibC.checked(
          LibC.syscall(
              SystemCall.MOUNT_SETATTR,
              fd.number(),
              scratch.cString(""),
              AT_EMPTY_PATH | AT_RECURSIVE,
              attributes,
              32),
          "mount_setattr",
          what + ", " + why);
    }
  }
}
