package rkt.kernel;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The cgroup hierarchies that are mounted here and that we may write to. cgroups(7)
 *
 * @param hierarchies none at all where cgroups are not mounted, or only to be looked at
 * @param tracking the one by which systemd knows to which unit a process belongs: that of version
 *     2, or {@code name=systemd}; null where there is neither
 */
public record CgroupLayout(List<Hierarchy> hierarchies, @Nullable Hierarchy tracking) {
  /** The controllers that we use, under their names in version 1; version 2 calls blkio io. */
  private static final List<String> WANTED =
      List.of("memory", "cpu", "pids", "cpuset", "devices", "freezer", "blkio", "cpuacct");

  private static final String SYSTEMD = "name=systemd";

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
   * @param own the group of this process, relative to the mount point; empty for its root, and for
   *     a group that cannot be seen below it
   */
  public record Hierarchy(
      String mountPoint, boolean unified, List<String> controllers, String own) {
    public Hierarchy {
      controllers = List.copyOf(controllers);
    }
  }

  public CgroupLayout {
    hierarchies = List.copyOf(hierarchies);
  }

  /**
   * Reads {@code /proc/self/mountinfo} and {@code /proc/self/cgroup}.
   *
   * @throws KernelException if there is no {@code /proc}
   */
  public static CgroupLayout detect() throws KernelException {
    return parse(TextFiles.read("/proc/self/mountinfo"), TextFiles.read("/proc/self/cgroup"));
  }

  /**
   * What {@code mountinfo}, in the format of proc_pid_mountinfo(5), and {@code groups}, in that of
   * cgroups(7), show.
   */
  static CgroupLayout parse(String mountinfo, String groups) {
    List<Hierarchy> found = new ArrayList<>();
    Hierarchy named = null;
    Hierarchy unified = null;
    int start = 0;
    while (start < mountinfo.length()) {
      int end = mountinfo.indexOf('\n', start);
      end = end < 0 ? mountinfo.length() : end;
      int separator = mountinfo.indexOf(" - cgroup", start);
      if (separator < 0) {
        break;
      }
      if (separator < end) {
        Hierarchy hierarchy = hierarchy(mountinfo.substring(start, end), groups);
        if (hierarchy != null && !isKnown(found, hierarchy.mountPoint)) {
          if (hierarchy.unified || !hierarchy.controllers.isEmpty()) {
            found.add(hierarchy);
            unified = hierarchy.unified ? hierarchy : unified;
          } else {
            named = hierarchy;
          }
        }
      }
      start = end + 1;
    }
    boolean byUnified = unified != null && (named == null || !unified.own.isEmpty());
    return new CgroupLayout(found, byUnified ? unified : named);
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
    return new CgroupLayout(kept, tracking);
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
  private static @Nullable Hierarchy hierarchy(String line, String groups) {
    String root = field(line, 3);
    String mountPoint = field(line, 4);
    String type = field(line.substring(line.indexOf(" - ")), 2);
    String options = line.substring(line.lastIndexOf(' ') + 1);
    if (has(field(line, 5), "ro") || has(options, "ro")) {
      return null;
    }
    if (type.equals("cgroup2")) {
      return new Hierarchy(mountPoint, true, List.of(), own(groups, "", root));
    }
    if (!type.equals("cgroup")) {
      return null;
    }
    List<String> controllers = new ArrayList<>();
    for (String controller : WANTED) {
      if (has(options, controller)) {
        controllers.add(controller);
      }
    }
    if (!controllers.isEmpty()) {
      return new Hierarchy(mountPoint, false, controllers, own(groups, controllers.get(0), root));
    }
    return has(options, SYSTEMD)
        ? new Hierarchy(mountPoint, false, List.of(), own(groups, SYSTEMD, root))
        : null;
  }

  /**
   * From the line of the hierarchy with {@code controller}, {@code 4:memory:/system.slice/x}, the
   * path below {@code root}, which is what is mounted of it.
   */
  private static String own(String groups, String controller, String root) {
    int start = 0;
    while (start < groups.length()) {
      int end = groups.indexOf('\n', start);
      end = end < 0 ? groups.length() : end;
      int first = groups.indexOf(':', start);
      int second = groups.indexOf(':', first + 1);
      if (first > 0 && second > 0 && second < end) {
        String controllers = groups.substring(first + 1, second);
        if (controller.isEmpty() ? controllers.isEmpty() : has(controllers, controller)) {
          return below(groups.substring(second + 1, end), root);
        }
      }
      start = end + 1;
    }
    return "";
  }

  private static String below(String path, String root) {
    String prefix = root.equals("/") ? "/" : root + "/";
    boolean isVisible = path.startsWith(prefix) && !(path + "/").contains("/../");
    return isVisible ? path.substring(prefix.length()) : "";
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
