package rkt.stage1.render;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.RktException;
import rkt.spec.image.Image;

/**
 * The rendered layers of a data directory: {@code trees/<name>/rootfs}, one for each chain ID, used
 * by every pod as overlay lower directories and never changed. A tree is built aside and becomes
 * visible by one rename when it is whole; who needs a tree that another process is building waits
 * for that. spec/rendering.md#trees
 */
public final class TreeCache {
  private final Path trees;
  private final Path locks;
  private final BlobSource blobs;
  private final Limits limits;

  /**
   * @param dataDir the data directory; {@code trees/} and {@code locks/} are made in it
   */
  public TreeCache(Path dataDir, BlobSource blobs, Limits limits) {
    this.trees = dataDir.resolve("trees");
    this.locks = dataDir.resolve("locks");
    this.blobs = blobs;
    this.limits = limits;
  }

  /**
   * The lower directories of {@code image}, bottom first, rendered if they are not there.
   *
   * @throws RenderException if a layer is damaged or refused, or the system refuses; nothing that
   *     this call made is left then, but for whole trees of other layers
   */
  public List<Path> render(Image image) throws RktException {
    List<String> names = TreeNames.of(image);
    try {
      String bootId = TreeMark.bootId();
      if (!allComplete(names, bootId)) {
        makeDirectories();
        new ImageBuild(trees, locks, blobs, limits, Overlays.form(), bootId).build(image, names);
      }
    } catch (IOException e) {
      throw RenderException.system("render " + image.id() + " in " + trees, e);
    } catch (KernelException e) {
      throw RenderException.system("render " + image.id() + " in " + trees, e);
    }
    List<Path> lowers = new ArrayList<>(names.size());
    for (String name : names) {
      lowers.add(rootfs(trees, name));
    }
    return lowers;
  }

  /** Whether every tree of {@code image} is there, so that {@link #render} would do nothing. */
  public boolean isRendered(Image image) throws RktException {
    try {
      return allComplete(TreeNames.of(image), TreeMark.bootId());
    } catch (IOException e) {
      throw RenderException.system("read " + trees, e);
    }
  }

  /**
   * Compares the trees of {@code image} with what its layers make; repairs nothing. Each layer is
   * unpacked aside for it, one after the other, which needs room for the largest.
   *
   * @param image one whose blobs were just found to be right
   * @return a report on each tree, bottom first
   */
  public List<TreeReport> check(Image image) throws RktException {
    try (DirFd dir = keepAll()) {
      return new TreeCheck(trees, blobs, limits, Overlays.form(), TreeMark.bootId())
          .check(image, TreeNames.of(image), dir);
    } catch (IOException e) {
      throw RenderException.system("check the trees of " + image.id(), e);
    } catch (KernelException e) {
      throw RenderException.system("check the trees of " + image.id(), e);
    }
  }

  /** What can be said of the trees of an image whose layers are damaged. */
  public static List<TreeReport> unchecked(Image image) {
    List<TreeReport> reports = new ArrayList<>();
    for (String name : TreeNames.of(image)) {
      reports.add(new TreeReport(name, TreeReport.State.UNCHECKED, List.of()));
    }
    return reports;
  }

  /** The names under {@code trees/} that {@code image} uses: what a garbage collector keeps. */
  public static List<String> treeNames(Image image) {
    return TreeNames.of(image);
  }

  /** Whether overlays of these trees need the mount option {@code userxattr}. */
  public static boolean needsUserXattr() {
    return Overlays.form() == OverlayForm.USER;
  }

  /**
   * Keeps every tree where it is until the result is closed, in whatever process holds it: for as
   * long as it takes a pod to render, and to say in its record which trees it uses.
   */
  public DirFd keepAll() throws RktException {
    return lock(false);
  }

  /** A private directory beside the trees, for work that needs room; a later sweep finds it. */
  public Aside aside() throws RktException {
    try {
      makeDirectories();
    } catch (IOException e) {
      throw RenderException.system("make " + trees, e);
    }
    return Aside.in(trees);
  }

  /**
   * Waits until no pod is being made, and keeps others from being made until the result is closed:
   * for removing images that none of them uses.
   */
  public Pause pausePods() throws RktException {
    DirFd lock = lock(true);
    return lock::close;
  }

  /** As long as it is open, no pod is made. */
  public interface Pause extends AutoCloseable {
    @Override
    void close();
  }

  /** The names of all complete trees. */
  public List<String> names() throws RktException {
    if (!Files.isDirectory(trees)) {
      return List.of();
    }
    try (DirFd dir = DirFd.open(trees.toString())) {
      List<String> names = new ArrayList<>();
      for (DirFd.Entry entry : dir.list()) {
        String name = Names.printable(entry.name());
        if (!Staging.isOne(name)) {
          names.add(name);
        }
      }
      return names;
    } catch (KernelException e) {
      throw RenderException.system("read " + trees, e);
    }
  }

  /** What the tree called {@code name} takes on the disk; 0 if it is not there. */
  public long sizeBytes(String name) throws RktException {
    if (!Files.isDirectory(trees.resolve(name))) {
      return 0;
    }
    try (DirFd dir = DirFd.open(trees.resolve(name).toString())) {
      return TreeSize.of(dir);
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT)) {
        return 0; // Just removed.
      }
      throw RenderException.system("measure the tree " + name, e);
    }
  }

  /**
   * Removes the trees that nothing needs. Waits for pods that are just being made, and they wait.
   *
   * @param needed the names of those to keep; asked when no pod is being made
   * @return the names of those that were removed
   */
  public List<String> removeUnneeded(Needed needed) throws RktException {
    if (!Files.isDirectory(trees)) {
      return List.of();
    }
    try (DirFd dir = lock(true)) {
      Set<String> keep = needed.names();
      List<String> removed = new ArrayList<>();
      for (DirFd.Entry entry : dir.list()) {
        String name = Names.printable(entry.name());
        if (!Staging.isOne(name) && !keep.contains(name)) {
          remove(name);
          removed.add(name);
        }
      }
      return removed;
    } catch (KernelException e) {
      throw RenderException.system("read " + trees, e);
    }
  }

  /** Says which trees images and pods need. */
  public interface Needed {
    Set<String> names() throws RktException;
  }

  private DirFd lock(boolean exclusive) throws RktException {
    try {
      makeDirectories();
      DirFd dir = DirFd.open(trees.toString());
      dir.self().lock(exclusive);
      return dir;
    } catch (IOException e) {
      throw RenderException.system("make " + trees, e);
    } catch (KernelException e) {
      throw RenderException.system("lock " + trees, e);
    }
  }

  /** Removes what renders that were killed have left; how many of them. */
  public int sweep() throws RktException {
    if (!Files.isDirectory(trees)) {
      return 0;
    }
    try (DirFd dir = DirFd.open(trees.toString())) {
      return Staging.sweep(dir);
    } catch (KernelException e) {
      throw RenderException.system("sweep " + trees, e);
    }
  }

  /** Removes the tree called {@code name}, if it is there; only for one that no pod uses. */
  public void remove(String name) throws RktException {
    if (!Files.isDirectory(trees.resolve(name))) {
      return;
    }
    try (DirFd dir = DirFd.open(trees.toString());
        Staging grave = Staging.create(dir, "")) {
      // Out of sight by one rename first: a tree is there as a whole or not at all.
      dir.renameNew(Names.of(name), grave.dir(), Names.of("tree"));
    } catch (KernelException e) {
      throw RenderException.system("remove the tree " + name, e);
    }
  }

  /**
   * Lets the trees that are complete survive a power loss, which until then would rebuild them.
   * Nobody removes one meanwhile; others may sync them too.
   */
  public void sync() throws RktException {
    if (!Files.isDirectory(trees)) {
      return;
    }
    try (DirFd dir = keepAll()) {
      List<DirFd> unsynced = new ArrayList<>();
      String bootId = TreeMark.bootId();
      try {
        for (DirFd.Entry entry : dir.list()) {
          Path tree = trees.resolve(Names.printable(entry.name()));
          if (TreeMark.read(tree, bootId) == TreeMark.State.COMPLETE) {
            unsynced.add(dir.openDir(entry.name()));
          }
        }
        if (!unsynced.isEmpty()) {
          dir.self().syncFileSystem();
          markSynced(unsynced, dir);
        }
      } finally {
        for (DirFd tree : unsynced) {
          tree.close();
        }
      }
    } catch (IOException e) {
      throw RenderException.system("sync " + trees, e);
    } catch (KernelException e) {
      throw RenderException.system("sync " + trees, e);
    }
  }

  private static void markSynced(List<DirFd> unsynced, DirFd dir) throws KernelException {
    try (Staging staging = Staging.create(dir, "")) {
      for (DirFd tree : unsynced) {
        TreeMark.writeSynced(tree, staging.dir());
      }
    }
  }

  static Path rootfs(Path trees, String name) {
    return trees.resolve(name).resolve("rootfs");
  }

  private boolean allComplete(List<String> names, String bootId) throws IOException {
    for (String name : names) {
      if (TreeMark.read(trees.resolve(name), bootId) == TreeMark.State.ABSENT) {
        return false;
      }
    }
    return true;
  }

  private void makeDirectories() throws IOException {
    // Not readable for others: a set-user-id file in a tree must not be theirs to run.
    var ours = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    Files.createDirectories(trees, ours);
    Files.createDirectories(locks, ours);
  }
}
