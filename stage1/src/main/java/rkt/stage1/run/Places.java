package rkt.stage1.run;

import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;

/**
 * Finds or makes the places where volumes are mounted. Links are followed as the app would follow
 * them, inside its root; each step holds the descriptor of the one before, so exchanging a
 * directory for a link in between leads nowhere (CVE-2021-30465, CVE-2024-45310).
 */
final class Places {
  private final DirFd root;

  Places(DirFd root) {
    this.root = root;
  }

  /** The directory at {@code path}, made with mode 0755 where it is missing. */
  DirFd directory(String path) throws KernelException {
    String[] names = path.split("/", -1);
    StringBuilder walked = new StringBuilder();
    DirFd here = root.openDir(Names.of("."), DirFd.Resolve.IN_ROOT);
    for (String name : names) {
      if (!name.isEmpty()) {
        walked.append('/').append(name);
        DirFd next = step(here, Names.of(name), Names.of(walked.toString()));
        here.close();
        here = next;
      }
    }
    return here;
  }

  /** The file at {@code path}, made empty where it is missing, as a descriptor to mount on. */
  FileFd file(String path) throws KernelException {
    int slash = path.lastIndexOf('/');
    byte[] name = Names.of(path.substring(slash + 1));
    try (DirFd parent = directory(path.substring(0, slash))) {
      if (parent.statOrNull(name) == null) {
        parent.createFile(name, 0644).close();
      }
      return root.open(Names.of(path), DirFd.O_PATH, 0, DirFd.Resolve.IN_ROOT);
    }
  }

  /** From {@code here} to {@code name}; {@code whole} is the path so far, from the root. */
  private DirFd step(DirFd here, byte[] name, byte[] whole) throws KernelException {
    try {
      // From the root again, so that a link in the middle means what it means to the app.
      return root.openDir(whole, DirFd.Resolve.IN_ROOT);
    } catch (KernelException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
      here.mkdir(name, 0755);
      return here.openDir(name);
    }
  }
}
