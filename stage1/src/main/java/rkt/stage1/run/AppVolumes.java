package rkt.stage1.run;

import static rkt.kernel.MountAttribute.NO_DEV;
import static rkt.kernel.MountAttribute.NO_SUID;
import static rkt.kernel.MountAttribute.READ_ONLY;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.kernel.DetachedMount;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.MountAttribute;
import rkt.kernel.Names;
import rkt.spec.image.App;
import rkt.stage1.StageException;

/** Mounts the volumes of an app into its root. spec/pod.md#volumes */
final class AppVolumes {
  private final Path podDirectory;
  private final PodDisk disk;
  private final List<Volume> volumes;

  AppVolumes(Path podDirectory, PodDisk disk, List<Volume> volumes) {
    this.podDirectory = podDirectory;
    this.disk = disk;
    this.volumes = List.copyOf(volumes);
  }

  /** Mounts what {@code app} asks for: what the command line says, then what the image expects. */
  void mount(AppRoot root, AppRequest app) throws StageException {
    List<String> targets = new ArrayList<>();
    for (Mounting mounting : app.storage().mounts()) {
      targets.add(mounting.target());
      mount(root, named(mounting.volume()), mounting.target(), false);
    }
    for (App.MountPoint point : app.app().mountPoints()) {
      String target = Mounting.checked(point.name(), point.path()).target();
      if (!targets.contains(target)) {
        mountPoint(root, app, point, target);
      }
    }
  }

  /**
   * A mount point that the command line does not mention takes the volume of its name. Without one
   * it stays part of the app's own root, which is as fresh and as private as an empty volume and
   * already holds the image's files; a read-only root gets an empty volume instead.
   */
  private void mountPoint(AppRoot root, AppRequest app, App.MountPoint point, String target)
      throws StageException {
    for (Volume volume : volumes) {
      if (volume.name().equals(point.name())) {
        mount(root, volume, target, point.readOnly());
        return;
      }
    }
    if (app.storage().readOnlyRoot() && !point.readOnly()) {
      mount(root, new Volume.Empty(app.name() + "." + point.name(), 0755, 0, 0), target, false);
    } else {
      root.makeDirectory(target);
    }
  }

  private Volume named(String name) throws StageException {
    for (Volume volume : volumes) {
      if (volume.name().equals(name)) {
        return volume;
      }
    }
    throw StageException.usage(
        "a mount names the volume \"" + name + "\", which the pod does not have",
        "add --volume=" + name + ",kind=host,source=/PATH or --volume=" + name + ",kind=empty");
  }

  private void mount(AppRoot root, Volume volume, String target, boolean readOnly)
      throws StageException {
    switch (volume) {
      case Volume.Host host -> mountHost(root, host, target, readOnly || host.readOnly());
      case Volume.Empty empty -> mountEmpty(root, empty, target, readOnly);
    }
  }

  private void mountHost(AppRoot root, Volume.Host volume, String target, boolean readOnly)
      throws StageException {
    byte[] inRoot = Names.of(volume.source().toString().substring(1));
    byte[] path = inRoot.length == 0 ? Names.of(".") : inRoot;
    try (DirFd slash = DirFd.open("/");
        FileFd source = slash.open(path, DirFd.O_PATH, 0, DirFd.Resolve.NO_SYMLINKS);
        DetachedMount mount = clone(Fd.adopt(source.number()), volume.recursive())) {
      disk.map(mount, volume.source());
      mount.forbid(attributes(readOnly));
      try (Place place = root.place(target, source.stat().isDirectory())) {
        root.mount(mount, place, target, AppRoot.Keeper.HOST);
      }
    } catch (KernelException e) {
      throw StageException.run(
          "cannot use " + volume.source() + " as the volume \"" + volume.name() + "\"",
          e.is(Errno.ELOOP)
              ? "a part of this path is a symbolic link: name the place that it leads to"
              : "the source of a volume must exist: make it, or name another",
          e);
    }
  }

  private void mountEmpty(AppRoot root, Volume.Empty volume, String target, boolean readOnly)
      throws StageException {
    try (DirFd pod = DirFd.open(disk.path(podDirectory))) {
      DirFd all = child(pod, "volumes");
      try (all;
          DirFd own = child(all, volume.name());
          DetachedMount mount = clone(Fd.adopt(own.number()), false)) {
        own.self().chown(disk.outside(volume.uid()), disk.outside(volume.gid()));
        own.self().chmod(volume.mode());
        mount.forbid(attributes(readOnly));
        try (Place place = root.place(target, true)) {
          root.mount(mount, place, target, AppRoot.Keeper.POD);
        }
      }
    } catch (KernelException e) {
      throw StageException.run("cannot make the volume \"" + volume.name() + "\"", null, e);
    }
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
