package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import rkt.stage1.launch.Bytes;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.Op;

/**
 * What each app's process does between its fork and its {@link ProcessContext}: joins its control
 * groups, takes namespaces of its own, mounts /proc, masks, and moves into its root. These steps
 * need process 1 of the pod to exist, so they are written down here and carried out by pod-init.
 */
final class AppSteps {
  /** The empty, read-only directory of the stage that hides directories. */
  static final String EMPTY = "/empty";

  /** The null device of the stage that hides files. */
  static final String NULL = "/null";

  /** The directory of the stage where a pod with a user namespace mounts the stage again. */
  static final String AGAIN = "/again";

  /**
   * The directory of the stage that holds no root of any app, but the /proc and /sys of all, and is
   * the stage otherwise.
   */
  static final String FEW = "/few";

  /** The working directory, for a process that cannot walk to it. */
  static final String HERE = "/proc/self/cwd";

  private static final long MS_RDONLY = 1;
  private static final long MS_NOSUID = 2;
  private static final long MS_NODEV = 4;
  private static final long MS_NOEXEC = 8;
  private static final long MS_REMOUNT = 32;
  private static final long MS_BIND = 4096;
  private static final long MS_MOVE = 8192;
  private static final long MS_REC = 16384;
  private static final long NO_SURPRISES = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  private static final long CLONE_NEWNS = 0x0002_0000;
  private static final long CLONE_NEWCGROUP = 0x0200_0000;
  private static final byte[] MYSELF = {'0'};

  private final String app;
  private final String root;
  private final List<Op> steps = new ArrayList<>();

  /**
   * @param app empty for all
   * @param root the app's root, as process 1 sees it
   */
  AppSteps(String app, String root) {
    this.app = app;
    this.root = root;
  }

  List<Op> steps() {
    return steps;
  }

  /** Joins the control groups, each by its open cgroup.procs. */
  AppSteps joinCgroups(List<Integer> procs) {
    for (int descriptor : procs) {
      steps.add(
          new Op.WriteFd(
              Label.of("join the control group of app \"" + app + "\""),
              descriptor,
              Bytes.of(MYSELF)));
    }
    return this;
  }

  /**
   * Takes a mount namespace, and one of control groups in which those that were joined are the
   * root.
   */
  AppSteps unshare() {
    steps.add(
        new Op.Unshare(
            Label.of("make namespaces for app \"" + app + "\""), CLONE_NEWNS | CLONE_NEWCGROUP));
    return this;
  }

  /**
   * The same in a pod of several apps, for as many of which a mount namespace would copy the mounts
   * of all: moves the root, which {@link #takeRoot} took, into a namespace that begins with none,
   * and /proc and /sys, which stand there, masked, into the root. The root is mounted nowhere else
   * then: it ends with the app.
   */
  AppSteps moveRoot() {
    return moveRoot(Op.TakeRoot.TAKEN);
  }

  private AppSteps moveRoot(long descriptor) {
    unshare();
    Label label = Label.of("mount the root of app \"" + app + "\"");
    steps.add(new Op.MoveMount(label, descriptor, root));
    moveInto("/proc");
    moveInto("/sys");
    return this;
  }

  /**
   * The same for an app whose root is needed more than once, by what runs beside it or after it:
   * takes a copy of the root out of the namespace of all roots.
   *
   * @param all the namespace of all roots, that {@link #keepRoots} kept; may be replaced
   * @param few the namespace that process 1 is in
   */
  AppSteps copyRoot(int all, int few) {
    steps.add(new Op.Setns(Label.of("go where the roots of the apps are"), all, CLONE_NEWNS));
    steps.add(new Op.OpenTree(Label.of("take the root of app \"" + app + "\""), all, root));
    steps.add(new Op.Setns(Label.of("leave the roots of the other apps behind"), few, CLONE_NEWNS));
    return moveRoot(all);
  }

  private void moveInto(String path) {
    steps.add(new Op.Mount(label("mount", path), MS_MOVE, path, root + path, "", ""));
  }

  /**
   * Process 1 takes the root for the process of this app.
   *
   * @param place of the app in the pod, from 0
   */
  Op takeRoot(int place) {
    return new Op.TakeRoot(Label.of("take the root of app \"" + app + "\""), place, root);
  }

  /**
   * Keeps the mount namespace with the roots of all apps, by process 1, which goes into a copy.
   *
   * @param all becomes the descriptor of the one that is kept
   * @param few becomes that of the other
   */
  static List<Op> keepRoots(int all, int few) {
    Label label = Label.of("make a namespace of mounts without the roots of the apps");
    String own = FEW + "/proc/self/ns/mnt";
    return List.of(
        new Op.Open(label, all, own),
        new Op.Unshare(label, CLONE_NEWNS),
        new Op.Open(label, few, own));
  }

  /**
   * Process 1 leaves the roots behind, those that it has not taken for good: what it sees from then
   * on is what the mount namespace of each app begins with.
   *
   * @param masks of /proc and /sys, once for all apps: each gets a copy with its namespace
   */
  static List<Op> leaveRoots(AppSteps masks) {
    Label label = Label.of("leave the roots of the apps");
    List<Op> steps = new ArrayList<>();
    steps.add(new Op.Mount(label, MS_BIND | MS_REC, FEW, FEW, "", ""));
    steps.add(new Op.Pivot(label, FEW));
    // In a user namespace what was mounted outside of it cannot be moved, and a copy can.
    steps.add(new Op.Mount(label, MS_BIND | MS_REC, "/sys", "/sys", "", ""));
    steps.addAll(masks.steps());
    return steps;
  }

  /** Steps in what {@link #leaveRoots} makes, for all apps. */
  static AppSteps forAll() {
    return new AppSteps("", "");
  }

  /**
   * Mounts a /proc: a step of process 1, and one that comes before it leaves the host's root. In a
   * user namespace the kernel mounts a new /proc only where a whole one can be seen.
   *
   * @param app empty for all
   * @param root below which, as process 1 sees it from the host's root
   * @param options of the file system; empty for none
   */
  static Op mountProc(String app, String root, String options) {
    return new Op.Mount(
        label("mount", "/proc", app), NO_SURPRISES, "proc", root + "/proc", "proc", options);
  }

  /**
   * Makes the root a mount that may be moved into: in a user namespace what was mounted outside of
   * it is locked to its place. mount_namespaces(7)
   */
  AppSteps unlockRoot() {
    steps.add(
        new Op.Mount(
            Label.of("mount the root of app \"" + app + "\" again"),
            MS_BIND | MS_REC,
            root,
            root,
            "",
            ""));
    return this;
  }

  /**
   * The same for the stage, by process 1, which cannot walk to it from the host's root, but stands
   * in it.
   */
  static List<Op> unlockStage() {
    return List.of(
        new Op.Mount(
            Label.of("mount the roots of the apps again"),
            MS_BIND | MS_REC,
            HERE,
            HERE + AGAIN,
            "",
            ""),
        new Op.Chdir(Label.of("enter the roots of the apps"), HERE + AGAIN));
  }

  /**
   * Hides and write-protects what {@link Masks} names, as far as this kernel has it.
   *
   * @param processesOnly whether /proc shows nothing of that anyway
   */
  AppSteps mask(boolean processesOnly) {
    List<String> hidden = new ArrayList<>(List.of(Masks.HIDDEN));
    hidden.addAll(Masks.ofProcessors());
    for (String path : hidden) {
      if (processesOnly && path.startsWith("/proc/")) {
        continue;
      }
      Masks.Kind onHost = Masks.onHost(path);
      if (onHost == Masks.Kind.DIRECTORY) {
        hideDirectory(path);
      } else if (onHost == Masks.Kind.FILE) {
        // The host's device, whose number was checked, in a place that no image and no volume
        // reaches: never what may stand at /dev/null of the app (CVE-2025-31133).
        steps.add(bind("hide", path, NULL, root + path));
      }
    }
    for (String path : Masks.READ_ONLY) {
      if (!processesOnly && Masks.onHost(path) != Masks.Kind.NOTHING) {
        steps.add(bind("write-protect", path, root + path, root + path));
        steps.add(
            new Op.Mount(
                label("write-protect", path),
                MS_BIND | MS_REMOUNT | MS_RDONLY | NO_SURPRISES,
                "",
                root + path,
                "",
                ""));
      }
    }
    return this;
  }

  private void hideDirectory(String path) {
    steps.add(bind("hide", path, EMPTY, root + path));
    steps.add(
        new Op.Mount(
            label("hide", path),
            MS_BIND | MS_REMOUNT | MS_RDONLY | NO_SURPRISES,
            "",
            root + path,
            "",
            ""));
  }

  private Op bind(String verb, String path, String source, String target) {
    return new Op.Mount(label(verb, path), MS_BIND | MS_REC, source, target, "", "");
  }

  private Label label(String verb, String path) {
    return label(verb, path, app);
  }

  private static Label label(String verb, String path, String app) {
    return Label.of(
        verb + " " + path + (app.isEmpty() ? " of the apps" : " of app \"" + app + "\""));
  }

  /** Makes the app's root the root of its mount namespace, which is all that it can reach then. */
  AppSteps moveIn() {
    steps.add(new Op.Pivot(Label.of("move into the root of app \"" + app + "\""), root));
    return this;
  }

  /**
   * Waits until the supervisor is there, which says so with a byte for each app: a signal that
   * comes to this process before then ends it, and the app has not run; one that comes later
   * reaches the app.
   *
   * @param supervised a descriptor of the lifeline's end for reading
   */
  AppSteps waitFor(int supervised) {
    steps.add(new Op.WaitFifo(Label.of("start app \"" + app + "\""), supervised, ""));
    return this;
  }

  /** Steps of others, in their place among these. */
  AppSteps add(List<Op> others) {
    steps.addAll(others);
    return this;
  }

  /**
   * Begins a session of its own, so that no terminal of the caller can be controlled from inside.
   *
   * @param terminal the descriptor of a terminal for the app alone, or -1
   */
  AppSteps beginSession(int terminal) {
    steps.add(new Op.Setsid(Label.of("begin a session")));
    if (terminal >= 0) {
      steps.add(new Op.ControllingTerminal(Label.of("take the terminal"), terminal));
      for (int standard = 0; standard <= 2; standard++) {
        steps.add(new Op.Dup(Label.of("open the terminal"), terminal, standard));
      }
    }
    return this;
  }
}
