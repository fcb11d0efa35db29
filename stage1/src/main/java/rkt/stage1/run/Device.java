package rkt.stage1.run;

import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DetachedMount;
import rkt.kernel.DeviceRule;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.MountAttribute;
import rkt.kernel.Names;
import rkt.kernel.Stat;
import rkt.stage1.StageException;

/**
 * A device of the host that an app is given. spec/pod.md#devices
 *
 * @param source its node on the host, absolute, below {@code /dev}
 * @param target where the app finds it, absolute, below {@code /dev}
 * @param access what the app may do with it, of {@link DeviceRule}: reading, writing, or both
 */
public record Device(String source, String target, int access) {
  private static final String DEV = "/dev/";

  /** What the runtime puts into /dev itself. */
  private static final List<String> OURS =
      List.of(
          "null", "zero", "full", "random", "urandom", "tty", "console", "pts", "ptmx", "shm",
          "mqueue", "notify", "fd", "stdin", "stdout", "stderr", "core");

  /** Reads {@code /dev/HOST[:/dev/IN][:rwm]}. */
  public static Device parse(String text) throws StageException {
    String[] parts = text.split(":", -1);
    String target = parts[0];
    int next = 1;
    if (next < parts.length && parts[next].startsWith("/")) {
      target = parts[next++];
    }
    int access = DeviceRule.READ_WRITE;
    if (next < parts.length) {
      access = access(text, parts[next++]);
    }
    if (next < parts.length) {
      throw wrong(text, "there is too much of it");
    }
    requireBelowDev(text, parts[0]);
    requireBelowDev(text, target);
    String name = target.substring(DEV.length());
    int slash = name.indexOf('/');
    if (OURS.contains(slash < 0 ? name : name.substring(0, slash))) {
      throw wrong(text, target + " is the runtime's own");
    }
    return new Device(parts[0], target, access);
  }

  private static int access(String text, String letters) throws StageException {
    int access;
    try {
      access = DeviceRule.accessOf(letters);
    } catch (IllegalArgumentException e) {
      throw wrong(text, "\"" + letters + "\" is no access");
    }
    if ((access & DeviceRule.READ_WRITE) == 0) {
      throw wrong(text, "who may neither read nor write a device cannot open it");
    }
    return access;
  }

  private static void requireBelowDev(String text, String path) throws StageException {
    if (!path.startsWith(DEV)) {
      throw wrong(text, "\"" + path + "\" is not below /dev");
    }
    for (String name : path.substring(DEV.length()).split("/", -1)) {
      if (name.isEmpty() || name.equals(".") || name.equals("..") || name.indexOf('\0') >= 0) {
        throw wrong(text, "\"" + path + "\" is not a plain path");
      }
    }
  }

  private static StageException wrong(String text, String why) {
    return StageException.usage(
        "cannot read the device \"" + text + "\": " + why,
        "write /dev/HOST[:/dev/IN][:r|w|rw|rwm]");
  }

  /**
   * Makes it appear in {@code dev}, a directory of ours that nobody else has seen, bound so that it
   * works.
   *
   * @param fresh a directory to make a node in that belongs to who makes it; null to bind the
   *     host's node itself
   */
  void bindInto(DirFd dev, @Nullable DirFd fresh) throws StageException {
    byte[] inDev = Names.of(source.substring(DEV.length()));
    try (DirFd host = DirFd.open("/dev");
        FileFd node = host.open(inDev, DirFd.O_PATH, 0, DirFd.Resolve.NO_SYMLINKS);
        DirFd parent = parent(dev)) {
      Stat stat = node.stat();
      requireDevice(stat);
      byte[] name = Names.of(target.substring(target.lastIndexOf('/') + 1));
      if (fresh == null) {
        bind(node, parent, name);
      } else {
        byte[] own = Names.of(Long.toString(stat.rdev()) + (stat.mode() & Stat.S_IFMT));
        if (fresh.statOrNull(own) == null) {
          fresh.mknod(own, stat.mode() & Stat.S_IFMT, kernelForm(stat.rdev()));
          fresh.chmod(own, stat.permissions());
        }
        try (FileFd made = fresh.open(own, DirFd.O_PATH, 0, DirFd.Resolve.NO_SYMLINKS)) {
          bind(made, parent, name);
        }
      }
    } catch (KernelException e) {
      throw StageException.run("cannot give the device " + source + " as " + target, fix(e), e);
    }
  }

  /**
   * Whether less is asked for than a node of its own mode gives: then something must hold the app
   * to it.
   */
  boolean isRestricted() {
    return (access & DeviceRule.READ_WRITE) != DeviceRule.READ_WRITE;
  }

  /**
   * As a record has it: {@code /dev/HOST:/dev/IN}, and the access where it is not the usual one.
   */
  String text() {
    String usual = source + ":" + target;
    return access == DeviceRule.READ_WRITE ? usual : usual + ":" + DeviceRule.letters(access);
  }

  /** Leave to use it. */
  DeviceRule rule() throws StageException {
    byte[] inDev = Names.of(source.substring(DEV.length()));
    try (DirFd host = DirFd.open("/dev");
        FileFd node = host.open(inDev, DirFd.O_PATH, 0, DirFd.Resolve.NO_SYMLINKS)) {
      Stat stat = node.stat();
      requireDevice(stat);
      return DeviceRule.of(stat, access);
    } catch (KernelException e) {
      throw StageException.run("cannot give the device " + source + " as " + target, fix(e), e);
    }
  }

  private static void bind(FileFd node, DirFd parent, byte[] name) throws KernelException {
    try (FileFd place = parent.createFile(name, 0600);
        DetachedMount mount = DetachedMount.cloneOf(Fd.adopt(node.number()))) {
      mount.forbid(MountAttribute.READ_ONLY, MountAttribute.NO_SUID, MountAttribute.NO_EXEC);
      mount.attach(Fd.adopt(place.number()));
    }
  }

  /** The directory of {@link #target}, made where it is missing. */
  private DirFd parent(DirFd dev) throws KernelException {
    String[] names = target.substring(DEV.length()).split("/", -1);
    DirFd here = dev.openDir(Names.of("."));
    for (int i = 0; i < names.length - 1; i++) {
      DirFd next = child(here, Names.of(names[i]));
      here.close();
      here = next;
    }
    return here;
  }

  /** Major and minor as mknod(2) takes them: 12 and 20 bits, with the minor's low 8 first. */
  private static long kernelForm(long device) {
    long major = device >>> 32;
    long minor = device & 0xffff_ffffL;
    return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~0xffL) << 12;
  }

  private void requireDevice(Stat stat) throws StageException {
    int type = stat.mode() & Stat.S_IFMT;
    if (type != Stat.S_IFCHR && type != Stat.S_IFBLK) {
      throw StageException.run(
          "cannot give " + source + " as a device: it is none",
          "name a device node, or use --volume for files and directories");
    }
  }

  private String fix(KernelException e) {
    if (e.is(Errno.ELOOP)) {
      return "a part of this path is a symbolic link: name the place that it leads to";
    }
    if (e.is(Errno.EEXIST)) {
      return "give two devices two places";
    }
    if (e.is(Errno.EPERM)) {
      return "where devices are a matter of the unit that rkt is in, set DeviceAllow="
          + source
          + " rwm";
    }
    return "name a device that this host has";
  }

  private static DirFd child(DirFd parent, byte[] name) throws KernelException {
    if (parent.statOrNull(name) == null) {
      parent.mkdir(name, 0755);
    }
    return parent.openDir(name);
  }
}
