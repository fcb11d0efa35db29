package rkt.stage1.render;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;

/**
 * Renders the layers of one image that are not there. Layers are extracted beside each other and
 * begun bottom first; they are finished and made visible bottom first too, here. Two processes with
 * common layers cannot wait for each other: who holds the lock of a layer waits for lower ones
 * alone, and has begun those before.
 */
final class ImageBuild {
  private final Path trees;
  private final Path locks;
  private final BlobSource blobs;
  private final Limits limits;
  private final OverlayForm form;
  private final String bootId;

  ImageBuild(
      Path trees, Path locks, BlobSource blobs, Limits limits, OverlayForm form, String bootId) {
    this.trees = trees;
    this.locks = locks;
    this.blobs = blobs;
    this.limits = limits;
    this.form = form;
    this.bootId = bootId;
  }

  /** A layer that this process builds, and the lock that says so. */
  private record Claim(LayerBuild build, FileFd lock, DirFd trees) implements AutoCloseable {
    @Override
    public void close() throws KernelException {
      // The lock last: whoever waits for it finds the staging directory gone or the tree there.
      try (trees;
          lock;
          build) {
        return;
      }
    }
  }

  void build(Image image, List<String> names) throws RktException, KernelException, IOException {
    if (!image.steps().isEmpty()) {
      assemble(image, names.get(0));
      return;
    }
    boolean aci = image.id().kind() == ImageId.Kind.ACI;
    List<Path> lowers = new ArrayList<>();
    try (Workers<Claim> workers = new Workers<>(names.size())) {
      for (int i = 0; i < names.size(); i++) {
        Layer layer = image.layers().get(i);
        String name = names.get(i);
        workers.submit(() -> claimAndExtract(layer, name, aci));
      }
      for (String name : names) {
        try (Claim claim = workers.take()) {
          if (claim != null) {
            publish(claim, name, lowers);
          }
        }
        lowers.add(TreeCache.rootfs(trees, name));
      }
    }
  }

  private void publish(Claim claim, String name, List<Path> lowers)
      throws RktException, KernelException {
    LayerBuild build = claim.build();
    build.finish(new LowerTrees(List.copyOf(lowers), form), form);
    TreeMark.write(build.staging().dir(), bootId);
    removeUnusable(claim.trees(), name);
    build.staging().moveTo(claim.trees(), Names.of(name));
  }

  private void assemble(Image image, String name)
      throws RktException, KernelException, IOException {
    try (DirFd dir = DirFd.open(trees.toString());
        FileFd _ = lock(name)) {
      if (TreeMark.read(trees.resolve(name), bootId) == TreeMark.State.ABSENT) {
        try (LayerBuild build = new AciAssembly(image, dir, "", blobs, limits).build()) {
          TreeMark.write(build.staging().dir(), bootId);
          removeUnusable(dir, name);
          build.staging().moveTo(dir, Names.of(name));
        }
      }
    }
  }

  /** Null if another process, or an earlier run, has made the tree. */
  private @Nullable Claim claimAndExtract(Layer layer, String name, boolean aci)
      throws RktException, KernelException, IOException {
    DirFd dir = DirFd.open(trees.toString());
    FileFd lock = null;
    LayerBuild build = null;
    try {
      lock = lock(name);
      if (TreeMark.read(trees.resolve(name), bootId) == TreeMark.State.ABSENT) {
        build = new LayerBuild(layer, dir, "", limits);
        build.extract(blobs, limits, aci);
        Claim claim = new Claim(build, lock, dir);
        build = null;
        lock = null;
        dir = null;
        return claim;
      }
      return null;
    } finally {
      closeAll(build, lock, dir);
    }
  }

  private FileFd lock(String name) throws KernelException {
    try (DirFd dir = DirFd.open(locks.toString())) {
      int flags = DirFd.O_RDWR | DirFd.O_CREAT | DirFd.O_NOFOLLOW;
      FileFd lock = dir.open(Names.of("tree-" + name), flags, 0600, DirFd.Resolve.NO_SYMLINKS);
      lock.lock(true);
      return lock;
    }
  }

  /** A tree without a mark that holds: of an earlier boot, whose data may not have arrived. */
  private static void removeUnusable(DirFd dir, String name) throws KernelException {
    byte[] bytes = Names.of(name);
    if (dir.statOrNull(bytes) == null) {
      return;
    }
    try (Staging grave = Staging.create(dir, "")) {
      dir.renameNew(bytes, grave.dir(), Names.of("tree"));
    } catch (KernelException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
  }

  private static void closeAll(
      @Nullable LayerBuild build, @Nullable FileFd lock, @Nullable DirFd dir)
      throws KernelException {
    try (dir;
        lock;
        build) {
      return;
    }
  }
}
