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
 * Renders the layers of one image that are not there. Layers are extracted beside each other, the
 * largest first; they are finished and made visible bottom first, here. Two processes with common
 * layers cannot wait for each other: locks are taken bottom first, all before the work begins.
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

  /** The locks of an image's layers, bottom first; null where there is nothing to build. */
  private static final class Locks implements AutoCloseable {
    private final List<@Nullable FileFd> held = new ArrayList<>();

    /** Lets go of the lock of one layer. */
    void release(int layer) {
      FileFd lock = held.set(layer, null);
      if (lock != null) {
        lock.close();
      }
    }

    @Override
    public void close() {
      for (int i = 0; i < held.size(); i++) {
        release(i);
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
    try (DirFd dir = openTrees();
        Locks locked = lockMissing(names);
        Workers<LayerBuild> workers = extract(image, locked, dir, aci)) {
      for (int i = 0; i < names.size(); i++) {
        if (locked.held.get(i) != null) {
          try (LayerBuild build = workers.take()) {
            publish(build, dir, names.get(i), lowers);
          }
          locked.release(i);
        }
        lowers.add(TreeCache.rootfs(trees, names.get(i)));
      }
    }
  }

  /**
   * Waits for whoever builds one of the trees, bottom first, and locks those that are to be built.
   */
  private Locks lockMissing(List<String> names) throws KernelException, IOException {
    Locks locks = new Locks();
    boolean done = false;
    try {
      for (String name : names) {
        locks.held.add(lock(name));
        if (TreeMark.read(trees.resolve(name), bootId) != TreeMark.State.ABSENT) {
          locks.release(locks.held.size() - 1);
        }
      }
      done = true;
      return locks;
    } finally {
      if (!done) {
        locks.close();
      }
    }
  }

  /** Begins to extract the layers that are locked, each in a staging directory of {@code dir}. */
  private Workers<LayerBuild> extract(Image image, Locks locked, DirFd dir, boolean aci) {
    List<Workers.Task<LayerBuild>> tasks = new ArrayList<>();
    for (int i = 0; i < locked.held.size(); i++) {
      if (locked.held.get(i) != null) {
        Layer layer = image.layers().get(i);
        tasks.add(
            new Workers.Task<>(
                layer.sizeBytes(), () -> LayerBuild.extracted(layer, dir, "", blobs, limits, aci)));
      }
    }
    return new Workers<>(tasks);
  }

  private void publish(LayerBuild build, DirFd dir, String name, List<Path> lowers)
      throws RktException, KernelException {
    build.finish(new LowerTrees(List.copyOf(lowers), form), form);
    TreeMark.write(build.staging().dir(), bootId);
    removeUnusable(dir, name);
    build.staging().moveTo(dir, Names.of(name));
  }

  private void assemble(Image image, String name)
      throws RktException, KernelException, IOException {
    try (DirFd dir = openTrees();
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

  private DirFd openTrees() throws KernelException {
    DirFd dir = DirFd.open(trees.toString());
    // ext4 puts a tree where another was just removed, and searches past each freed inode.
    dir.adviseUnrelated();
    return dir;
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
}
