package rkt.stage1.render;

import java.security.SecureRandom;
import java.util.HexFormat;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;
import rkt.spec.store.DraftFile;

/**
 * A private directory (0700) for work that is not yet visible. Its maker holds a lock on it, which
 * ends with the process however that ends, so that a later sweep can tell what is left behind from
 * what is being worked on.
 */
final class Staging implements AutoCloseable {
  private static final String PREFIX = "tmp-"; // as DraftFile has it
  private static final SecureRandom RANDOM = new SecureRandom();

  private final DirFd parent;
  private final byte[] name;
  private final DirFd dir;
  private boolean moved;

  private Staging(DirFd parent, byte[] name, DirFd dir) {
    this.parent = parent;
    this.name = name;
    this.dir = dir;
  }

  /** Whether a directory of this name is being staged, rather than a finished one. */
  static boolean isOne(String name) {
    return name.startsWith(PREFIX);
  }

  /**
   * Makes one in {@code parent}, which stays the caller's and must stay open.
   *
   * @param prefix put before the name, for a parent that other programs use too; else empty
   */
  static Staging create(DirFd parent, String prefix) throws KernelException {
    while (true) {
      byte[] random = new byte[8];
      RANDOM.nextBytes(random);
      byte[] name = Names.of(prefix + PREFIX + HexFormat.of().formatHex(random));
      parent.mkdir(name, 0700);
      DirFd dir;
      try {
        dir = parent.openDir(name);
      } catch (KernelException e) {
        if (e.is(Errno.ENOENT)) {
          continue; // A sweep came between the two calls.
        }
        throw e;
      }
      // The same, between opening and locking.
      if (dir.self().tryLock(true) && parent.statOrNull(name) != null) {
        return new Staging(parent, name, dir);
      }
      dir.close();
    }
  }

  DirFd dir() {
    return dir;
  }

  /** Its name in the parent. */
  byte[] name() {
    return name;
  }

  /** Makes it visible as {@code newName} of {@code to}; EEXIST if that exists. */
  void moveTo(DirFd to, byte[] newName) throws KernelException {
    parent.renameNew(name, to, newName);
    moved = true;
  }

  /** Moves the directory {@code child} of it; what is left of this is removed on close. */
  void moveChildTo(byte[] child, DirFd to, byte[] newName) throws KernelException {
    dir.renameNew(child, to, newName);
  }

  /** Removes it with all that is in it, unless it was moved. */
  void discard() throws KernelException {
    if (!moved) {
      parent.removeTree(name);
      moved = true;
    }
  }

  @Override
  public void close() throws KernelException {
    try {
      discard();
    } finally {
      dir.close();
    }
  }

  /** Removes from {@code parent} what processes that are gone have left; how many. */
  static int sweep(DirFd parent) throws KernelException {
    int swept = 0;
    for (DirFd.Entry entry : parent.list()) {
      if (isOne(Names.printable(entry.name())) && isSwept(parent, entry.name())) {
        swept++;
      }
    }
    return swept;
  }

  /**
   * Removes from {@code parent}, which others use too, what processes of {@code owner} that are
   * gone have left with this prefix.
   */
  static void sweep(DirFd parent, String prefix, int owner) throws KernelException {
    for (DirFd.Entry entry : parent.list()) {
      if (!DraftFile.isOne(Names.printable(entry.name()), prefix)) {
        continue;
      }
      Stat stat = parent.statOrNull(entry.name());
      if (stat != null && stat.isDirectory() && stat.uid() == owner) {
        isSwept(parent, entry.name());
      }
    }
  }

  /** Removes one unless somebody works in it; whether it did. */
  private static boolean isSwept(DirFd parent, byte[] name) throws KernelException {
    try (DirFd dir = parent.openDir(name)) {
      if (!dir.self().tryLock(true)) {
        return false;
      }
      parent.removeTree(name);
      return true;
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT)) {
        return false; // its maker, or another sweep, was faster
      }
      throw e;
    }
  }
}
