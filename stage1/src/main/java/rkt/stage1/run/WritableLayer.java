package rkt.stage1.run;

import java.nio.file.Path;
import rkt.kernel.DetachedMount;
import rkt.kernel.DirFd;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.MountAttribute;
import rkt.kernel.Names;
import rkt.kernel.NewFilesystem;

/**
 * Where what an app changes in its root is kept: on disk, without a bound of its own, or in a tmpfs
 * with one. See docs/adr/0005-the-writable-layer.md. spec/pod.md#root
 */
final class WritableLayer implements AutoCloseable {
  private static final byte[] VOLUMES = Names.of("volumes");

  private final DirFd directory;
  private final boolean inMemory;

  private WritableLayer(DirFd directory, boolean inMemory) {
    this.directory = directory;
    this.inMemory = inMemory;
  }

  /**
   * On disk.
   *
   * @param directory with {@code upper} and {@code work} in it
   */
  static WritableLayer onDisk(String directory) throws KernelException {
    return new WritableLayer(DirFd.open(directory), false);
  }

  /**
   * In memory: what is written counts as memory of the app that writes it. It goes with the mount
   * namespace of the calling thread.
   *
   * @param at a directory of ours to mount it at: an overlay takes no layer that is mounted nowhere
   * @param bytes how much can be stored; as many files can be as it has pages
   */
  static WritableLayer inMemory(Path at, long bytes) throws KernelException {
    try (NewFilesystem filesystem = NewFilesystem.open("tmpfs")) {
      filesystem.set("size", Long.toString(bytes));
      filesystem.set("nr_inodes", Long.toString(Tmpfs.filesFor(bytes)));
      filesystem.set("mode", "0700");
      try (DetachedMount mount = filesystem.mount(MountAttribute.NO_DEV, MountAttribute.NO_SUID);
          DirFd place = DirFd.open(at.toString())) {
        mount.attach(Fd.adopt(place.number()));
        DirFd directory = mount.directory();
        try {
          directory.mkdir(Names.of("upper"), 0755);
          directory.mkdir(Names.of("work"), 0700);
          directory.mkdir(VOLUMES, 0700);
          return new WritableLayer(directory, true);
        } catch (KernelException e) {
          directory.close();
          throw e;
        }
      }
    }
  }

  /** What the overlay keeps of the app's changes. */
  DirFd upper() throws KernelException {
    return directory.openDir(Names.of("upper"));
  }

  /** What the overlay needs beside that. */
  DirFd work() throws KernelException {
    return directory.openDir(Names.of("work"));
  }

  /**
   * Where the volumes are that the image asks for and nobody gave: within the same bound.
   *
   * @param podDirectory where they are if there is no bound
   */
  DirFd volumes(String podDirectory) throws KernelException {
    return inMemory ? directory.openDir(VOLUMES) : volumesOf(podDirectory);
  }

  /** Where the pod's volumes are, which its apps share. */
  static DirFd volumesOf(String podDirectory) throws KernelException {
    try (DirFd pod = DirFd.open(podDirectory)) {
      if (pod.statOrNull(VOLUMES) == null) {
        pod.mkdir(VOLUMES, 0700);
      }
      return pod.openDir(VOLUMES);
    }
  }

  @Override
  public void close() {
    directory.close();
  }
}
