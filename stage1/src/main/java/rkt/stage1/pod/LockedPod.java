package rkt.stage1.pod;

import java.nio.file.Path;
import rkt.kernel.DirFd;
import rkt.stage1.StageException;

/**
 * A pod that this process holds the lock of, so that nobody else moves or removes it. The lock is
 * the {@code flock} of the pod's directory, and follows it through renames.
 */
public final class LockedPod implements AutoCloseable {
  private final Pods pods;
  private final String id;
  private final DirFd lock;
  private PodPhase phase;

  LockedPod(Pods pods, String id, PodPhase phase, DirFd lock) {
    this.pods = pods;
    this.id = id;
    this.phase = phase;
    this.lock = lock;
  }

  public String id() {
    return id;
  }

  /** Where the pod stands now; changes with {@link #moveTo}. */
  public Path directory() {
    return pods.path(phase, id);
  }

  public PodPhase phase() {
    return phase;
  }

  /**
   * The descriptor of the directory that carries the lock: what the supervisor inherits, so that
   * the pod stays locked for as long as it runs.
   */
  public DirFd lock() {
    return lock;
  }

  /** Moves the pod, in one rename. */
  public void moveTo(PodPhase next) throws StageException {
    pods.rename(id, phase, next);
    phase = next;
  }

  /** Unlocks; the pod stays where it is. */
  @Override
  public void close() {
    lock.close();
  }
}
