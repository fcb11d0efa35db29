package rkt.stage1.render;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;

/** The trees below a layer, seen as an overlay of them would show directories. */
final class LowerTrees implements LowerView {
  private final List<Path> rootsTopFirst;
  private final OverlayForm form;

  /** What one tree says about a path. */
  private sealed interface Answer {
    /** It is a directory there, which may also be in lower trees. */
    record Found(Stat stat) implements Answer {}

    /** Nothing is there; lower trees may have it. */
    record Unknown() implements Answer {}

    /** This tree hides what lower ones have there. */
    record Hidden() implements Answer {}
  }

  LowerTrees(List<Path> rootsBottomFirst, OverlayForm form) {
    this.rootsTopFirst = rootsBottomFirst.reversed();
    this.form = form;
  }

  @Override
  public @Nullable Stat find(List<byte[]> path) throws KernelException, LayerFormatException {
    for (Path root : rootsTopFirst) {
      switch (ask(root, path)) {
        case Answer.Found(Stat stat) -> {
          return stat;
        }
        case Answer.Hidden() -> {
          return null;
        }
        case Answer.Unknown() -> {}
      }
    }
    return null;
  }

  private Answer ask(Path root, List<byte[]> path) throws KernelException, LayerFormatException {
    DirFd at = DirFd.open(root.toString());
    boolean opaque = false;
    try {
      for (byte[] name : path) {
        Stat stat = at.statOrNull(name);
        if (stat == null) {
          return opaque ? new Answer.Hidden() : new Answer.Unknown();
        }
        if ((stat.mode() & Stat.S_IFMT) == Stat.S_IFCHR) {
          return new Answer.Hidden();
        }
        if (!stat.isDirectory()) {
          throw new LayerFormatException(
              Names.joined(path),
              "is used as a directory, and a lower layer has something else there");
        }
        opaque |= at.getXattr(name, form.opaqueAttribute()) != null;
        DirFd next = at.openDir(name);
        at.close();
        at = next;
      }
      return new Answer.Found(at.self().stat());
    } catch (KernelException e) {
      // A component that vanished: trees are not changed, so somebody did.
      if (e.is(Errno.ENOENT)) {
        throw new LayerFormatException("a lower tree changed meanwhile");
      }
      throw e;
    } finally {
      at.close();
    }
  }
}
