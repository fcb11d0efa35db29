package rkt.stage1.run;

import java.util.List;
import rkt.kernel.Fd;
import rkt.stage1.launch.Bytes;
import rkt.stage1.pod.PodRecord;

/**
 * An app with everything that could be made before its pod's namespaces exist.
 *
 * @param outcomes what became of each isolator
 * @param cgroupProcs the open cgroup.procs of its control groups
 * @param seccomp the filter; empty for none
 */
record PreparedApp(
    AppRequest request,
    Isolation isolation,
    List<PodRecord.Isolator> outcomes,
    List<Fd> cgroupProcs,
    Bytes seccomp) {
  PreparedApp {
    outcomes = List.copyOf(outcomes);
    cgroupProcs = List.copyOf(cgroupProcs);
  }
}
