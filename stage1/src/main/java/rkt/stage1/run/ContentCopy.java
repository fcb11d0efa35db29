package rkt.stage1.run;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import rkt.kernel.DirFd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;

/**
 * Copies what a directory of an image holds into a fresh directory: owners, modes, times, links,
 * holes and the attributes that images have. So a copy is no larger than the image. Nothing is
 * followed, and every name is looked up in a directory that is held open.
 */
final class ContentCopy {
  private static final String USER_ATTRIBUTES = "user.";

  private final DirFd target;

  /** Where the first name of a file with several was copied to, from the target on. */
  private final Map<String, List<byte[]>> linked = new HashMap<>();

  private ContentCopy(DirFd target) {
    this.target = target;
  }

  /** One directory on the way down, and what is still to be copied from it. */
  private record Level(DirFd from, DirFd to, Stat stat, List<byte[]> path, List<DirFd.Entry> left)
      implements AutoCloseable {
    @Override
    public void close() {
      from.close();
      to.close();
    }
  }

  /**
   * Makes {@code to} what {@code from} is.
   *
   * @param to empty
   */
  static void copy(DirFd from, DirFd to) throws KernelException {
    new ContentCopy(to).copyBelow(from);
  }

  private void copyBelow(DirFd source) throws KernelException {
    Deque<Level> levels = new ArrayDeque<>();
    byte[] here = Names.of(".");
    try {
      levels.push(level(source.openDir(here), target.openDir(here), List.of()));
      while (!levels.isEmpty()) {
        Level level = levels.getFirst();
        if (level.left.isEmpty()) {
          // Last: a directory's time changes with what is made in it, and its mode may forbid that.
          finish(level.to.self(), level.stat);
          levels.pop().close();
          continue;
        }
        byte[] name = level.left.removeLast().name();
        Stat stat = level.from.stat(name);
        if (stat.isDirectory()) {
          level.to.mkdir(name, 0700);
          List<byte[]> path = new ArrayList<>(level.path);
          path.add(name);
          levels.push(level(level.from.openDir(name), level.to.openDir(name), path));
          copyAttributes(level, name);
        } else {
          copyFile(level, name, stat);
        }
      }
    } finally {
      for (Level level : levels) {
        level.close();
      }
    }
  }

  private static Level level(DirFd from, DirFd to, List<byte[]> path) throws KernelException {
    try {
      return new Level(from, to, from.self().stat(), path, from.list());
    } catch (KernelException e) {
      from.close();
      to.close();
      throw e;
    }
  }

  private void copyFile(Level level, byte[] name, Stat stat) throws KernelException {
    if (stat.links() > 1 && linkAgain(level, name, stat)) {
      return;
    }
    switch (stat.mode() & Stat.S_IFMT) {
      case Stat.S_IFREG -> {
        int flags = DirFd.O_RDONLY | DirFd.O_NONBLOCK | DirFd.O_NOFOLLOW;
        try (FileFd from = level.from.open(name, flags, 0, DirFd.Resolve.NO_SYMLINKS);
            FileFd to = level.to.createFile(name, 0600)) {
          from.copyTo(to, stat.size());
          copyAttributes(level, name);
          finish(to, stat);
        }
      }
      case Stat.S_IFLNK -> {
        level.to.symlink(level.from.readlink(name), name);
        level.to.chown(name, stat.uid(), stat.gid());
        level.to.times(name, stat.mtimeSeconds(), stat.mtimeNanos());
      }
      case Stat.S_IFIFO -> {
        level.to.mknod(name, Stat.S_IFIFO | 0600, 0);
        level.to.chown(name, stat.uid(), stat.gid());
        level.to.chmod(name, stat.permissions());
        level.to.times(name, stat.mtimeSeconds(), stat.mtimeNanos());
      }
      default -> {
        // Sockets and devices: no image has them.
      }
    }
  }

  /** Gives a file that was copied under another name this one too. */
  private boolean linkAgain(Level level, byte[] name, Stat stat) throws KernelException {
    String file = stat.dev() + ":" + stat.inode();
    List<byte[]> first = linked.get(file);
    if (first == null) {
      List<byte[]> path = new ArrayList<>(level.path);
      path.add(name);
      linked.put(file, path);
      return false;
    }
    List<byte[]> parent = new ArrayList<>(List.of(Names.of(".")));
    parent.addAll(first.subList(0, first.size() - 1));
    try (DirFd copied = target.openDir(Names.joined(parent), DirFd.Resolve.BENEATH)) {
      level.to.link(copied, first.getLast(), name);
    }
    return true;
  }

  private static void finish(FileFd file, Stat stat) throws KernelException {
    file.chown(stat.uid(), stat.gid());
    file.chmod(stat.permissions());
    file.times(stat.mtimeSeconds(), stat.mtimeNanos());
  }

  private static void copyAttributes(Level level, byte[] name) throws KernelException {
    for (byte[] attribute : level.from.listXattrs(name)) {
      byte[] value =
          Names.bytewise(attribute).startsWith(USER_ATTRIBUTES)
              ? level.from.getXattr(name, attribute)
              : null;
      if (value != null) {
        level.to.setXattr(name, attribute, value);
      }
    }
  }
}
