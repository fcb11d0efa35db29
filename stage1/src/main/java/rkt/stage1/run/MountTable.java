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
  private static final long MS_MOVE = 8192;

  /**
   * A mount.
   *
   * @param target as the app sees it
   * @param flags those that forbid something: ro, nosuid, nodev, noexec
   * @param options of the file system, if the plan gives any
   */
  record Entry(String target, String type, List<String> flags, String options) {}

  /** What stands below one root, each path as it is seen from there. */
  private static final class Tree {
    private final List<Entry> entries = new ArrayList<>();
    private final Set<String> hidden = new LinkedHashSet<>();
    private final Set<String> readOnly = new LinkedHashSet<>();

    /**
     * Changes the flags of what stands at {@code target}, or mounts there.
     *
     * @param from in which {@code source} is looked up, if it is not the target itself
     */
    private void apply(Op.Mount mount, String source, String target, Tree from) {
      if ((mount.flags() & MS_REMOUNT) != 0) {
        int last = topmost(target, true);
        entries.set(last, with(entries.get(last), flags(mount.flags())));
        if (!hidden.contains(target) && flags(mount.flags()).contains("ro")) {
          readOnly.add(target);
        }
      } else if ((mount.flags() & MS_BIND) == 0) {
        entries.add(new Entry(target, mount.type(), flags(mount.flags()), mount.data()));
      } else if (source.equals(target)) {
        if (!stands(target)) { // else it is the same once more
          entries.add(at(entries.get(topmost(source, false)), target));
        }
      } else {
        entries.add(at(from.entries.get(from.topmost(source, false)), target));
        hidden.add(target);
      }
    }

    /** Moves what stands at {@code source} of {@code from}, with all below it. */
    private void move(Tree from, String source, String target) {
      for (Entry entry : from.entries) {
        if (isBelow(entry.target, source)) {
          entries.add(at(entry, target + entry.target.substring(source.length())));
        }
      }
      move(from.hidden, hidden, source, target);
      move(from.readOnly, readOnly, source, target);
    }

    private static void move(Set<String> from, Set<String> to, String source, String target) {
      for (String path : from) {
        if (isBelow(path, source)) {
          to.add(target + path.substring(source.length()));
        }
      }
    }

    private boolean stands(String path) {
      for (Entry entry : entries) {
        if (entry.target.equals(path)) {
          return true;
        }
      }
      return false;
    }

    /** The last of the mounts that hold {@code path}, or that stand there. */
    private int topmost(String path, boolean exactly) {
      int found = -1;
      for (int i = 0; i < entries.size(); i++) {
        Entry mount = entries.get(i);
        boolean holds = exactly ? mount.target.equals(path) : isBelow(path, mount.target);
        boolean deeper = found < 0 || mount.target.length() >= entries.get(found).target.length();
        if (holds && deeper) {
          found = i;
        }
      }
      if (found < 0) {
        throw new IllegalStateException("nothing is mounted at " + path);
      }
      return found;
    }
  }

  private final String inStage;
  private final Tree own = new Tree();
  private final Tree stage = new Tree();

  /** What the app finds at first where its pod has several, {@link AppSteps#leaveRoots}. */
  private final Tree few = new Tree();

  private boolean isInFew;

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
        own.entries.add(at(entry, from(inside, inStage)));
      } else if (isBelow(inside, AppSteps.FEW)) {
        few.entries.add(at(entry, from(inside, AppSteps.FEW)));
      } else {
        stage.entries.add(entry);
      }
    }
    few.entries.add(0, at(stage.entries.get(stage.topmost("", true)), "/")); // a directory of it
  }

  List<Entry> entries() {
    return List.copyOf(own.entries);
  }

  /** The places that something empty was mounted over. */
  List<String> hidden() {
    return List.copyOf(own.hidden);
  }

  /** The places that were bound onto themselves, read-only. */
  List<String> readOnly() {
    return List.copyOf(own.readOnly);
  }

  /** A step of process 1, which sees the stage as the directory that it stands in. */
  void applyFirst(Op step) {
    if (step instanceof Op.Pivot pivot) {
      isInFew = pivot.path().equals(AppSteps.FEW);
    } else if (step instanceof Op.Mount mount) {
      String target = mount.target();
      String inFew = AppSteps.HERE + AppSteps.FEW;
      if (isInFew) {
        few.apply(mount, mount.source(), target, few);
      } else if (target.startsWith(inFew + "/")) {
        few.apply(mount, mount.source(), from(target, inFew), stage);
      } else if (target.startsWith(AppSteps.HERE + inStage + "/")) {
        own.apply(mount, mount.source(), from(target, AppSteps.HERE + inStage), stage);
      }
    }
  }

  /** A step of the app, to which the stage is the root, or what is the stage otherwise. */
  void apply(Op step) {
    if (step instanceof Op.Mount mount && mount.target().startsWith(inStage + "/")) {
      String target = from(mount.target(), inStage);
      if ((mount.flags() & MS_MOVE) != 0) {
        own.move(few, mount.source(), target);
      } else {
        boolean isOwn = isBelow(mount.source(), inStage);
        own.apply(mount, isOwn ? from(mount.source(), inStage) : mount.source(), target, stage);
      }
    }
  }

  private static boolean isBelow(String path, String directory) {
    return directory.isEmpty()
        || directory.equals("/")
        || path.equals(directory)
        || path.startsWith(directory + "/");
  }

  private static String from(String path, String root) {
    String inside = path.substring(root.length());
    return inside.isEmpty() ? "/" : inside;
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
