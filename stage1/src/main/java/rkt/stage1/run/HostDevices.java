package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import rkt.kernel.DeviceList;
import rkt.kernel.DeviceRule;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.MountFlag;
import rkt.kernel.Mounts;
import rkt.kernel.Names;
import rkt.kernel.Stat;

/**
 * The devices that every app gets, found once for all apps of a pod. The host's node is bound,
 * read-only, which hinders changes of its mode or owner and not writing to the device: so it works
 * the same without the right to make nodes, in a user namespace. Its number is checked on the open
 * descriptor: it is that device, or nothing.
 */
final class HostDevices implements AutoCloseable {
  private static final String PROC_FD = "/proc/self/fd/";

  private static final List<Node> ALL =
      List.of(
          new Node("null", 1, 3), // first, see bindNull
          new Node("zero", 1, 5),
          new Node("full", 1, 7),
          new Node("random", 1, 8),
          new Node("urandom", 1, 9),
          new Node("tty", 5, 0));

  private record Node(String name, long major, long minor) {}

  /** What opens a terminal of the app's own. */
  private static final DeviceRule PTMX = new DeviceRule(false, 5, 2, DeviceRule.READ_WRITE);

  private static final DeviceRule TERMINALS =
      new DeviceRule(false, 136, DeviceRule.ALL, DeviceRule.READ_WRITE);

  /** Leave to open them, and the terminals of /dev/pts. */
  static DeviceList allowed() {
    List<DeviceRule> rules = new ArrayList<>();
    for (Node node : ALL) {
      rules.add(new DeviceRule(false, node.major, node.minor, DeviceRule.READ_WRITE));
    }
    rules.add(PTMX);
    rules.add(TERMINALS);
    return new DeviceList(rules);
  }

  private final List<FileFd> nodes = new ArrayList<>();

  private HostDevices() {}

  /**
   * Opens them.
   *
   * @throws KernelException with ENXIO if one is another device on this host
   */
  static HostDevices open() throws KernelException {
    HostDevices devices = new HostDevices();
    try (DirFd host = DirFd.open("/dev")) {
      for (Node node : ALL) {
        FileFd open = host.open(Names.of(node.name), DirFd.O_PATH, 0, DirFd.Resolve.NO_SYMLINKS);
        devices.nodes.add(open);
        Stat stat = open.stat();
        boolean isDevice = (stat.mode() & Stat.S_IFMT) == Stat.S_IFCHR;
        if (!isDevice || stat.rdev() != (node.major << 32 | node.minor)) {
          throw new KernelException("open", "/dev/" + node.name + " of the host", Errno.ENXIO);
        }
      }
      return devices;
    } catch (KernelException e) {
      devices.close();
      throw e;
    }
  }

  /** Makes all of them appear in {@code dev}, a directory of ours. */
  void bindAll(DirFd dev) throws KernelException {
    for (int i = 0; i < nodes.size(); i++) {
      bind(i, dev);
    }
  }

  /** Makes {@code null} appear in {@code directory}. */
  void bindNull(DirFd directory) throws KernelException {
    bind(0, directory);
  }

  private void bind(int index, DirFd directory) throws KernelException {
    byte[] name = Names.of(ALL.get(index).name);
    directory.mknod(name, Stat.S_IFREG | 0666, 0);
    // By paths that are descriptors, to a name that nobody else knows yet: three calls where one
    // for each step takes six, for each device of each app.
    String place = PROC_FD + directory.number() + "/" + ALL.get(index).name;
    Mounts.mount(PROC_FD + nodes.get(index).number(), place, null, null, MountFlag.BIND);
    Mounts.mount(
        null,
        place,
        null,
        null,
        MountFlag.REMOUNT,
        MountFlag.BIND,
        MountFlag.READ_ONLY,
        MountFlag.NO_SUID,
        MountFlag.NO_EXEC);
  }

  @Override
  public void close() {
    for (FileFd node : nodes) {
      node.close();
    }
  }
}
