package rkt.stage1.pod;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import rkt.kernel.Cgroup;
import rkt.kernel.CgroupLayout;
import rkt.kernel.KernelException;
import rkt.stage1.StageException;

/** What a pod may have left on the host outside its directory. spec/pod.md#collection */
public final class PodRemains {
  /**
   * The file that names the pod's control groups, a line for each hierarchy; absent where they are
   * in the usual place. spec/pod.md#files
   */
  public static final String CGROUPS = "cgroups";

  private PodRemains() {}

  /** Ends every process in the pod's control groups, and removes these. Safe to repeat. */
  static void remove(LockedPod pod) throws KernelException, StageException {
    CgroupLayout layout = CgroupLayout.detect();
    remove(Cgroup.at(layout, "rkt/" + pod.id()));
    Path file = pod.directory().resolve(CGROUPS);
    try {
      for (String path : Files.readAllLines(file)) {
        if (path.endsWith("/" + pod.id())) { // or it is none of this pod, whatever wrote it
          remove(Cgroup.at(layout, List.of(path)));
        }
      }
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      throw StageException.system("cannot read " + file, null, e);
    }
  }

  private static void remove(Cgroup group) throws KernelException {
    group.killAll();
    group.remove();
  }
}
