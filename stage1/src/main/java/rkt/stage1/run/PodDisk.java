package rkt.stage1.run;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Descriptors;
import rkt.kernel.DetachedMount;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.OpenFlag;
import rkt.kernel.Propagation;
import rkt.stage1.StageException;

/**
 * The disk of this host as the users of a pod own it. On disk, what belongs to the pod's user 1000
 * belongs to 1000; a pod with private ids sees it through id-mapped mounts, so nothing is ever
 * chowned, and layers are shared by pods of different ids. mount_setattr(2), spec/pod.md#ids
 */
final class PodDisk implements AutoCloseable {
  private final PodUsers users;
  private final Path data;
  private final @Nullable Fd userNamespace;
  private final @Nullable DetachedMount mapped;

  private PodDisk(
      PodUsers users, Path data, @Nullable Fd userNamespace, @Nullable DetachedMount mapped) {
    this.users = users;
    this.data = data;
    this.userNamespace = userNamespace;
    this.mapped = mapped;
  }

  /**
   * The disk of a pod.
   *
   * @param data the data directory: one id-mapped mount of it serves every layer and every app
   * @param at a directory of ours to mount that at; something may be mounted over it afterwards
   * @param userNamespace the pod's, with its ids; null if it has none of its own
   */
  static PodDisk of(PodUsers users, Path data, String at, @Nullable Fd userNamespace)
      throws StageException {
    if (userNamespace == null || !users.arePrivate()) {
      return new PodDisk(users, data, null, null);
    }
    try (Fd source = Descriptors.open(data.toString(), OpenFlag.PATH, OpenFlag.DIRECTORY);
        Fd target = Descriptors.open(at, OpenFlag.PATH, OpenFlag.DIRECTORY)) {
      DetachedMount mapped = DetachedMount.cloneOf(source);
      try {
        mapped.mapIds(userNamespace);
        // An overlay takes no layers from a mount that is in no namespace before Linux 6.15.
        mapped.attach(target);
        return new PodDisk(users, data, userNamespace, mapped);
      } catch (KernelException e) {
        mapped.close();
        throw e;
      }
    } catch (KernelException e) {
      throw StageException.run(
          "cannot show the data directory " + data + " with the pod's ids", fix("--dir", e), e);
    }
  }

  /** A path in the data directory as the pod's users own it; ours, where that is the same. */
  String path(Path path) {
    if (mapped == null) {
      return path.toString();
    }
    return "/proc/self/fd/" + mapped.fd().number() + "/" + data.relativize(path);
  }

  /** The id here of the pod's id {@code inside}. */
  int outside(int inside) {
    return users.outside(inside);
  }

  /** Whether the pod has both, by its own numbers. */
  boolean has(int user, int group) {
    return users.hasUser(user) && users.hasGroup(group);
  }

  /**
   * What a bind mount of {@code source} and of all that is mounted below it would show, without the
   * mounts of the pod itself: they stand in the data directory, which may be below {@code source}.
   */
  DetachedMount cloneOf(Fd source) throws KernelException {
    if (mapped == null) {
      return DetachedMount.cloneOf(source);
    }
    mapped.propagate(Propagation.UNBINDABLE);
    try {
      return DetachedMount.cloneOf(source);
    } finally {
      mapped.propagate(Propagation.PRIVATE);
    }
  }

  /**
   * Has what {@code volume} shows, mounts below it included, belong to the pod's users of the same
   * numbers as on disk.
   *
   * @param source its place on the host
   */
  void map(DetachedMount volume, Path source) throws StageException {
    if (userNamespace != null) {
      try {
        volume.mapIds(userNamespace);
      } catch (KernelException e) {
        throw StageException.run(
            "cannot show " + source + " with the pod's ids", fix("--volume=…,source=", e), e);
      }
    }
  }

  private static String fix(String option, KernelException e) {
    String file =
        e.is(Errno.EINVAL)
            ? "its file system cannot do that, or one mounted below it, which recursive=false"
                + " leaves out"
            : "";
    return (file.isEmpty() ? "" : file + ": ")
        + "choose a place on ext4, xfs, btrfs, or tmpfs since Linux 6.3, with "
        + option
        + ", or run the pod's root as the host's with --insecure-options=userns";
  }

  /** Closes the descriptor; what was mounted lives as long as its namespace. */
  @Override
  public void close() {
    if (mapped != null) {
      mapped.close();
    }
  }
}
