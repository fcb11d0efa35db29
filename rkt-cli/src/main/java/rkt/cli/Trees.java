package rkt.cli;

import java.util.HashSet;
import java.util.Set;
import rkt.spec.RktException;
import rkt.spec.store.Store;
import rkt.spec.store.StoredImage;
import rkt.stage1.pod.Pods;
import rkt.stage1.render.BlobSource;
import rkt.stage1.render.Limits;
import rkt.stage1.render.TreeCache;

/** The rendered trees of the data directory, over the blobs of its store. */
final class Trees {
  private Trees() {}

  /** Removes the trees that neither an image in the store nor a running pod needs. */
  static void removeUnneeded(Settings settings, Store store) throws RktException {
    Pods pods = new Pods(settings.dir());
    of(settings, store)
        .removeUnneeded(() -> {
          Set<String> needed = new HashSet<>(pods.treesInUse());
          for (StoredImage image : store.list()) {
            needed.addAll(TreeCache.treeNames(image.image()));
          }
          return needed;
        });
  }

  /** Removes half-made trees, and lets whole ones survive a power loss. */
  static void tidy(Settings settings, Store store) throws RktException {
    TreeCache trees = of(settings, store);
    trees.sweep();
    trees.sync();
  }

  static TreeCache of(Settings settings, Store store) {
    return new TreeCache(settings.dir(), BlobSource.of(store), Limits.DEFAULT);
  }
}
