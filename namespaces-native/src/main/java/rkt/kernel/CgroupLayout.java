package rkt.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * The cgroup hierarchies that are mounted here and that we may write to. cgroups(7)
 *
 * @param hierarchies none at all where cgroups are not mounted, or only to be looked at
 */
public record CgroupLayout(List<Hierarchy> hierarchies) {
  /** The controllers that we use, under their names in version 1; version 2 calls blkio io. */
  private static final List<String> WANTED =
      List.of("memory", "cpu", "pids", "cpuset", "devices", "freezer", "blkio", "cpuacct");

  /** What can be met. */
  public enum Kind {
    /** One hierarchy of version 2. */
    UNIFIED,
    /** Hierarchies of version 1. */
    LEGACY,
    /** The controllers in version 1, and a hierarchy of version 2 without most of them. */
    HYBRID,
    /** Nothing that we can use: no limits, and no group to kill at once. */
    NONE
  }

  /**
   * One mounted hierarchy.
   *
   * @param mountPoint the root of what we see of it, absolute
   * @param unified whether it is of version 2
   * @param controllers in version 1 those that it is mounted with; in version 2 nobody knows before
   *     {@code cgroup.controllers} is read
   */
  public record Hierarchy(String mountPoint, boolean unified, List<String> controllers) {
    public Hierarchy {
      controllers = List.copyOf(controllers);
    }
  }

  public CgroupLayout {
    hierarchies = List.copyOf(hierarchies);
  }

  /**
   * Reads {@code /proc/self/mountinfo}.
   *
   * @throws KernelException if there is no {@code /proc}
   */
  public static CgroupLayout detect() throws KernelException {
    return parse(TextFiles.read("/proc/self/mountinfo"));
  }

  /** What {@code mountinfo}, in the format of proc_pid_mountinfo(5), shows. */
  static CgroupLayout parse(String mountinfo) {
    List<Hierarchy> found = new ArrayList<>();
    int start = 0;
    while (start < mountinfo.length()) {
      int end = mountinfo.indexOf('\n', start);
      end = end < 0 ? mountinfo.length() : end;
      int separator = mountinfo.indexOf(" - cgroup", start);
      if (separator < 0) {
        break;
      }
      if (separator < end) {
        addLine(found, mountinfo.substring(start, end));
      }
      start = end + 1;
    }
    return new CgroupLayout(found);
  }

  /**
   * The same without the hierarchies of version 1 that have none of {@code controllers}, and
   * without that of version 2 if version 1 has them all: each costs a pod some directories, and
   * time to make, to join and to remove them.
   */
  public CgroupLayout only(String... controllers) {
    boolean unifiedNeeded = false;
    for (String controller : controllers) {
      boolean inLegacy = false;
      for (Hierarchy hierarchy : hierarchies) {
        inLegacy |= hierarchy.controllers().contains(controller);
      }
      unifiedNeeded |= !inLegacy;
    }
    List<Hierarchy> kept = new ArrayList<>();
    for (Hierarchy hierarchy : hierarchies) {
      boolean wanted = hierarchy.unified() && unifiedNeeded;
      for (String controller : controllers) {
        wanted |= hierarchy.controllers().contains(controller);
      }
      if (wanted) {
        kept.add(hierarchy);
      }
    }
    return new CgroupLayout(kept);
  }

  public Kind kind() {
    boolean unified = false;
    boolean legacy = false;
    for (Hierarchy hierarchy : hierarchies) {
      unified |= hierarchy.unified();
      legacy |= !hierarchy.unified();
    }
    if (unified) {
      return legacy ? Kind.HYBRID : Kind.UNIFIED;
    }
    return legacy ? Kind.LEGACY : Kind.NONE;
  }

  // 36 31 0:33 / /sys/fs/cgroup/devices rw,relatime shared:9 - cgroup cgroup rw,devices
  private static void addLine(List<Hierarchy> found, String line) {
    String mountPoint = field(line, 4);
    String type = field(line.substring(line.indexOf(" - ")), 2);
    String options = line.substring(line.lastIndexOf(' ') + 1);
    boolean readOnly = has(field(line, 5), "ro") || has(options, "ro");
    if (readOnly || isKnown(found, mountPoint)) {
      return;
    }
    if (type.equals("cgroup2")) {
      found.add(new Hierarchy(mountPoint, true, List.of()));
    } else if (type.equals("cgroup")) {
      List<String> controllers = new ArrayList<>();
      for (String controller : WANTED) {
        if (has(options, controller)) {
          controllers.add(controller);
        }
      }
      if (!controllers.isEmpty()) { // name=systemd has none
        found.add(new Hierarchy(mountPoint, false, controllers));
      }
    }
  }

  private static boolean isKnown(List<Hierarchy> found, String mountPoint) {
    for (Hierarchy hierarchy : found) {
      if (hierarchy.mountPoint().equals(mountPoint)) {
        return true;
      }
    }
    return false;
  }

  private static String field(String line, int index) {
    int start = 0;
    for (int i = 0; i < index; i++) {
      start = line.indexOf(' ', start) + 1;
    }
    int end = line.indexOf(' ', start);
    return end < 0 ? line.substring(start) : line.substring(start, end);
  }

  private static boolean has(String commaSeparated, String word) {
    int at = commaSeparated.indexOf(word);
    while (at >= 0) {
      int end = at + word.length();
      boolean starts = at == 0 || commaSeparated.charAt(at - 1) == ',';
      if (starts && (end == commaSeparated.length() || commaSeparated.charAt(end) == ',')) {
        return true;
      }
      at = commaSeparated.indexOf(word, at + 1);
    }
    return false;
  }
}
