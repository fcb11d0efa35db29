package rkt.kernel;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A cgroup in one hierarchy: a directory, whose files are its controls. */
final class CgroupDirectory {
  private static final String[] UNIFIED_CONTROLLERS = {"memory", "cpu", "pids", "io"};

  private final CgroupLayout.Hierarchy hierarchy;
  private final String from;
  private final String relative;

  /** What a group of version 2 has; read once, when it was made. */
  private @Nullable String available;

  private boolean isParent;

  /**
   * @param from the group below which it, and those on the way to it, are ours to make; empty for
   *     the root
   * @param relative where it is, below the root
   */
  CgroupDirectory(CgroupLayout.Hierarchy hierarchy, String from, String relative) {
    this.hierarchy = hierarchy;
    this.from = from;
    this.relative = relative;
  }

  String path() {
    return hierarchy.mountPoint() + "/" + relative;
  }

  String file(String name) {
    return path() + "/" + name;
  }

  boolean isUnified() {
    return hierarchy.unified();
  }

  /** The group {@code name} in this one, whether or not it exists. */
  CgroupDirectory child(String name) {
    return new CgroupDirectory(hierarchy, from, relative + "/" + name);
  }

  /** Whether {@code controller}, named as in version 1, works in this very group. */
  boolean controls(String controller) throws KernelException {
    if (!hierarchy.unified()) {
      return hierarchy.controllers().contains(controller);
    }
    if (controller.equals(CgroupLimit.Traffic.PROGRAMS)) {
      return true; // every group of version 2 can have programs
    }
    if (available == null) {
      available =
          TextFiles.exists(path())
              ? " " + TextFiles.read(file("cgroup.controllers")).strip() + " "
              : "";
    }
    return available.contains(" " + (controller.equals("blkio") ? "io" : controller) + " ");
  }

  /** Makes the directory and its parents, each able to use the controllers of its own parent. */
  void create() throws KernelException {
    String parent = from.isEmpty() ? hierarchy.mountPoint() : hierarchy.mountPoint() + "/" + from;
    int start = from.isEmpty() ? 0 : from.length() + 1;
    while (start <= relative.length()) {
      int slash = relative.indexOf('/', start);
      int end = slash < 0 ? relative.length() : slash;
      String child = hierarchy.mountPoint() + "/" + relative.substring(0, end);
      if (hierarchy.unified()) {
        enableControllers(parent);
      }
      make(parent, child);
      parent = child;
      start = end + 1;
    }
  }

  /** Makes the group {@code name} in this one, which exists. */
  CgroupDirectory createChild(String name) throws KernelException {
    if (hierarchy.unified() && !isParent) {
      enableControllers(path());
      isParent = true;
    }
    CgroupDirectory child = child(name);
    make(path(), child.path());
    return child;
  }

  private void make(String parent, String child) throws KernelException {
    boolean _ = TextFiles.makeDirectory(child);
    // Also of one that another process has just made, and has not given any yet.
    if (hierarchy.controllers().contains("cpuset")) {
      inherit(parent, child, "cpuset.cpus");
      inherit(parent, child, "cpuset.mems");
    }
  }

  /**
   * The file by which a thread moves itself. In version 1 it is {@code tasks}: for {@code
   * cgroup.procs} the kernel stops all forks and exits first, which takes it 5 ms.
   */
  String joinFile() {
    return hierarchy.unified() ? "cgroup.procs" : "tasks";
  }

  void write(String name, String text) throws KernelException {
    TextFiles.write(file(name), text);
  }

  /** Writes to a control that not every kernel has. */
  void writeIfThere(String name, String text) throws KernelException {
    if (TextFiles.exists(file(name))) {
      write(name, text);
    }
  }

  /**
   * Writes to a control, if that is possible here.
   *
   * @throws KernelException if the kernel refuses the value
   */
  CgroupOutcome set(String name, String text) throws KernelException {
    if (!TextFiles.exists(file(name))) {
      return CgroupOutcome.ignored("this kernel has no " + name);
    }
    try {
      write(name, text);
      return CgroupOutcome.ENFORCED;
    } catch (KernelException e) {
      if (e.is(Errno.EACCES)
          || e.is(Errno.EPERM)
          || e.is(Errno.EROFS)
          || e.is(Errno.ENODEV)
          || e.is(Errno.EOPNOTSUPP)) {
        return CgroupOutcome.ignored(name + " cannot be set to " + text + ": " + e.errno());
      }
      throw e;
    }
  }

  /**
   * In version 2, has the processes of this group ask a program that allows these devices alone,
   * besides those that they ask already.
   *
   * @return nothing if this kernel or this user cannot have that
   */
  DeviceEnforcement askProgram(DeviceList devices) throws KernelException {
    try (Fd group = Descriptors.open(path(), OpenFlag.READ, OpenFlag.DIRECTORY);
        Fd program = Bpf.load(Bpf.Hook.DEVICE, DeviceProgram.of(devices))) {
      return Bpf.attachBeside(Bpf.Hook.DEVICE, program, group)
          ? DeviceEnforcement.BY_PROGRAM
          : DeviceEnforcement.nothing("the program of a group above would lose its say");
    } catch (KernelException e) {
      if (e.is(Errno.EPERM)
          || e.is(Errno.EACCES) // of an LSM
          || e.is(Errno.EINVAL) // the kernel knows the call, and no programs of this type
          || e.is(Errno.ENOSYS)) {
        return DeviceEnforcement.nothing("the kernel refuses the program: " + e.getMessage());
      }
      throw e;
    }
  }

  void collectPids(List<Integer> pids) throws KernelException {
    collectPids(path(), pids);
  }

  void removeTree() throws KernelException {
    removeTree(path());
  }

  /**
   * Hands the controllers of {@code directory} to its children. A group that has processes of its
   * own can hand out none (EBUSY), unless it is the root: then controls() says no.
   */
  private static void enableControllers(String directory) throws KernelException {
    String present = " " + TextFiles.read(directory + "/cgroup.controllers").strip() + " ";
    String enabled = " " + TextFiles.read(directory + "/cgroup.subtree_control").strip() + " ";
    StringBuilder all = new StringBuilder();
    List<String> missing = new ArrayList<>();
    for (String controller : UNIFIED_CONTROLLERS) {
      String word = " " + controller + " ";
      if (present.contains(word) && !enabled.contains(word)) {
        missing.add("+" + controller);
        all.append(all.isEmpty() ? "+" : " +").append(controller);
      }
    }
    if (missing.isEmpty() || enable(directory, all.toString()) || missing.size() == 1) {
      return;
    }
    // One at a time: one that is not delegated to us must not keep the others off.
    for (String controller : missing) {
      enable(directory, controller);
    }
  }

  private static boolean enable(String directory, String controllers) throws KernelException {
    try {
      TextFiles.write(directory + "/cgroup.subtree_control", controllers);
      return true;
    } catch (KernelException e) {
      if (e.is(Errno.EBUSY)
          || e.is(Errno.EACCES)
          || e.is(Errno.EPERM)
          || e.is(Errno.ENOENT)
          || e.is(Errno.EOPNOTSUPP)) {
        return false;
      }
      throw e;
    }
  }

  private static void inherit(String parent, String child, String name) throws KernelException {
    // A cpuset without processors and memory takes no process: ENOSPC at the join.
    if (TextFiles.read(child + "/" + name).isBlank()) {
      TextFiles.write(child + "/" + name, TextFiles.read(parent + "/" + name).strip());
    }
  }

  private static void collectPids(String directory, List<Integer> pids) throws KernelException {
    addPids(directory, pids);
    for (String child : children(directory)) {
      collectPids(directory + "/" + child, pids);
    }
  }

  /** The processes in the group at {@code directory} itself; 0 for those of other namespaces. */
  static void addPids(String directory, List<Integer> pids) throws KernelException {
    String text;
    try {
      text = TextFiles.read(directory + "/cgroup.procs");
    } catch (KernelException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENODEV)) {
        return; // removed meanwhile
      }
      throw e;
    }
    int from = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      pids.add(Integer.parseInt(text.substring(from, end)));
      from = end + 1;
    }
  }

  private static void removeTree(String directory) throws KernelException {
    for (String child : children(directory)) {
      removeTree(directory + "/" + child);
    }
    TextFiles.removeDirectory(directory);
  }

  private static List<String> children(String directory) {
    List<String> children = new ArrayList<>();
    String[] names = new File(directory).list();
    if (names != null) {
      for (String name : names) {
        if (new File(directory, name).isDirectory()) {
          children.add(name);
        }
      }
    }
    return children;
  }
}
