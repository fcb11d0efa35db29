package rkt.stage1.run;

import static rkt.kernel.MountAttribute.NO_DEV;
import static rkt.kernel.MountAttribute.NO_EXEC;
import static rkt.kernel.MountAttribute.NO_SUID;
import static rkt.kernel.MountAttribute.READ_ONLY;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DetachedMount;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.HostFeatures;
import rkt.kernel.KernelException;
import rkt.kernel.MountAttribute;
import rkt.kernel.MountFlag;
import rkt.kernel.Mounts;
import rkt.kernel.Names;
import rkt.kernel.NewFilesystem;
import rkt.kernel.NotifySocket;
import rkt.kernel.Stat;
import rkt.stage1.StageException;
import rkt.stage1.render.TreeCache;

/**
 * The root of one app, as it is put together before anything of the image runs: overlay, /dev, /sys
 * and what is mounted into it. Everything below the root is reached through descriptors that were
 * opened without following links, because every name in it is the image's. The caller's thread has
 * a mount namespace of its own, private, so an exception needs no undoing: the mounts end with the
 * thread. spec/pod.md#root
 */
final class AppRoot implements AutoCloseable {
  private static final byte[] DEV = Names.of("dev");
  private static final byte[] NODES = Names.of(".nodes");

  private final String app;
  private final DirFd root;
  private final Places places;
  private final List<Mounted> mounted = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private @Nullable DetachedMount terminals;
  private @Nullable DirFd dev;

  /** Who keeps what is written to a mount. */
  enum Keeper {
    /** The host: nothing may be made there that the user did not make. */
    HOST,
    /** The pod, with which it ends. */
    POD
  }

  /**
   * @param path where it is, links followed
   * @param target as it was asked for
   */
  private record Mounted(String path, String target) {}

  private AppRoot(String app, DirFd root) throws KernelException {
    this.app = app;
    this.root = root;
    this.places = new Places(root);
  }

  /**
   * An app's root that is mounted already; closed with this.
   *
   * @param root a mount of its own
   */
  static AppRoot of(String app, DirFd root) throws KernelException {
    return new AppRoot(app, root);
  }

  /** What the user may not have meant, one line each. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** The root directory, for look-ups inside the image. */
  DirFd directory() {
    return root;
  }

  /**
   * Mounts the overlay. The calling thread has a working directory of its own, which is {@code /}
   * afterwards.
   *
   * @param at where, a directory of ours
   * @param layers the rendered trees, bottom first
   * @param writable for what the app changes
   * @param disk through which the layers are seen
   */
  static AppRoot mount(
      String app, String at, List<Path> layers, WritableLayer writable, PodDisk disk)
      throws StageException {
    List<DirFd> lower = new ArrayList<>();
    try {
      // Named by descriptor, and by nothing but its number, from where those are names: no path of
      // any length or content can break the option string, and 500 layers fit in its one page.
      StringBuilder options = new StringBuilder("lowerdir=");
      for (int i = layers.size() - 1; i >= 0; i--) {
        DirFd layer = DirFd.open(disk.path(layers.get(i)));
        lower.add(layer);
        options.append(layer.number()).append(i == 0 ? "" : ":");
      }
      DirFd upper = writable.upper();
      lower.add(upper);
      // The root of the overlay is the upper one: it must look like the image's.
      Stat top = lower.get(0).self().stat();
      upper.self().chown(top.uid(), top.gid());
      upper.self().chmod(top.permissions());
      DirFd work = writable.work();
      lower.add(work);
      options.append(",upperdir=").append(upper.number());
      options.append(",workdir=").append(work.number());
      if (TreeCache.needsUserXattr()) {
        options.append(",userxattr");
      }
      Mounts.changeDirectory("/proc/self/fd");
      try {
        Mounts.mount(
            "overlay", at, "overlay", options.toString(), MountFlag.NO_DEV, MountFlag.NO_SUID);
      } finally {
        Mounts.changeDirectory("/");
      }
      return of(app, DirFd.open(at));
    } catch (KernelException e) {
      throw StageException.run("cannot mount the root of app \"" + app + "\"", overlayFix(e), e);
    } finally {
      for (DirFd layer : lower) {
        layer.close();
      }
    }
  }

  private static String overlayFix(KernelException e) {
    try {
      if (!HostFeatures.hasFilesystem("overlay")) {
        return "this kernel has no overlay file system: load it with modprobe overlay";
      }
      if (e.is(Errno.EPERM) && !HostFeatures.isKernelAtLeast(5, 11)) {
        return "inside a user namespace overlay needs Linux 5.11, and this is "
            + HostFeatures.kernelRelease()
            + ": run as root";
      }
    } catch (KernelException unknown) {
      e.addSuppressed(unknown);
    }
    return "the file system of the data directory must serve as an overlay's upper directory: choose"
        + " another one with --dir, ext4, xfs or btrfs for example";
  }

  /** Mounts /dev: a fresh tmpfs with the devices that every program may expect, and no other. */
  void mountDev(HostDevices devices) throws StageException {
    try {
      requireDirectory("dev");
      // Without devices of its own: the nodes below are mounts, and an app with CAP_MKNOD must not
      // make the host's disks appear here.
      try (NewFilesystem filesystem = filesystem("tmpfs", "mode", "0755", "size", "64k");
          DetachedMount tmpfs = filesystem.mount(NO_SUID, NO_DEV, NO_EXEC)) {
        attach(root, tmpfs, DEV);
        // Never by its name again: it is this tmpfs, whatever is called /dev by now.
        DirFd directory = tmpfs.directory();
        dev = directory;
        fillDev(directory, devices);
      }
    } catch (KernelException e) {
      throw cannot("mount /dev", e);
    }
  }

  private void fillDev(DirFd dev, HostDevices devices) throws KernelException {
    devices.bindAll(dev);
    dev.symlink(Names.of("/proc/self/fd"), Names.of("fd"));
    dev.symlink(Names.of("/proc/self/fd/0"), Names.of("stdin"));
    dev.symlink(Names.of("/proc/self/fd/1"), Names.of("stdout"));
    dev.symlink(Names.of("/proc/self/fd/2"), Names.of("stderr"));
    dev.symlink(Names.of("pts/ptmx"), Names.of("ptmx"));
    byte[] pts = Names.of("pts");
    dev.mkdir(pts, 0755);
    try (NewFilesystem devpts =
        filesystem("devpts", "newinstance", null, "ptmxmode", "0666", "mode", "0620")) {
      terminals = devpts.mount(NO_SUID, NO_EXEC);
      attach(dev, terminals, pts);
    }
    mountBelow(dev, "shm", "tmpfs", "mode=1777,size=64m");
    mountBelow(dev, "mqueue", "mqueue", null);
  }

  /**
   * Adds the socket on which the app says that it is ready.
   *
   * @return our end of it, to be closed by the caller
   */
  Fd addNotifySocket() throws StageException {
    if (dev == null) {
      throw new IllegalStateException("/dev is not mounted yet");
    }
    try {
      return NotifySocket.bind(dev, Readiness.NAME);
    } catch (KernelException e) {
      throw cannot("make " + Readiness.SOCKET, e);
    }
  }

  /**
   * Adds devices of the host to /dev.
   *
   * @param foreign whether the root of the pod is not the owner of the host's nodes, and so gets
   *     nodes of its own
   */
  void addDevices(List<Device> devices, boolean foreign) throws StageException {
    if (devices.isEmpty()) {
      return;
    }
    if (dev == null) {
      throw new IllegalStateException("/dev is not mounted yet");
    }
    if (!foreign) {
      for (Device device : devices) {
        device.bindInto(dev, null);
      }
      return;
    }
    // A tmpfs on which devices work, for as long as it takes to bind single nodes of it.
    try (NewFilesystem filesystem = filesystem("tmpfs", "mode", "0700", "size", "64k");
        DetachedMount tmpfs = filesystem.mount(NO_SUID, NO_EXEC)) {
      dev.mkdir(NODES, 0700);
      attach(dev, tmpfs, NODES);
      try (DirFd nodes = tmpfs.directory()) {
        for (Device device : devices) {
          device.bindInto(dev, nodes);
        }
      }
      Mounts.changeDirectory("/proc/self/fd/" + dev.number());
      try {
        Mounts.unmount(Names.bytewise(NODES), Mounts.Unmount.LAZY);
      } finally {
        Mounts.changeDirectory("/");
      }
      dev.rmdir(NODES);
    } catch (KernelException e) {
      throw cannot("make device nodes", e);
    }
  }

  /**
   * The file system of the app's terminals, for {@link rkt.kernel.Terminal#open}: held since it was
   * made, so no name leads to another (CVE-2025-52565). Valid until {@link #close}.
   */
  Fd terminals() {
    if (terminals == null) {
      throw new IllegalStateException("/dev is not mounted yet");
    }
    return terminals.fd();
  }

  /** Mounts /sys, read-only: what the pod's network namespace shows. */
  void mountSys() throws StageException {
    try {
      requireDirectory("sys");
      attach(root, filesystem("sysfs"), Names.of("sys"), READ_ONLY, NO_SUID, NO_DEV, NO_EXEC);
    } catch (KernelException e) {
      if (!e.is(Errno.EPERM)) {
        throw cannot("mount /sys", e);
      }
      bindSys(); // a new one shows the network, which here belongs to somebody else
    }
  }

  /** The host's /sys and all below it, read-only. */
  private void bindSys() throws StageException {
    try (DirFd host = DirFd.open("/sys");
        DetachedMount mount = DetachedMount.cloneOf(Fd.adopt(host.number()));
        DirFd place = root.openDir(Names.of("sys"))) {
      mount.forbid(READ_ONLY, NO_SUID, NO_DEV, NO_EXEC);
      mount.attach(Fd.adopt(place.number()));
    } catch (KernelException e) {
      throw cannot("mount /sys", e);
    }
  }

  /** Makes sure that /proc can be mounted: it needs process 1 of the pod, which comes later. */
  void prepareProc() throws StageException {
    prepare("proc");
  }

  /** Makes sure that /sys can be mounted, by the process of an app of several. */
  void prepareSys() throws StageException {
    prepare("sys");
  }

  private void prepare(String name) throws StageException {
    try {
      requireDirectory(name);
    } catch (KernelException e) {
      throw cannot("mount /" + name, e);
    }
  }

  /**
   * The place for a mount at {@code target}, which is made if it is not there.
   *
   * @param target absolute in the image; links in it are followed inside the root only
   * @throws StageException also if the image has a link there that leads to what is the runtime's,
   *     or to another mount
   */
  Place place(String target, boolean isDirectory) throws StageException {
    return place(target, isDirectory, "");
  }

  /**
   * The same.
   *
   * @param allowed the one place of the runtime's own that it may be; empty for none
   */
  Place place(String target, boolean isDirectory, String allowed) throws StageException {
    try {
      Place place = placeOf(target, isDirectory);
      try {
        requireFree(places.pathOf(place.file()), target, allowed);
        return place;
      } catch (KernelException | StageException e) {
        place.close();
        throw e;
      }
    } catch (KernelException e) {
      throw cannot("mount a volume at " + target, e);
    }
  }

  /** What is mounted and where are both directories, or neither is. */
  private Place placeOf(String target, boolean isDirectory) throws KernelException, StageException {
    try {
      Place place = isDirectory ? places.directory(target) : places.file(target);
      if (!isDirectory && place.file().stat().isDirectory()) {
        place.close();
        throw otherKind(target, "a directory, and a file was to be mounted");
      }
      return place;
    } catch (KernelException e) {
      if (isDirectory && e.is(Errno.ENOTDIR)) {
        throw otherKind(target, "a file, and a directory was to be mounted");
      }
      throw e;
    }
  }

  private StageException otherKind(String target, String what) {
    return StageException.run(
        "cannot mount at " + target + " of app \"" + app + "\": there, its image has " + what,
        "choose another target");
  }

  /** Mounts at {@code place}, which was asked for as {@code target}. */
  void mount(DetachedMount mount, Place place, String target, Keeper keeper) throws StageException {
    try {
      mount.attach(place.fd());
      mounted.add(new Mounted(places.pathOf(place.file()), target));
      if (keeper == Keeper.POD) {
        places.own(mount);
      }
    } catch (KernelException e) {
      throw cannot("mount a volume at " + target, e);
    }
  }

  /** Says so if what the image has at {@code place} is hidden by a mount there. */
  void warnIfHidden(Place place, String target) throws StageException {
    try {
      if (place.hidesContent()) {
        warnings.add(
            "the mount at " + target + " of app \"" + app + "\" hides what the image has there");
      }
    } catch (KernelException e) {
      throw cannot("read " + target, e);
    }
  }

  /** Makes the directory {@code path} of the image if it is not there. */
  void makeDirectory(String path) throws StageException {
    try {
      places.directory(path).close();
    } catch (KernelException e) {
      throw cannot("make the directory " + path, e);
    }
  }

  /** Makes sure that there is a directory at {@code path} of the image, links followed inside. */
  void requireDirectory(String path, String fix) throws StageException {
    try {
      root.openDir(Names.of(path), DirFd.Resolve.IN_ROOT).close();
    } catch (KernelException e) {
      throw StageException.run(
          "cannot enter the working directory " + path + " of app \"" + app + "\"", fix, e);
    }
  }

  /**
   * Mounts the root again with other flags; what is mounted into it stays as it is.
   *
   * @param readOnly whether the image's own files cannot be changed
   * @param setuid whether setuid programs and file capabilities count
   */
  static void remount(String at, boolean readOnly, boolean setuid) throws StageException {
    try {
      List<MountFlag> flags =
          new ArrayList<>(List.of(MountFlag.REMOUNT, MountFlag.BIND, MountFlag.NO_DEV));
      if (readOnly) {
        flags.add(MountFlag.READ_ONLY);
      }
      if (!setuid) {
        flags.add(MountFlag.NO_SUID);
      }
      Mounts.mount(null, at, null, null, flags.toArray(new MountFlag[0]));
    } catch (KernelException e) {
      throw StageException.run("cannot change the flags of the root", null, e);
    }
  }

  @Override
  public void close() {
    if (terminals != null) {
      terminals.close();
    }
    if (dev != null) {
      dev.close();
    }
    root.close();
  }

  /**
   * Mount points of the runtime's own must be directories of the image, or be made now: a link in
   * their place would have the runtime write where the image says (CVE-2026-41579).
   */
  private void requireDirectory(String name) throws StageException, KernelException {
    byte[] child = Names.of(name);
    Stat stat = root.statOrNull(child);
    if (stat == null) {
      root.mkdir(child, 0755);
    } else if (!stat.isDirectory()) {
      throw StageException.run(
          "the image of app \"" + app + "\" has a /" + name + " that is not a directory",
          "use another image: this one is broken, or hostile");
    }
  }

  /**
   * A link of the image may lead a target that reads well to the root, or into /proc, /sys or /dev.
   * A volume there would replace what masks are made of: its {@code null}, a link into /proc, would
   * be bound writable over the files that we hide. Or it may lead to where another mount is, which
   * would be hidden; one below another is fine.
   */
  private void requireFree(String path, String target, String allowed) throws StageException {
    if (path.isEmpty() || (Mounting.isOurs(path) && !path.equals(allowed))) {
      throw StageException.run(
          "cannot mount a volume at "
              + target
              + " of app \""
              + app
              + "\": in this image it leads to "
              + (path.isEmpty() ? "/" : path)
              + ", which is the runtime's own",
          "choose another target with --mount, or use another image");
    }
    for (Mounted other : mounted) {
      if (other.path.equals(path) || other.path.startsWith(path + "/")) {
        throw StageException.run(
            "the mounts at " + other.target + " and " + target + " of app \"" + app + "\" overlap",
            "give them places that are not the same in this image");
      }
    }
  }

  private static NewFilesystem filesystem(String type, @Nullable String... options)
      throws KernelException {
    NewFilesystem filesystem = NewFilesystem.open(type);
    for (int i = 0; i < options.length; i += 2) {
      String key = options[i];
      String value = options[i + 1];
      if (key != null && value != null) {
        filesystem.set(key, value);
      } else if (key != null) {
        filesystem.set(key);
      }
    }
    return filesystem;
  }

  /** In {@code parent}, which nobody else has seen yet. */
  private static void mountBelow(DirFd parent, String name, String type, @Nullable String options)
      throws KernelException {
    parent.mkdir(Names.of(name), 0755);
    Mounts.mount(
        type,
        "/proc/self/fd/" + parent.number() + "/" + name,
        type,
        options,
        MountFlag.NO_SUID,
        MountFlag.NO_DEV,
        MountFlag.NO_EXEC);
  }

  private static void attach(
      DirFd parent, NewFilesystem filesystem, byte[] child, MountAttribute... attributes)
      throws KernelException {
    try (filesystem;
        DetachedMount mount = filesystem.mount(attributes)) {
      attach(parent, mount, child);
    }
  }

  private static void attach(DirFd parent, DetachedMount mount, byte[] child)
      throws KernelException {
    try (DirFd place = parent.openDir(child)) {
      mount.attach(Fd.adopt(place.number()));
    }
  }

  private StageException cannot(String what, KernelException e) {
    return StageException.run("cannot " + what + " of app \"" + app + "\"", null, e);
  }
}
