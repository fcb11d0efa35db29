package rkt.kernel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Work on whole directory trees through descriptors, following no link and no mount. */
final class FileTree {
  /** How often a directory is emptied again that others still fill. */
  private static final int LOOKS = 100;

  private FileTree() {}

  /** One directory on the way down, and what is still to be removed in it. */
  private static final class Level {
    final DirFd above;
    final DirFd dir;
    final byte[] name;
    List<DirFd.Entry> left;
    private int looks;

    Level(DirFd above, DirFd dir, byte[] name) throws KernelException {
      this.above = above;
      this.dir = dir;
      this.name = name;
      this.left = listIfThere(dir);
    }

    /** Removes what is empty by now; if others have put something there, that is what is left. */
    boolean isRemoved() throws KernelException {
      try {
        above.rmdir(name);
        return true;
      } catch (KernelException e) {
        if (e.is(Errno.ENOENT)) {
          return true;
        }
        boolean isFilled = e.is(Errno.ENOTEMPTY) || e.is(Errno.EEXIST);
        if (!isFilled || looks++ == LOOKS) {
          throw e;
        }
        left = listIfThere(dir);
        return false;
      }
    }
  }

  /**
   * Removes {@code child} of {@code parent} and everything below it. A deep tree costs one
   * descriptor a level, no stack.
   */
  static void remove(DirFd parent, byte[] child) throws KernelException {
    if (removeFile(parent, child)) {
      return;
    }
    Deque<Level> levels = new ArrayDeque<>();
    try {
      Level top = enter(parent, child);
      if (top != null) {
        levels.push(top);
      }
      while (!levels.isEmpty()) {
        Level level = levels.getFirst();
        if (level.left.isEmpty()) {
          if (level.isRemoved()) {
            levels.pop();
            level.dir.close();
          }
          continue;
        }
        DirFd.Entry entry = level.left.removeLast();
        if (entry.isDirectory() || !removeFile(level.dir, entry.name())) {
          Level below = enter(level.dir, entry.name());
          if (below != null) {
            levels.push(below);
          }
        }
      }
    } finally {
      for (Level level : levels) {
        level.dir.close();
      }
    }
  }

  /** Unlinks {@code name} unless it is a directory; whether it is gone. */
  private static boolean removeFile(DirFd dir, byte[] name) throws KernelException {
    try {
      dir.unlink(name);
      return true;
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT)) {
        return true;
      }
      if (e.is(Errno.EISDIR) || e.is(Errno.EPERM)) {
        return false;
      }
      throw e;
    }
  }

  private static List<DirFd.Entry> listIfThere(DirFd dir) throws KernelException {
    try {
      return dir.list();
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT)) {
        return new ArrayList<>(); // removed since it was opened
      }
      throw e;
    }
  }

  /** Null if it is not there any more. */
  private static @Nullable Level enter(DirFd above, byte[] name) throws KernelException {
    DirFd dir;
    try {
      dir = openEvenIfClosedToUs(above, name);
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT)) {
        return null;
      }
      throw e;
    }
    try {
      return new Level(above, dir, name);
    } catch (KernelException e) {
      dir.close();
      throw e;
    }
  }

  /** Without privilege, a directory of ours of mode 0 must first be opened up to be emptied. */
  private static DirFd openEvenIfClosedToUs(DirFd above, byte[] name) throws KernelException {
    try {
      return above.openDirUnmounted(name);
    } catch (KernelException e) {
      if (!e.is(Errno.EACCES)) {
        throw e;
      }
      above.chmod(name, 0700);
      return above.openDirUnmounted(name);
    }
  }
}
