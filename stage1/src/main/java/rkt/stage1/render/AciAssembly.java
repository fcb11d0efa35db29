package rkt.stage1.render;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;
import rkt.spec.RktException;
import rkt.spec.image.AciStep;
import rkt.spec.image.Image;

/**
 * Assembles an ACI with dependencies: depth first, each laid over what was there, and where one has
 * a path whitelist, what is not in it removed from all that its part of the way made.
 * spec/rendering.md#dependencies
 */
final class AciAssembly {
  private final Image image;
  private final List<AciStep> steps;
  private final DirFd parent;
  private final String prefix;
  private final BlobSource blobs;
  private final Limits limits;

  /**
   * @param parent where staging directories are made; must stay open
   */
  AciAssembly(Image image, DirFd parent, String prefix, BlobSource blobs, Limits limits) {
    this.image = image;
    this.steps = image.steps();
    this.parent = parent;
    this.prefix = prefix;
    this.blobs = blobs;
    this.limits = limits;
  }

  /** The whole; the caller closes it. */
  LayerBuild build() throws RktException, KernelException {
    return build(0, steps.size() - 1);
  }

  /** The steps from {@code first} to {@code root}, which depends on the others of them. */
  private LayerBuild build(int first, int root) throws RktException, KernelException {
    LayerBuild base = null;
    boolean done = false;
    try {
      int at = first;
      while (at <= root) {
        int own = at < root ? partFrom(at, root) : -1;
        if (own >= 0) {
          base = laidOver(base, build(at, own));
          at = own + 1;
        } else {
          base = extractedOver(base, at);
          at++;
        }
      }
      if (base == null) {
        throw new IllegalStateException("an image without a layer");
      }
      List<String> whitelist = steps.get(root).pathWhitelist();
      if (!whitelist.isEmpty()) {
        prune(base.root(), new byte[0], allowed(whitelist));
      }
      done = true;
      return base;
    } finally {
      if (!done && base != null) {
        base.close();
      }
    }
  }

  /**
   * The last step before {@code root} whose part begins at {@code first} and has a whitelist, which
   * must not touch what other parts made; -1 if there is none.
   */
  private int partFrom(int first, int root) {
    int found = -1;
    int lowest = Integer.MAX_VALUE;
    for (int i = first; i < root; i++) {
      int level = steps.get(i).level();
      if (level < lowest && !steps.get(i).pathWhitelist().isEmpty()) {
        found = i;
      }
      lowest = Math.min(lowest, level);
    }
    return found;
  }

  private static LayerBuild laidOver(@Nullable LayerBuild base, LayerBuild part)
      throws KernelException {
    if (base == null) {
      return part;
    }
    try (part) {
      AciMerger.merge(part.root(), base.root());
    }
    return base;
  }

  private LayerBuild extractedOver(@Nullable LayerBuild base, int step)
      throws RktException, KernelException {
    LayerBuild next = new LayerBuild(image.layers().get(step), parent, prefix, limits);
    boolean kept = false;
    try {
      next.extract(blobs, limits, true);
      LowerView view = base == null ? LowerView.NOTHING : directoriesOf(base.root());
      next.finish(view, OverlayForm.NONE);
      if (base == null) {
        kept = true;
        return next;
      }
      TreeMerger.merge(next.rootNode(), next.root(), base.root());
      return base;
    } finally {
      if (!kept) {
        next.close();
      }
    }
  }

  /** What is no directory there will be replaced, whatever it is: no link is followed. */
  private static LowerView directoriesOf(DirFd base) {
    return path -> {
      DirFd at = base.openDir(new byte[] {'.'});
      try {
        for (byte[] name : path) {
          Stat stat = at.statOrNull(name);
          if (stat == null || !stat.isDirectory()) {
            return null;
          }
          DirFd next = at.openDir(name);
          at.close();
          at = next;
        }
        return at.self().stat();
      } finally {
        at.close();
      }
    };
  }

  private static Set<NameKey> allowed(List<String> whitelist) {
    Set<NameKey> allowed = new HashSet<>();
    for (String path : whitelist) {
      StringBuilder plain = new StringBuilder();
      for (String part : path.split("/", -1)) {
        if (!part.isEmpty() && !part.equals(".")) {
          plain.append(plain.isEmpty() ? "" : "/").append(part);
        }
      }
      allowed.add(new NameKey(Names.of(plain.toString())));
    }
    return allowed;
  }

  /** Removes what is not allowed; tells whether anything is left. */
  private static boolean prune(DirFd dir, byte[] path, Set<NameKey> allowed)
      throws KernelException {
    Stat before = dir.self().stat();
    boolean left = false;
    for (DirFd.Entry entry : dir.list()) {
      byte[] own = Names.joined(List.of(path, entry.name()));
      boolean keep = allowed.contains(new NameKey(own));
      if (dir.stat(entry.name()).isDirectory()) {
        try (DirFd child = dir.openDir(entry.name())) {
          keep |= prune(child, own, allowed);
        }
      }
      if (!keep) {
        dir.removeTree(entry.name());
      }
      left |= keep;
    }
    dir.self().times(before.mtimeSeconds(), before.mtimeNanos());
    return left;
  }
}
