package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.kernel.Cgroup;
import rkt.kernel.CgroupLayout;
import rkt.kernel.CgroupParent;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.stage1.StageException;
import rkt.stage1.pod.LockedPod;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodRemains;

/**
 * The control groups of a pod: one for the pod, and below it one for each app, where that makes a
 * difference: in other hierarchies of version 1 the apps are in the pod's.
 * spec/pod.md#control-groups
 */
final class PodCgroups {
  /** What we limit, and what stops a pod as a whole: each further one costs every start. */
  private static final List<String> CONTROLLERS =
      List.of("memory", "cpu", "pids", "freezer", "devices");

  /** What tells apps apart whatever they ask for: whose process was killed, and how many it has. */
  private static final List<String> OF_EACH_APP = List.of("memory", "pids");

  private final Cgroup group;
  private final Cgroup divided;
  private final List<Fd> shared;
  private final List<PodRecord.Isolator> outcomes;
  private final List<Cgroup> apps = new ArrayList<>();

  private final DeviceAllowance devices;

  private PodCgroups(
      Cgroup group,
      Cgroup divided,
      List<Fd> shared,
      List<PodRecord.Isolator> outcomes,
      DeviceAllowance devices) {
    this.group = group;
    this.divided = divided;
    this.shared = shared;
    this.outcomes = outcomes;
    this.devices = devices;
  }

  /**
   * The group of one app.
   *
   * @param joins its open files for joining, without those that all apps join
   * @param oomCounter the file in which the kernel counts what it killed of it
   * @param outcomes what became of each of its limits
   */
  record OfApp(List<Fd> joins, Optional<String> oomCounter, List<PodRecord.Isolator> outcomes) {}

  /**
   * Makes the group of the pod, with its limits and its devices.
   *
   * @param ofApps what each of {@code apps} may use
   */
  static PodCgroups create(
      LockedPod pod,
      CgroupParent parent,
      Resources limits,
      List<AppRequest> apps,
      List<Resources> ofApps)
      throws StageException {
    if (parent.isUnit()) {
      remember(pod, parent.paths(pod.id()));
    }
    try {
      Cgroup group = parent.create(pod.id());
      DeviceAllowance devices = DeviceAllowance.of(group, apps);
      List<String> dividing = dividing(devices, apps, ofApps);
      Cgroup divided = group.in(dividing);
      List<PodRecord.Isolator> outcomes = limits.set(group);
      if (!divided.isAnywhere()) { // apps are told apart by their groups
        return new PodCgroups(group, group, List.of(), outcomes, devices);
      }
      List<Fd> shared = group.besides(dividing).openForJoining();
      return new PodCgroups(group, divided, shared, outcomes, devices);
    } catch (KernelException e) {
      throw StageException.run("cannot make the control group of the pod", Rights.fix(e), e);
    }
  }

  /** The controllers of version 1 in whose hierarchies each app has a group. */
  private static List<String> dividing(
      DeviceAllowance devices, List<AppRequest> apps, List<Resources> ofApps)
      throws StageException {
    List<String> dividing = new ArrayList<>(OF_EACH_APP);
    for (int i = 0; i < apps.size(); i++) {
      // All or none: a group beside single processes would get the time of one of them.
      addOnce(dividing, "cpu", ofApps.get(i).takes("cpu"));
      addOnce(dividing, "blkio", ofApps.get(i).takes("blkio"));
      addOnce(dividing, "devices", devices.narrows(apps.get(i)));
    }
    return dividing;
  }

  private static void addOnce(List<String> words, String word, boolean isMeant) {
    if (isMeant && !words.contains(word)) {
      words.add(word);
    }
  }

  /**
   * Where the groups of this process go. To be called before it has children.
   *
   * @param further the controllers that the pod takes besides those of every pod
   */
  static CgroupParent parent(List<String> further) throws StageException {
    try {
      CgroupLayout layout = CgroupLayout.detect();
      List<String> needed = new ArrayList<>(CONTROLLERS);
      needed.addAll(further);
      CgroupParent parent = CgroupParent.of(layout.only(needed.toArray(new String[0])));
      parent.enter();
      return parent;
    } catch (KernelException e) {
      throw StageException.run("cannot see the control groups of this host", "mount /proc", e);
    }
  }

  /** So that whoever collects the pod finds them, and be it before there is a record. */
  private static void remember(LockedPod pod, List<String> paths) throws StageException {
    Path file = pod.directory().resolve(PodRemains.CGROUPS);
    try {
      Files.write(file, paths);
    } catch (IOException e) {
      throw StageException.system("cannot write " + file, null, e);
    }
  }

  /** What became of each limit of the pod. */
  List<PodRecord.Isolator> outcomes() {
    return outcomes;
  }

  /** What its apps may do with devices. */
  DeviceAllowance devices() {
    return devices;
  }

  /** Open files by which each app joins the pod's own group where it has none. */
  List<Fd> shared() {
    return shared;
  }

  /** Makes the group of one app, with its limits. */
  OfApp createApp(AppRequest app, Resources limits) throws StageException {
    try {
      Cgroup made = divided.createChild(app.name());
      apps.add(made);
      devices.narrow(made, app);
      return new OfApp(made.openForJoining(), made.oomKillsFile(), limits.set(made));
    } catch (KernelException e) {
      throw StageException.run(
          "cannot make the control group of app \"" + app.name() + "\"", Rights.fix(e), e);
    }
  }

  /** Every directory that was made, deepest first. */
  List<String> directories() {
    List<String> directories = new ArrayList<>();
    for (Cgroup app : apps) {
      directories.addAll(app.paths());
    }
    directories.addAll(group.paths());
    return directories;
  }
}
