package rkt.stage1.pod;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.RktException;
import rkt.stage1.StageException;

/**
 * Removes pods that have ended. Every step takes the pod's lock and is one rename or one removal,
 * so any number of collectors, and runs, may work at once, and one that is killed leaves work for
 * the next. spec/pod.md#collection
 */
public final class Collector {
  private static final int LOOKS = 50;
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final Pods pods;
  private final Clock clock;
  private final OnEnd onEnd;

  /** Told of each pod that ran and has ended, once, before anything of it goes. */
  public interface OnEnd {
    /** Called while the pod is locked; if it throws, the pod stays. */
    void ended(PodView pod) throws RktException;
  }

  public Collector(Pods pods, Clock clock, OnEnd onEnd) {
    this.pods = pods;
    this.clock = clock;
    this.onEnd = onEnd;
  }

  /**
   * What a collection came to.
   *
   * @param removed the ids of the pods that were removed
   * @param failures why others were not, which are tried again by the next one
   */
  public record Outcome(List<String> removed, List<RktException> failures) {
    public Outcome {
      removed = List.copyOf(removed);
      failures = List.copyOf(failures);
    }
  }

  /** A step on one pod, or before all. */
  private interface Step {
    void take() throws RktException;
  }

  /** Takes a step; whether what it met keeps it from being done, no other pod waits for that. */
  private static void attempt(Step step, List<RktException> failures) {
    try {
      step.take();
    } catch (RktException e) {
      failures.add(e);
    }
  }

  /**
   * Moves what has ended to the garbage, and removes what has been there long enough.
   *
   * @param grace how long an exited pod stays, counted from when it was first seen to have exited
   * @param prepared how long a prepared pod may wait to be run
   * @param markOnly whether to leave it at the moving
   */
  public Outcome collect(Duration grace, Duration prepared, boolean markOnly)
      throws StageException {
    List<RktException> failures = new ArrayList<>();
    attempt(pods::sweepEmbryos, failures);
    move(PodPhase.PREPARE, PodPhase.GARBAGE, Duration.ZERO, failures);
    move(PodPhase.PREPARED, PodPhase.GARBAGE, prepared, failures);
    move(PodPhase.RUN, PodPhase.EXITED_GARBAGE, Duration.ZERO, failures);
    List<String> removed = new ArrayList<>();
    if (!markOnly) {
      removeAll(PodPhase.EXITED_GARBAGE, grace, removed, failures);
      removeAll(PodPhase.GARBAGE, Duration.ZERO, removed, failures);
    }
    return new Outcome(removed, failures);
  }

  /**
   * Removes one pod that does not run, at once.
   *
   * @throws StageException of class {@code usage} if it runs
   */
  public void remove(PodView view) throws RktException {
    PodView now = view;
    for (int i = 0; !remove(now.phase(), now.id()); i++) {
      Optional<PodView> again = pods.again(now);
      if (again.isEmpty()) {
        return; // another collector was faster
      }
      now = again.get();
      if (now.isRunning() || i == LOOKS) {
        throw StageException.usage(
            "pod " + now.id() + " is " + now.state(), "rkt stop " + now.id() + " ends it first");
      }
      pause(); // somebody moves it on
    }
  }

  /** Removes a pod if it is in {@code phase}, and nobody holds it. */
  private boolean remove(PodPhase phase, String id) throws RktException {
    Optional<LockedPod> locked = pods.tryLock(phase, id);
    if (locked.isEmpty()) {
      return false;
    }
    try (LockedPod pod = locked.get()) {
      if (pod.phase() == PodPhase.RUN) {
        tell(pod);
      }
      discard(pod);
    }
    return true;
  }

  private void tell(LockedPod pod) throws RktException {
    onEnd.ended(new PodView(pod.id(), pod.phase(), false, pod.directory()));
  }

  private static void pause() throws StageException {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StageException.system("the removal was interrupted", null, e);
    }
  }

  /** Removes a pod that the caller holds, with everything that it may have left on the host. */
  public static void discard(LockedPod pod) throws StageException {
    collectByProgram(pod);
    try {
      PodRemains.remove(pod);
      if (pod.phase() != PodPhase.GARBAGE && pod.phase() != PodPhase.EXITED_GARBAGE) {
        pod.moveTo(PodPhase.GARBAGE);
      }
      Path directory = pod.directory();
      try (DirFd parent = DirFd.open(String.valueOf(directory.getParent()))) {
        parent.removeTree(Names.of(pod.id()));
      }
    } catch (KernelException e) {
      boolean isMounted = e.is(Errno.EXDEV) || (e.is(Errno.EBUSY) && e.call().equals("unlinkat"));
      throw StageException.system(
          "cannot remove pod " + pod.id(),
          isMounted
              ? "something is mounted there, which is not removed with it: umount it, then rkt gc"
              : "rkt gc tries again; rkt --debug gc shows more",
          e);
    }
  }

  /** What a third party's stage1 left, that one removes. */
  private static void collectByProgram(LockedPod pod) throws StageException {
    PodView view = new PodView(pod.id(), pod.phase(), false, pod.directory());
    Optional<PodRecord> record = view.readableRecord();
    if (record.isEmpty() && Files.exists(pod.directory().resolve(Stage1Program.FILE))) {
      throw StageException.system(
          "cannot remove pod "
              + pod.id()
              + ": the stage1 that it ran in may have left something, and "
              + PodRecord.FILE
              + ", which names it, cannot be read",
          "call it in "
              + pod.directory()
              + " as: PROGRAM gc "
              + pod.id()
              + "; remove "
              + Stage1Program.FILE
              + " there; then rkt gc");
    }
    if (record.isPresent() && record.get().stage1Program().isPresent()) {
      Path program = Path.of(record.get().stage1Program().get());
      Stage1Program.collect(program, pod.id(), pod.directory());
      Stage1Program.forget(pod.directory());
    }
  }

  private void move(PodPhase from, PodPhase to, Duration age, List<RktException> failures)
      throws StageException {
    for (String id : pods.idsIn(from)) {
      attempt(
          () -> {
            Optional<LockedPod> locked = pods.tryLock(from, id);
            if (locked.isPresent()) {
              try (LockedPod pod = locked.get()) {
                if (isOlder(pod, age)) {
                  if (from == PodPhase.RUN) {
                    tell(pod);
                  }
                  pod.moveTo(to);
                }
              }
            }
          },
          failures);
    }
  }

  private void removeAll(
      PodPhase phase, Duration age, List<String> removed, List<RktException> failures)
      throws StageException {
    for (String id : pods.idsIn(phase)) {
      attempt(
          () -> {
            Optional<LockedPod> locked = pods.tryLock(phase, id);
            if (locked.isPresent()) {
              try (LockedPod pod = locked.get()) {
                if (isOlder(pod, age)) {
                  discard(pod);
                  removed.add(id);
                }
              }
            }
          },
          failures);
    }
  }

  /** The rename into the phase set the directory's change time: that is when the clock started. */
  private boolean isOlder(LockedPod pod, Duration age) throws StageException {
    if (age.isZero()) {
      return true;
    }
    try {
      Object changed = Files.getAttribute(pod.directory(), "unix:ctime");
      Instant since = ((java.nio.file.attribute.FileTime) changed).toInstant();
      return !clock.instant().isBefore(since.plus(age));
    } catch (IOException e) {
      throw StageException.system("cannot look at " + pod.directory(), null, e);
    }
  }
}
