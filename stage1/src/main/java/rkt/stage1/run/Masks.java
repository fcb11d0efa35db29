package rkt.stage1.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The places in /proc and /sys that an app must not read, or not write: what docker, podman, runc,
 * rkt and systemd-nspawn mask, all together. spec/pod.md#masked-paths
 */
final class Masks {
  /** Covered by an empty read-only directory, or by /dev/null, whichever the place is. */
  static final String[] HIDDEN = {
    "/proc/acpi",
    "/proc/asound",
    "/proc/config.gz",
    "/proc/interrupts",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kmem",
    "/proc/kpagecgroup",
    "/proc/kpagecount",
    "/proc/kpageflags",
    "/proc/latency_stats",
    "/proc/mem",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/slabinfo",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/vmallocinfo",
    "/sys/dev/block",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/fs",
    "/sys/hypervisor",
    "/sys/kernel/debug",
    "/sys/kernel/security",
    "/sys/kernel/tracing",
    "/sys/module",
    "/sys/power",
  };

  /**
   * How hot each processor ran: tells one what others compute.
   *
   * @return the directories of this host
   */
  static List<String> ofProcessors() {
    List<String> paths = new ArrayList<>();
    int processor = 0;
    String path = thermal(processor);
    while (onHost(path) == Kind.DIRECTORY) {
      paths.add(path);
      path = thermal(++processor);
    }
    return paths;
  }

  private static String thermal(int processor) {
    return "/sys/devices/system/cpu/cpu" + processor + "/thermal_throttle";
  }

  /** Bound onto themselves, read-only. */
  static final String[] READ_ONLY = {
    "/proc/apm",
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/pressure",
    "/proc/sys",
    "/proc/sysrq-trigger",
  };

  private Masks() {}

  /** What stands at a place: as a kernel has it, it stays. */
  enum Kind {
    NOTHING,
    FILE,
    DIRECTORY
  }

  private static final Map<String, Kind> SEEN = new HashMap<>();

  /** What this host has at {@code path}; looked at once, and not for each app of a pod. */
  static synchronized Kind onHost(String path) {
    Kind kind = SEEN.get(path);
    if (kind == null) {
      Path place = Path.of(path);
      kind =
          Files.isDirectory(place)
              ? Kind.DIRECTORY
              : Files.exists(place) ? Kind.FILE : Kind.NOTHING;
      SEEN.put(path, kind);
    }
    return kind;
  }
}
