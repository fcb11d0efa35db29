package rkt.stage1.run;

import java.util.List;
import java.util.Optional;
import rkt.kernel.Fd;
import rkt.stage1.launch.Bytes;
import rkt.stage1.pod.PodRecord;

/**
 * An app with everything that could be made before its pod's namespaces exist.
 *
 * @param outcomes what became of each isolator
 * @param cgroupProcs the open files by which it joins the control groups of its own
 * @param oomCounter the file in which the kernel counts the processes of it that it killed for want
 *     of memory
 * @param seccomp the filter; empty for none
 * @param streams what its standard streams are joined to
 */
record PreparedApp(
    AppRequest request,
    Confinement confinement,
    List<PodRecord.Isolator> outcomes,
    List<Fd> cgroupProcs,
    Optional<String> oomCounter,
    Bytes seccomp,
    AppStreams streams) {
  PreparedApp {
    outcomes = List.copyOf(outcomes);
    cgroupProcs = List.copyOf(cgroupProcs);
  }
}
