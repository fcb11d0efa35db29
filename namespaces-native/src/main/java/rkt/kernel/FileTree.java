package rkt.kernel;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Work on whole directory trees through descriptors, following nothing. */
final class FileTree {
  private FileTree() {}

  /** One directory on the way down, and what is still to be removed in it. */
  private static final class Level {
    final DirFd dir;
    final byte[] name;
    final List<DirFd.Entry> left;

    Level(DirFd dir, byte[] name) throws KernelException {
      this.dir = dir;
      this.name = name;
      this.left = dir.list();
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
      levels.push(enter(parent, child));
      while (!levels.isEmpty()) {
        Level level = levels.getFirst();
        if (level.left.isEmpty()) {
          levels.pop();
          level.dir.close();
          DirFd above = levels.isEmpty() ? parent : levels.getFirst().dir;
          above.rmdir(level.name);
          continue;
        }
        DirFd.Entry entry = level.left.removeLast();
        if (entry.isDirectory() || !removeFile(level.dir, entry.name())) {
          levels.push(enter(level.dir, entry.name()));
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

  private static Level enter(DirFd above, byte[] name) throws KernelException {
    DirFd dir = openEvenIfClosedToUs(above, name);
    try {
      return new Level(dir, name);
    } catch (KernelException e) {
      dir.close();
      throw e;
    }
  }

  /** Without privilege, a directory of ours of mode 0 must first be opened up to be emptied. */
  private static DirFd openEvenIfClosedToUs(DirFd above, byte[] name) throws KernelException {
    try {
      return above.openDir(name);
    } catch (KernelException e) {
      if (!e.is(Errno.EACCES)) {
        throw e;
      }
      above.chmod(name, 0700);
      return above.openDir(name);
    }
  }
}
