package rkt.stage1.run;

import static rkt.kernel.MountAttribute.NO_DEV;
import static rkt.kernel.MountAttribute.NO_EXEC;
import static rkt.kernel.MountAttribute.NO_SUID;
import static rkt.kernel.MountAttribute.READ_ONLY;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import rkt.kernel.DetachedMount;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.MountAttribute;
import rkt.kernel.Names;
import rkt.kernel.NewFilesystem;
import rkt.stage1.StageException;

/**
 * Mounts volumes, file systems in memory and the image's own mount points into the root of an app.
 * spec/pod.md#volumes
 */
final class AppVolumes implements AutoCloseable {
  private final Path podDirectory;
  private final PodDisk disk;
  private final List<Volume> volumes;
  private final WritableLayer writable;

  /** Volumes of the host that were cloned ahead, while they were shared with it. */
  private final Map<String, DetachedMount> shared = new HashMap<>();

  /**
   * @param volumes of the pod
   * @param writable of the app
   */
  AppVolumes(Path podDirectory, PodDisk disk, List<Volume> volumes, WritableLayer writable) {
    this.podDirectory = podDirectory;
    this.disk = disk;
    this.volumes = List.copyOf(volumes);
    this.writable = writable;
  }

  /**
   * Clones the host's volumes now: as long as what is mounted in their sources appears in the
   * clones, and the other way round.
   */
  void share() throws StageException {
    for (Volume volume : volumes) {
      if (volume instanceof Volume.Host host) {
        try (FileFd source = source(host)) {
          shared.put(host.name(), clone(Fd.adopt(source.number()), host.recursive()));
        } catch (KernelException e) {
          throw unusable(host, e);
        }
      }
    }
  }

  @Override
  public void close() {
    for (DetachedMount mount : shared.values()) {
      mount.close();
    }
  }

  /** Mounts what {@code app} asks for: what the command line says, then what the image expects. */
  void mount(AppRoot root, AppRequest app) throws StageException {
    for (MountPlan.Step step : MountPlan.of(app, volumes)) {
      if (step instanceof MountPlan.OfVolume of) {
        mountVolume(root, of);
      } else if (step instanceof MountPlan.OfTmpfs of) {
        mountTmpfs(root, of.tmpfs());
      } else if (step instanceof MountPlan.OfImage of) {
        mountCopy(root, of);
      }
    }
  }

  private void mountVolume(AppRoot root, MountPlan.OfVolume of) throws StageException {
    if (of.volume() instanceof Volume.Host host) {
      mountHost(root, host, of.target(), of.readOnly());
    } else if (of.volume() instanceof Volume.Empty empty) {
      mountEmpty(root, empty, of);
    }
  }

  private void mountHost(AppRoot root, Volume.Host volume, String target, boolean readOnly)
      throws StageException {
    DetachedMount early = shared.remove(volume.name());
    try (FileFd source = source(volume);
        DetachedMount mount =
            early != null ? early : clone(disk, Fd.adopt(source.number()), volume.recursive())) {
      disk.map(mount, volume.source());
      mount.forbid(attributes(readOnly));
      try (Place place = root.place(target, source.stat().isDirectory())) {
        root.warnIfHidden(place, target);
        root.mount(mount, place, target, AppRoot.Keeper.HOST);
      }
    } catch (KernelException e) {
      throw unusable(volume, e);
    }
  }

  private static FileFd source(Volume.Host volume) throws KernelException {
    byte[] inRoot = Names.of(volume.source().toString().substring(1));
    byte[] path = inRoot.length == 0 ? Names.of(".") : inRoot;
    try (DirFd slash = DirFd.open("/")) {
      return slash.open(path, DirFd.O_PATH, 0, DirFd.Resolve.NO_SYMLINKS);
    }
  }

  private static StageException unusable(Volume.Host volume, KernelException e) {
    return StageException.run(
        "cannot use " + volume.source() + " as the volume \"" + volume.name() + "\"",
        e.is(Errno.ELOOP)
            ? "a part of this path is a symbolic link: name the place that it leads to"
            : "the source of a volume must exist: make it, or name another",
        e);
  }

  private void mountEmpty(AppRoot root, Volume.Empty volume, MountPlan.OfVolume of)
      throws StageException {
    requireOwner(volume.uid(), volume.gid(), "the volume \"" + volume.name() + "\"");
    try (DirFd all = WritableLayer.volumesOf(disk.path(podDirectory))) {
      boolean isNew = all.statOrNull(Names.of(volume.name())) == null;
      try (DirFd own = child(all, volume.name());
          DetachedMount mount = clone(Fd.adopt(own.number()), false);
          Place place = root.place(of.target(), true)) {
        if (isNew) {
          own.self().chown(disk.outside(volume.uid()), disk.outside(volume.gid()));
          own.self().chmod(volume.mode());
        }
        mount.forbid(attributes(of.readOnly()));
        root.warnIfHidden(place, of.target());
        root.mount(mount, place, of.target(), AppRoot.Keeper.POD);
      }
    } catch (KernelException e) {
      throw StageException.run("cannot make the volume \"" + volume.name() + "\"", null, e);
    }
  }

  private void requireOwner(int uid, int gid, String of) throws StageException {
    if (!disk.has(uid, gid)) {
      throw StageException.run(
          of + " cannot belong to " + uid + ":" + gid + ": the pod has no such user or group",
          "choose uid=N and gid=N below 65536, or among those that are mapped here");
    }
  }

  /** What the image has at its mount point, in a fresh directory that the app may fill. */
  private void mountCopy(AppRoot root, MountPlan.OfImage of) throws StageException {
    try (DirFd all = writable.volumes(disk.path(podDirectory));
        DirFd own = child(all, of.directory());
        DetachedMount mount = clone(Fd.adopt(own.number()), false);
        Place place = root.place(of.target(), true)) {
      if (place.isMade()) {
        own.self().chmod(0755);
      } else {
        ContentCopy.copy(place.directory(), own);
      }
      mount.forbid(attributes(of.readOnly()));
      root.mount(mount, place, of.target(), AppRoot.Keeper.POD);
    } catch (KernelException e) {
      throw StageException.run(
          "cannot make a volume of what the image has at " + of.target(),
          "make room for a copy, or mount a volume of yours there: --volume, --mount",
          e);
    }
  }

  private void mountTmpfs(AppRoot root, Tmpfs tmpfs) throws StageException {
    requireOwner(tmpfs.uid(), tmpfs.gid(), "the tmpfs at " + tmpfs.target());
    try (NewFilesystem filesystem = NewFilesystem.open("tmpfs")) {
      filesystem.set("size", Long.toString(tmpfs.bytes()));
      filesystem.set("nr_inodes", Long.toString(tmpfs.files()));
      filesystem.set("mode", Integer.toOctalString(tmpfs.mode()));
      try (DetachedMount mount = filesystem.mount(attributes(false));
          DirFd own = mount.directory();
          Place place = root.place(tmpfs.target(), true, Tmpfs.SHM)) {
        if (tmpfs.uid() != 0 || tmpfs.gid() != 0) {
          own.self().chown(disk.outside(tmpfs.uid()), disk.outside(tmpfs.gid()));
          own.self().chmod(tmpfs.mode()); // which chown may have changed
        }
        if (!tmpfs.executable()) {
          mount.forbid(NO_EXEC);
        }
        if (tmpfs.readOnly()) {
          mount.forbid(READ_ONLY); // not before it has its owner
        }
        root.warnIfHidden(place, tmpfs.target());
        root.mount(mount, place, tmpfs.target(), AppRoot.Keeper.POD);
      }
    } catch (KernelException e) {
      throw StageException.run("cannot mount a tmpfs at " + tmpfs.target(), null, e);
    }
  }

  private static DetachedMount clone(PodDisk disk, Fd source, boolean recursive)
      throws KernelException {
    return recursive ? disk.cloneOf(source) : DetachedMount.cloneOfThisOnly(source);
  }

  private static DetachedMount clone(Fd source, boolean recursive) throws KernelException {
    return recursive ? DetachedMount.cloneOf(source) : DetachedMount.cloneOfThisOnly(source);
  }

  private static DirFd child(DirFd parent, String name) throws KernelException {
    byte[] child = Names.of(name);
    if (parent.statOrNull(child) == null) {
      parent.mkdir(child, 0700);
    }
    return parent.openDir(child);
  }

  private static MountAttribute[] attributes(boolean readOnly) {
    return readOnly
        ? new MountAttribute[] {READ_ONLY, NO_DEV, NO_SUID}
        : new MountAttribute[] {NO_DEV, NO_SUID};
  }
}
