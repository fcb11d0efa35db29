package rkt.kernel;

import org.jspecify.annotations.Nullable;

/**
 * Mounts by path, the classic calls. Scope: the mount namespace of the calling thread. Need
 * CAP_SYS_ADMIN in the user namespace that owns it. Paths are our own; on a target inside an image
 * mount a {@link DetachedMount} on a descriptor instead.
 */
public final class Mounts {
  private static final int LONGEST_DATA = 4095;

  /** How umount2(2) lets go. */
  public enum Unmount {
    /** Only if nothing uses it. */
    NOW(8),
    /** From the tree at once, from memory when the last user is gone. */
    LAZY(8 | 2);

    private final int flags; // UMOUNT_NOFOLLOW always

    Unmount(int flags) {
      this.flags = flags;
    }
  }

  private Mounts() {}

  /**
   * mount(2). Undo: {@link #unmount}.
   *
   * @param data the filesystem's own options, comma-separated, under one page
   */
  public static void mount(
      @Nullable String source,
      String target,
      @Nullable String type,
      @Nullable String data,
      MountFlag... flags)
      throws KernelException {
    call(source, target, type, data, MountFlag.bits(flags));
  }

  /** mount(MS_BIND): {@code source} appears at {@code target} too. Undo: {@link #unmount}. */
  public static void bind(String source, String target) throws KernelException {
    call(source, target, null, null, MountFlag.bits(MountFlag.BIND));
  }

  /**
   * Changes the propagation of {@code target} and all mounts below. Undo: none that restores peers;
   * the namespace ends with its last process.
   */
  public static void propagate(String target, Propagation propagation) throws KernelException {
    call(null, target, null, null, propagation.bit() | MountFlag.bits(MountFlag.RECURSIVE));
  }

  /** umount2(2), which follows no link. Undo: mount again. */
  public static void unmount(String target, Unmount how) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      LibC.checked(
          LibC.syscall(SystemCall.UMOUNT2, scratch.cString(target), how.flags), "umount", target);
    }
  }

  /**
   * pivot_root(".", "."): the calling thread's working directory, a mount point, becomes the root
   * of the mount namespace, and the old root lies on top of it until {@link #unmount}ed lazily as
   * ".". Undo: none in practice.
   */
  public static void pivotToWorkingDirectory() throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long here = scratch.cString(".");
      LibC.checked(LibC.syscall(SystemCall.PIVOT_ROOT, here, here), "pivot_root", ".");
    }
  }

  /**
   * Makes {@code newRoot}, a mount point, the root of the calling thread's mount namespace and lets
   * go of the old root, which must not be shared. Four calls that only make sense together. From
   * then on this thread finds paths in the new root only: a class that is in a jar not opened yet,
   * or in a directory, cannot be loaded on it any more, and {@link Program#spawn} looks for its
   * path there too.
   */
  public static void pivotRoot(Fd newRoot) throws KernelException {
    LibC.checked(LibC.syscall(SystemCall.FCHDIR, newRoot.number()), "fchdir", newRoot.toString());
    pivotToWorkingDirectory();
    unmount(".", Unmount.LAZY);
    changeDirectory("/");
  }

  /**
   * chdir(2). Scope: the calling thread if it has a root of its own ({@link
   * Namespaces#unshareRoot}), else all of them.
   */
  public static void changeDirectory(String directory) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      LibC.checked(LibC.syscall(SystemCall.CHDIR, scratch.cString(directory)), "chdir", directory);
    }
  }

  private static void call(
      @Nullable String source,
      String target,
      @Nullable String type,
      @Nullable String data,
      long flags)
      throws KernelException {
    if (data != null && data.length() > LONGEST_DATA) {
      // The kernel would cut them there, and mount something else.
      throw new KernelException("mount", target + ": options longer than a page", Errno.E2BIG);
    }
    try (Scratch scratch = new Scratch()) {
      LibC.checked(
          LibC.syscall(
              SystemCall.MOUNT,
              source == null ? 0 : scratch.cString(source),
              scratch.cString(target),
              type == null ? 0 : scratch.cString(type),
              flags,
              data == null ? 0 : scratch.cString(data)),
          "mount",
          (type == null ? "" : type + " on ") + target);
    }
  }
}
