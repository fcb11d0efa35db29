package rkt.stage1.render;

import java.util.HashSet;
import java.util.Set;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Stat;

/** What a directory and all that is in it take on the disk; a file of several names counts once. */
final class TreeSize {
  private static final int BLOCK = 512;

  private final Set<Long> counted = new HashSet<>();
  private long bytes;

  private TreeSize() {}

  /** What is removed meanwhile takes nothing. */
  static void requireGone(KernelException e) throws KernelException {
    if (!e.is(Errno.ENOENT)) {
      throw e;
    }
  }

  static long of(DirFd dir) throws KernelException {
    TreeSize size = new TreeSize();
    size.bytes += dir.self().stat().blocks() * BLOCK;
    size.add(dir);
    return size.bytes;
  }

  private void add(DirFd dir) throws KernelException {
    for (DirFd.Entry entry : dir.list()) {
      Stat stat = dir.statOrNull(entry.name());
      if (stat == null) {
        continue;
      }
      if (stat.isDirectory() || stat.links() == 1 || counted.add(stat.inode())) {
        bytes += stat.blocks() * BLOCK;
      }
      if (stat.isDirectory()) {
        try (DirFd child = dir.openDir(entry.name())) {
          add(child);
        } catch (KernelException e) {
          requireGone(e);
        }
      }
    }
  }
}
