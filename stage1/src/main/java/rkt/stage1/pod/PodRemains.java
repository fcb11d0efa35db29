package rkt.stage1.pod;

import rkt.kernel.Cgroup;
import rkt.kernel.CgroupLayout;
import rkt.kernel.KernelException;

/** What a pod may have left on the host outside its directory. spec/pod.md#collection */
final class PodRemains {
  private PodRemains() {}

  /** Ends every process in the pod's control groups, and removes these. Safe to repeat. */
  static void remove(String podId) throws KernelException {
    Cgroup group = Cgroup.at(CgroupLayout.detect(), "rkt/" + podId);
    group.killAll();
    group.remove();
  }
}
