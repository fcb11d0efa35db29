package rkt.stage1.render;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;

/**
 * Moves an extracted layer onto those below it, in one plain directory. Whole subtrees move by one
 * rename, so this costs what the layers have in common and not what they contain; and layers can be
 * extracted beside each other although they are applied one after the other.
 */
final class TreeMerger {
  private static final byte[] DOT = {'.'};

  private TreeMerger() {}

  /** What is merged so far, for the implied directories of the next layer. */
  static LowerView view(DirFd base) {
    return path -> find(base, path);
  }

  /**
   * Moves everything of {@code upper} into {@code base}, removing there what the layer hides.
   *
   * @param node what is known of {@code upper}, finished
   */
  static void merge(DirNode node, DirFd upper, DirFd base) throws KernelException {
    if (node.opaque) {
      for (DirFd.Entry entry : base.list()) {
        base.removeTree(entry.name());
      }
    }
    for (byte[] hidden : node.hidden()) {
      base.removeTree(hidden);
    }
    for (DirFd.Entry entry : upper.list()) {
      mergeEntry(node.child(entry.name()), entry.name(), upper, base);
    }
    TarEntry described = node.entry;
    if (described != null) {
      removeUserXattrs(base);
      LayerFinisher.describe(base, described);
    }
  }

  private static void mergeEntry(@Nullable DirNode node, byte[] name, DirFd upper, DirFd base)
      throws KernelException {
    Stat below = base.statOrNull(name);
    boolean directoryBelow = below != null && below.isDirectory();
    if (node != null && directoryBelow && !node.opaque) {
      try (DirFd upperChild = upper.openDir(name);
          DirFd baseChild = base.openDir(name)) {
        merge(node, upperChild, baseChild);
      }
      return;
    }
    if (directoryBelow || (below != null && node != null)) {
      base.removeTree(name);
    }
    upper.rename(name, base, name);
  }

  /** The layer that describes a directory last says which attributes it has. */
  private static void removeUserXattrs(DirFd dir) throws KernelException {
    List<byte[]> names;
    try {
      names = dir.listXattrs(DOT);
    } catch (KernelException e) {
      if (e.is(Errno.EOPNOTSUPP)) {
        return;
      }
      throw e;
    }
    for (byte[] name : names) {
      if (new String(name, StandardCharsets.ISO_8859_1).startsWith("user.")) {
        dir.removeXattr(DOT, name);
      }
    }
  }

  private static @Nullable Stat find(DirFd base, List<byte[]> path)
      throws KernelException, LayerFormatException {
    DirFd at = base.openDir(DOT);
    try {
      for (byte[] name : path) {
        Stat stat = at.statOrNull(name);
        if (stat == null) {
          return null;
        }
        if (!stat.isDirectory()) {
          throw new LayerFormatException(
              Names.joined(path),
              "is used as a directory, and a lower layer has something else there");
        }
        DirFd next = at.openDir(name);
        at.close();
        at = next;
      }
      return at.self().stat();
    } finally {
      at.close();
    }
  }
}
