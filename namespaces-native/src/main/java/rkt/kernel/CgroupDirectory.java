package rkt.kernel;

import java.io.File;
import java.util.ArrayList;
import java.util.List;

/** A cgroup in one hierarchy: a directory, whose files are its controls. */
final class CgroupDirectory {
  private static final String[] UNIFIED_CONTROLLERS = {"memory", "cpu", "pids", "cpuset", "io"};

  private final CgroupLayout.Hierarchy hierarchy;
  private final String relative;

  CgroupDirectory(CgroupLayout.Hierarchy hierarchy, String relative) {
    this.hierarchy = hierarchy;
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

  /** Whether {@code controller} works in this very group. */
  boolean controls(String controller) throws KernelException {
    if (!hierarchy.unified()) {
      return hierarchy.controllers().contains(controller);
    }
    return TextFiles.exists(path())
        && (" " + TextFiles.read(file("cgroup.controllers")).strip() + " ")
            .contains(" " + controller + " ");
  }

  /** Makes the directory and its parents, each able to use the controllers of its own parent. */
  void create() throws KernelException {
    String parent = hierarchy.mountPoint();
    int from = 0;
    while (from <= relative.length()) {
      int slash = relative.indexOf('/', from);
      int end = slash < 0 ? relative.length() : slash;
      String child = hierarchy.mountPoint() + "/" + relative.substring(0, end);
      if (hierarchy.unified()) {
        enableControllers(parent);
      }
      if (TextFiles.makeDirectory(child) && hierarchy.controllers().contains("cpuset")) {
        inherit(parent, child, "cpuset.cpus");
        inherit(parent, child, "cpuset.mems");
      }
      parent = child;
      from = end + 1;
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

  void collectPids(List<Integer> pids) throws KernelException {
    collectPids(path(), pids);
  }

  void removeTree() throws KernelException {
    removeTree(path());
  }

  // One at a time: one that is not delegated to us must not keep the others off. A group that has
  // processes of its own can enable none (EBUSY), unless it is the root: then controls() says no.
  private static void enableControllers(String directory) throws KernelException {
    String available = " " + TextFiles.read(directory + "/cgroup.controllers").strip() + " ";
    String enabled = " " + TextFiles.read(directory + "/cgroup.subtree_control").strip() + " ";
    for (String controller : UNIFIED_CONTROLLERS) {
      String word = " " + controller + " ";
      if (available.contains(word) && !enabled.contains(word)) {
        try {
          TextFiles.write(directory + "/cgroup.subtree_control", "+" + controller);
        } catch (KernelException e) {
          if (!e.is(Errno.EBUSY) && !e.is(Errno.EACCES) && !e.is(Errno.EPERM)) {
            throw e;
          }
        }
      }
    }
  }

  private static void inherit(String parent, String child, String name) throws KernelException {
    // A cpuset without processors and memory takes no process: ENOSPC at the join.
    if (TextFiles.read(child + "/" + name).isBlank()) {
      TextFiles.write(child + "/" + name, TextFiles.read(parent + "/" + name).strip());
    }
  }

  private static void collectPids(String directory, List<Integer> pids) throws KernelException {
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
      int pid = Integer.parseInt(text.substring(from, end));
      if (pid != 0) { // of another PID namespace: not ours to name
        pids.add(pid);
      }
      from = end + 1;
    }
    for (String child : children(directory)) {
      collectPids(directory + "/" + child, pids);
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
