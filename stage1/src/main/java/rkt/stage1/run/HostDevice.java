package rkt.stage1.run;

import rkt.kernel.DetachedMount;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.MountAttribute;
import rkt.kernel.Names;
import rkt.kernel.Stat;

/**
 * A device that every app gets. The host's node is bound, read-only, which hinders changes of its
 * mode or owner and not writing to the device: so it works the same without the right to make
 * nodes, in a user namespace. Its number is checked on the open descriptor: it is that device, or
 * nothing.
 */
enum HostDevice {
  NULL("null", 1, 3),
  ZERO("zero", 1, 5),
  FULL("full", 1, 7),
  RANDOM("random", 1, 8),
  URANDOM("urandom", 1, 9),
  TTY("tty", 5, 0);

  private final String name;
  private final long device;

  HostDevice(String name, long major, long minor) {
    this.name = name;
    this.device = (major << 32) | minor;
  }

  /** Makes this device appear in {@code dev}, a directory of ours. */
  void bindInto(DirFd dev) throws KernelException {
    byte[] child = Names.of(name);
    try (DirFd host = DirFd.open("/dev");
        FileFd node = host.open(child, DirFd.O_PATH, 0, DirFd.Resolve.NO_SYMLINKS);
        FileFd place = dev.createFile(child, 0666)) {
      Stat stat = node.stat();
      if ((stat.mode() & Stat.S_IFMT) != Stat.S_IFCHR || stat.rdev() != device) {
        throw new KernelException("open", "/dev/" + name + " of the host", Errno.ENXIO);
      }
      try (DetachedMount mount = DetachedMount.cloneOf(Fd.adopt(node.number()))) {
        mount.forbid(MountAttribute.READ_ONLY, MountAttribute.NO_SUID, MountAttribute.NO_EXEC);
        mount.attach(Fd.adopt(place.number()));
      }
    }
  }
}
