package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import rkt.kernel.Cgroup;
import rkt.kernel.CgroupLayout;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodRecord;

/** The control groups of a pod: one an app, below one for the pod. spec/pod.md#control-groups */
final class PodCgroups {
  private final CgroupLayout layout;
  private final String pod;

  private PodCgroups(CgroupLayout layout, String pod) {
    this.layout = layout;
    this.pod = pod;
  }

  static PodCgroups of(String podId) throws StageException {
    try {
      // What we limit, and what stops a pod as a whole: each further one costs every start.
      CgroupLayout layout = CgroupLayout.detect().only("memory", "cpu", "pids", "freezer");
      return new PodCgroups(layout, "rkt/" + podId);
    } catch (KernelException e) {
      throw StageException.run("cannot see the control groups of this host", "mount /proc", e);
    }
  }

  /** Whether this host has any that we can use. */
  boolean exist() {
    return layout.kind() != CgroupLayout.Kind.NONE;
  }

  /**
   * Makes the group of one app, with its limits.
   *
   * @param outcomes what became of each isolator so far; corrected here
   * @return its open files for joining
   */
  List<Fd> create(AppRequest request, Isolation isolation, List<PodRecord.Isolator> outcomes)
      throws StageException {
    String app = request.name();
    try {
      Cgroup group = Cgroup.create(layout, pod + "/" + app);
      for (Cgroup.Unenforced missing : group.limit(isolation.limits())) {
        if (isExplicit(request, "resource/" + missing.limit())) {
          throw StageException.run(
              "cannot limit the "
                  + missing.limit()
                  + " of app \""
                  + app
                  + "\": "
                  + missing.reason(),
              "leave out --" + missing.limit() + ", or mount the control groups of this host");
        }
        ignore(missing.limit(), outcomes);
      }
      return group.openForJoining();
    } catch (KernelException e) {
      throw StageException.run(
          "cannot make the control group of app \"" + app + "\"", Rights.fix(e), e);
    }
  }

  /** Whether the user asked for it, so that failing to enforce it is an error. */
  private static boolean isExplicit(AppRequest app, String isolator) {
    for (Isolator asked : app.isolators()) {
      if (asked.name().equals(isolator) && asked.origin().isExplicit()) {
        return true;
      }
    }
    return false;
  }

  private static void ignore(String limit, List<PodRecord.Isolator> outcomes) {
    for (int i = 0; i < outcomes.size(); i++) {
      PodRecord.Isolator isolator = outcomes.get(i);
      if (isolator.name().equals("resource/" + limit)) {
        outcomes.set(i, new PodRecord.Isolator(isolator.name(), isolator.value(), "ignored"));
      }
    }
  }

  /** Every directory that was made, deepest first. */
  List<String> directories(List<String> apps) {
    List<String> directories = new ArrayList<>();
    for (CgroupLayout.Hierarchy hierarchy : layout.hierarchies()) {
      for (String app : apps) {
        directories.add(hierarchy.mountPoint() + "/" + pod + "/" + app);
      }
      directories.add(hierarchy.mountPoint() + "/" + pod);
    }
    return directories;
  }
}
