package rkt.stage1.pod;

import java.nio.file.Files;
import java.time.Duration;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.stage1.StageException;

/** Waits for a pod to end: for its lock, which its last process drops, whatever ended it. */
public final class PodWait {
  private static final Duration STEP = Duration.ofMillis(20);

  /** A century: more would not fit into nanoseconds. */
  private static final Duration FOREVER = Duration.ofDays(36_500);

  private PodWait() {}

  /**
   * Returns when the pod does not run any more, or after {@code limit}.
   *
   * @return whether it has ended
   */
  public static boolean untilEnded(PodView pod, Duration limit) throws StageException {
    Duration bounded = limit.compareTo(FOREVER) < 0 ? limit : FOREVER;
    long end = System.nanoTime() + bounded.toNanos();
    try (DirFd directory = DirFd.open(pod.directory().toString())) {
      while (!directory.self().tryLock(false)) {
        if (System.nanoTime() - end > 0) {
          return false;
        }
        pause();
      }
      return true;
    } catch (KernelException e) {
      if (!Files.isDirectory(pod.directory())) {
        return true; // collected meanwhile
      }
      throw StageException.system("cannot wait for pod " + pod.id(), null, e);
    }
  }

  /**
   * Returns when every app of the pod has started and is healthy, or the pod has ended, or after
   * {@code limit}.
   *
   * @param pods where it is found, wherever it moves
   * @return whether the pod is ready
   */
  public static boolean untilReady(Pods pods, String id, Duration limit) throws StageException {
    Duration bounded = limit.compareTo(FOREVER) < 0 ? limit : FOREVER;
    long end = System.nanoTime() + bounded.toNanos();
    while (true) {
      PodView pod = pods.find(id);
      boolean hasEnded = pod.phase().compareTo(PodPhase.RUN) > 0 || isExited(pod);
      if (hasEnded || System.nanoTime() - end > 0) {
        return false;
      }
      if (pod.isReady()) {
        return true;
      }
      pause();
    }
  }

  private static boolean isExited(PodView pod) {
    return pod.phase() == PodPhase.RUN && !pod.locked();
  }

  /** flock(2) knows no time limit, so a limited wait asks again and again. */
  private static void pause() throws StageException {
    try {
      Thread.sleep(STEP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StageException.system("the wait was interrupted", null, e);
    }
  }
}
