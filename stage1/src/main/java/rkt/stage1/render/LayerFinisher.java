package rkt.stage1.render;

import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;

/**
 * What can be done only when all entries are placed: whiteouts, which apply to lower layers and not
 * to this one, wherever they stand in the tar; and owner, mode and times of directories, of which
 * those that the layer only implies are taken from below.
 */
final class LayerFinisher {
  private static final byte[] YES = Names.of("y");
  private static final int IMPLIED_MODE = 0755;

  private final LayerExtractor layer;
  private final LowerView lower;
  private final OverlayForm form;

  LayerFinisher(LayerExtractor layer, LowerView lower, OverlayForm form) {
    this.layer = layer;
    this.lower = lower;
    this.form = form;
  }

  void finish() throws KernelException, LayerFormatException {
    layer.stack().leaveAll();
    finish(layer.rootNode(), false);
    layer.stack().leaveAll();
  }

  /** Sets what {@code entry} says of the directory {@code dir}; the times last. */
  static void describe(DirFd dir, TarEntry entry) throws KernelException {
    dir.self().chown(entry.uid, entry.gid);
    dir.self().chmod(entry.mode);
    EntryXattrs.apply(entry, dir.self());
    dir.self().times(entry.mtimeSeconds, entry.mtimeNanos);
  }

  /** The node and what is below it; {@code covered} if no lower layer shows through up to it. */
  private void finish(DirNode node, boolean covered) throws KernelException, LayerFormatException {
    boolean unseen = covered || node.replaced;
    if (node.entry == null) {
      node.entry = implied(node, unseen ? LowerView.NOTHING : lower);
    }
    if (!node.hidden().isEmpty()) {
      whiteOut(node);
    }
    if (form != OverlayForm.NONE && node.opaque) {
      layer.stack().enter(node).self().setXattr(form.opaqueAttribute(), YES);
    }
    if (node.dirty) {
      describe(layer.stack().enter(node), node.entry);
      node.dirty = false;
    }
    for (DirNode child : node.children()) {
      finish(child, unseen || node.opaque);
    }
  }

  private void whiteOut(DirNode node) throws KernelException {
    for (byte[] hidden : node.hidden()) {
      DirNode child = node.child(hidden);
      if (child != null) {
        // The layer removes a directory and puts another in its place.
        child.opaque = true;
        child.replaced = true;
      } else if (form != OverlayForm.NONE) {
        whiteOut(layer.stack().enter(node), hidden);
      }
    }
  }

  private static void whiteOut(DirFd dir, byte[] hidden) throws KernelException {
    // A file of that name in this layer replaces the lower one by itself.
    if (dir.statOrNull(hidden) == null) {
      dir.mknod(hidden, Stat.S_IFCHR, 0);
      // Not the time of this run: rendering a layer twice gives the same tree.
      dir.times(hidden, 0, 0);
    }
  }

  /** What an implied directory is: as the layers below have it, else a plain one of root. */
  private static TarEntry implied(DirNode node, LowerView lower)
      throws KernelException, LayerFormatException {
    TarEntry entry = new TarEntry();
    Stat below = lower.find(node.path());
    if (below == null) {
      entry.mode = IMPLIED_MODE;
      return entry;
    }
    entry.mode = below.permissions();
    entry.uid = below.uid();
    entry.gid = below.gid();
    entry.mtimeSeconds = below.mtimeSeconds();
    entry.mtimeNanos = below.mtimeNanos();
    return entry;
  }
}
