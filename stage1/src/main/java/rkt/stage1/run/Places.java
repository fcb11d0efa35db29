package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DetachedMount;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.Stat;
import rkt.stage1.StageException;

/**
 * Finds or makes the places where volumes are mounted. Links are followed as the app would follow
 * them, inside its root; each step holds the descriptor of the one before, so exchanging a
 * directory for a link in between leads nowhere (CVE-2021-30465, CVE-2024-45310). Nothing is made
 * where the host would keep it: only on mounts that are the pod's own.
 */
final class Places {
  private final DirFd root;
  private final List<Long> ownMounts = new ArrayList<>();

  /**
   * @param root a mount of the pod's own
   */
  Places(DirFd root) throws KernelException {
    this.root = root;
    ownMounts.add(root.self().mountId());
  }

  /** Says that what is made below {@code mounted} ends with the pod: a tmpfs, an empty volume. */
  void own(DetachedMount mounted) throws KernelException {
    ownMounts.add(mounted.mountId());
  }

  /**
   * The directory at {@code path}, made with mode 0755 where it is missing.
   *
   * @throws StageException if it would have to be made in a directory of the host
   */
  Place directory(String path) throws KernelException, StageException {
    String[] names = path.split("/", -1);
    StringBuilder walked = new StringBuilder();
    boolean made = false;
    DirFd here = root.openDir(Names.of("."), DirFd.Resolve.IN_ROOT);
    try {
      for (String name : names) {
        if (!name.isEmpty()) {
          walked.append('/').append(name);
          byte[] whole = Names.of(walked.toString());
          DirFd next = findOrNull(whole);
          made = next == null;
          if (next == null) {
            requireOwn(here, path);
            byte[] child = Names.of(name);
            requireNoLink(here, child, walked.toString(), path);
            here.mkdir(child, 0755);
            next = here.openDir(child);
          }
          here.close();
          here = next;
        }
      }
    } catch (KernelException | StageException | RuntimeException | Error e) {
      here.close();
      throw e;
    }
    return Place.of(here, made);
  }

  /** The file at {@code path}, made empty where it is missing, as a descriptor to mount on. */
  Place file(String path) throws KernelException, StageException {
    int slash = path.lastIndexOf('/');
    byte[] name = Names.of(path.substring(slash + 1));
    boolean made = false;
    try (Place parent = directory(path.substring(0, slash))) {
      DirFd above = parent.directory();
      if (above.statOrNull(name) == null) {
        requireOwn(above, path);
        above.createFile(name, 0644).close();
        made = true;
      }
      try {
        return Place.of(root.open(Names.of(path), DirFd.O_PATH, 0, DirFd.Resolve.IN_ROOT), made);
      } catch (KernelException e) {
        if (e.is(Errno.ENOENT)) {
          requireNoLink(above, name, path, path);
        }
        throw e;
      }
    }
  }

  /**
   * Where {@code place} is, as a path from the root; "" for the root itself and for what is no
   * longer inside. One character a byte, whatever the encoding.
   */
  String pathOf(FileFd place) throws KernelException {
    try (DirFd descriptors = DirFd.open("/proc/self/fd")) {
      String actual = Names.bytewise(descriptors.readlink(number(place.number())));
      String ours = Names.bytewise(descriptors.readlink(number(root.number())));
      return actual.startsWith(ours + "/") ? actual.substring(ours.length()) : "";
    }
  }

  private static byte[] number(int descriptor) {
    return Names.of(Integer.toString(descriptor));
  }

  /** From the root again each time, so that a link in the middle means what it means to the app. */
  private @Nullable DirFd findOrNull(byte[] whole) throws KernelException {
    try {
      return root.openDir(whole, DirFd.Resolve.IN_ROOT);
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT)) {
        return null;
      }
      throw e;
    }
  }

  /**
   * What is a link and was not found by following it leads to nothing, and nothing is made there.
   */
  private static void requireNoLink(DirFd parent, byte[] child, String walked, String path)
      throws KernelException, StageException {
    Stat stat = parent.statOrNull(child);
    if (stat != null && stat.isSymlink()) {
      throw StageException.run(
          "there is no "
              + path
              + ": in this image "
              + walked
              + " is a link to \""
              + printable(parent.readlink(child))
              + "\", where nothing stands that could be mounted on",
          "choose another place, or use another image");
    }
  }

  /** The words of an image, as they can be shown on a terminal. */
  private static String printable(byte[] text) {
    StringBuilder shown = new StringBuilder();
    for (byte b : text) {
      shown.append(b < ' ' || b == 0x7f ? '?' : (char) b);
    }
    return shown.toString();
  }

  private void requireOwn(DirFd parent, String path) throws KernelException, StageException {
    if (!ownMounts.contains(parent.self().mountId())) {
      throw StageException.run(
          "there is no " + path + ", and it would have to be made in a directory of the host",
          "make it in the source of the volume, or choose another place");
    }
  }
}
