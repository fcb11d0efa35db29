package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import rkt.stage1.pod.PodView;

/** Finds a process of an app on the host: a child of the pod's process 1, in the app's cgroup. */
final class AppProcess {
  private AppProcess() {}

  /**
   * Its pid here; empty if the app runs no more.
   *
   * @param hasGroups whether the pod has control groups: then one that is not in them is not its
   *     process, whatever number it has
   */
  static Optional<Integer> find(PodView pod, String app, boolean hasGroups) throws IOException {
    OptionalInt init = pod.initPid();
    if (init.isEmpty()) {
      return Optional.empty();
    }
    int process1 = init.getAsInt();
    Path children = Path.of("/proc/" + process1 + "/task/" + process1 + "/children");
    String first = "";
    for (String pid : Files.readString(children).strip().split(" ", -1)) {
      if (!pid.isEmpty()) {
        first = first.isEmpty() ? pid : first;
        String groups = Files.readString(Path.of("/proc/" + pid + "/cgroup"));
        if (groups.contains("/" + pod.id() + "/" + app + "\n")) {
          return Optional.of(Integer.parseInt(pid));
        }
      }
    }
    // Without control groups there is nothing to tell apps apart by: the first one was started
    // first.
    return first.isEmpty() || hasGroups ? Optional.empty() : Optional.of(Integer.parseInt(first));
  }
}
