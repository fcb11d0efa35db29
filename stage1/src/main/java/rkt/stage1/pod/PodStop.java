package rkt.stage1.pod;

import java.nio.file.Files;
import java.time.Duration;
import java.util.OptionalInt;
import rkt.kernel.Errno;
import rkt.kernel.Fd;
import rkt.kernel.KernelException;
import rkt.kernel.Processes;
import rkt.stage1.StageException;

/** Ends a running pod. spec/pod.md#stopping */
public final class PodStop {
  private static final int SIGKILL = 9;
  private static final int SIGTERM = 15;

  private PodStop() {}

  /**
   * Asks the apps to end, each with the stop signal of its image, and ends them after {@code
   * grace}. Returns when the pod has ended.
   *
   * @param grace zero to end them at once
   */
  public static void stop(PodView pod, Duration grace) throws StageException {
    if (!pod.isRunning()) {
      throw StageException.usage("pod " + pod.id() + " does not run: it is " + pod.state(), null);
    }
    if (!grace.isZero()) {
      signal(pod, SIGTERM);
      if (PodWait.untilEnded(pod, grace)) {
        return;
      }
    }
    // The apps live as long as the supervisor does: no process of the pod outlives this.
    signal(pod, SIGKILL);
    PodWait.untilEnded(pod, Duration.ofDays(1));
  }

  private static void signal(PodView pod, int signal) throws StageException {
    OptionalInt known = pod.supervisorPid();
    if (known.isEmpty() && !Files.isDirectory(pod.directory())) {
      return; // it has ended, and was collected
    }
    if (known.isEmpty()) {
      throw StageException.run("pod " + pod.id() + " has only just begun to start", "try again");
    }
    // By descriptor: between reading the number and the signal the process may have ended, and its
    // number gone to another. That it still held the pod after the open proves it is the one.
    try (Fd supervisor = Processes.open(known.getAsInt())) {
      if (pod.isHeldBy(known.getAsInt())) {
        Processes.signal(supervisor, signal);
      }
    } catch (KernelException e) {
      if (!e.is(Errno.ESRCH)) {
        throw StageException.system("cannot signal pod " + pod.id(), null, e);
      }
    }
  }
}
