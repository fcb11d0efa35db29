package rkt.stage1.run;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import rkt.stage1.launch.Op;

/**
 * What an app will find mounted: what stands already, and what the steps of its launch plan mount
 * on top of that, carried out on a list.
 */
final class MountTable {
  private static final long MS_RDONLY = 1;
  private static final long MS_NOSUID = 2;
  private static final long MS_NODEV = 4;
  private static final long MS_NOEXEC = 8;
  private static final long MS_REMOUNT = 32;
  private static final long MS_BIND = 4096;

  /**
   * A mount.
   *
   * @param target as the app sees it
   * @param flags those that forbid something: ro, nosuid, nodev, noexec
   * @param options of the file system, if the plan gives any
   */
  record Entry(String target, String type, List<String> flags, String options) {}

  private final String inStage;
  private final List<Entry> entries = new ArrayList<>();
  private final List<Entry> stage = new ArrayList<>();
  private final Set<String> hidden = new LinkedHashSet<>();
  private final Set<String> readOnly = new LinkedHashSet<>();

  MountTable(Rehearsal rehearsal, String app) {
    this.inStage = "/apps/" + app;
    for (String line : rehearsal.mounts()) {
      String[] words = line.split(" ", -1);
      int separator = 6;
      while (!words[separator].equals("-")) {
        separator++;
      }
      String inside = words[4].substring(rehearsal.stage().length());
      Entry entry = new Entry(inside, words[separator + 1], forbidding(words[5]), "");
      if (isBelow(inside, inStage)) {
        entries.add(at(entry, relative(inside)));
      } else {
        stage.add(entry);
      }
    }
  }

  List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** The places that something empty was mounted over. */
  List<String> hidden() {
    return List.copyOf(hidden);
  }

  /** The places that were bound onto themselves, read-only. */
  List<String> readOnly() {
    return List.copyOf(readOnly);
  }

  /** A step of process 1, which sees the stage as the directory that it stands in. */
  void applyFirst(Op step) {
    if (step instanceof Op.Mount mount
        && mount.target().startsWith(AppSteps.HERE + inStage + "/")) {
      apply(mount, mount.target().substring(AppSteps.HERE.length()), mount.source());
    }
  }

  /** A step of the app, to which the stage is the root. */
  void apply(Op step) {
    if (step instanceof Op.Mount mount && mount.target().startsWith(inStage + "/")) {
      apply(mount, mount.target(), mount.source());
    }
  }

  private void apply(Op.Mount mount, String targetInStage, String source) {
    String target = relative(targetInStage);
    if ((mount.flags() & MS_REMOUNT) != 0) {
      int last = topmost(entries, target, true);
      entries.set(last, with(entries.get(last), flags(mount.flags())));
      if (!hidden.contains(target) && flags(mount.flags()).contains("ro")) {
        readOnly.add(target);
      }
    } else if ((mount.flags() & MS_BIND) != 0) {
      boolean own = isBelow(source, inStage);
      Entry from =
          own
              ? entries.get(topmost(entries, relative(source), false))
              : stage.get(topmost(stage, source, false));
      entries.add(at(from, target));
      if (!own) {
        hidden.add(target);
      }
    } else {
      entries.add(new Entry(target, mount.type(), flags(mount.flags()), mount.data()));
    }
  }

  /** The last of the mounts that hold {@code path}, or that stand there. */
  private static int topmost(List<Entry> mounts, String path, boolean exactly) {
    int found = -1;
    for (int i = 0; i < mounts.size(); i++) {
      Entry mount = mounts.get(i);
      boolean holds = exactly ? mount.target.equals(path) : isBelow(path, mount.target);
      boolean deeper = found < 0 || mount.target.length() >= mounts.get(found).target.length();
      if (holds && deeper) {
        found = i;
      }
    }
    if (found < 0) {
      throw new IllegalStateException("nothing is mounted at " + path);
    }
    return found;
  }

  private static boolean isBelow(String path, String directory) {
    return directory.isEmpty()
        || directory.equals("/")
        || path.equals(directory)
        || path.startsWith(directory + "/");
  }

  private String relative(String pathInStage) {
    String path = pathInStage.substring(inStage.length());
    return path.isEmpty() ? "/" : path;
  }

  private static Entry at(Entry entry, String target) {
    return new Entry(target, entry.type, entry.flags, entry.options);
  }

  private static Entry with(Entry entry, List<String> flags) {
    return new Entry(entry.target, entry.type, flags, entry.options);
  }

  private static List<String> flags(long bits) {
    List<String> flags = new ArrayList<>();
    add(flags, "ro", bits & MS_RDONLY);
    add(flags, "nosuid", bits & MS_NOSUID);
    add(flags, "nodev", bits & MS_NODEV);
    add(flags, "noexec", bits & MS_NOEXEC);
    return List.copyOf(flags);
  }

  private static void add(List<String> flags, String flag, long bit) {
    if (bit != 0) {
      flags.add(flag);
    }
  }

  private static List<String> forbidding(String options) {
    List<String> flags = new ArrayList<>();
    List<String> all = List.of(options.split(",", -1));
    for (String flag : List.of("ro", "nosuid", "nodev", "noexec")) {
      if (all.contains(flag)) {
        flags.add(flag);
      }
    }
    return List.copyOf(flags);
  }
}
