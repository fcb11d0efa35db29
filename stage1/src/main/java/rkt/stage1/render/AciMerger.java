package rkt.stage1.render;

import java.nio.charset.StandardCharsets;
import java.util.List;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Stat;

/**
 * Lays one assembled tree over another: a directory over a directory is one with the contents of
 * both, anything else replaces what was there. Follows no link.
 */
final class AciMerger {
  private static final byte[] DOT = {'.'};

  private AciMerger() {}

  /** Moves everything of {@code upper} into {@code base}. */
  static void merge(DirFd upper, DirFd base) throws KernelException {
    for (DirFd.Entry entry : upper.list()) {
      byte[] name = entry.name();
      boolean directory = upper.stat(name).isDirectory();
      Stat below = base.statOrNull(name);
      if (directory && below != null && below.isDirectory()) {
        try (DirFd upperChild = upper.openDir(name);
            DirFd baseChild = base.openDir(name)) {
          merge(upperChild, baseChild);
        }
        continue;
      }
      if (below != null) {
        base.removeTree(name);
      }
      upper.rename(name, base, name);
    }
    describe(upper, base);
  }

  /** The upper directory says which owner, mode, attributes and times it has; the times last. */
  private static void describe(DirFd upper, DirFd base) throws KernelException {
    Stat stat = upper.self().stat();
    base.self().chown(stat.uid(), stat.gid());
    base.self().chmod(stat.permissions());
    for (byte[] name : userAttributes(base)) {
      base.removeXattr(DOT, name);
    }
    for (byte[] name : userAttributes(upper)) {
      byte[] value = upper.getXattr(DOT, name);
      if (value != null) {
        base.setXattr(DOT, name, value);
      }
    }
    base.self().times(stat.mtimeSeconds(), stat.mtimeNanos());
  }

  private static List<byte[]> userAttributes(DirFd dir) throws KernelException {
    try {
      return dir.listXattrs(DOT).stream()
          .filter(name -> new String(name, StandardCharsets.ISO_8859_1).startsWith("user."))
          .toList();
    } catch (KernelException e) {
      if (e.is(Errno.EOPNOTSUPP)) {
        return List.of();
      }
      throw e;
    }
  }
}
