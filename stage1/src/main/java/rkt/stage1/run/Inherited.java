package rkt.stage1.run;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import rkt.kernel.KernelException;
import rkt.kernel.ResourceLimit;
import rkt.stage1.StageException;

/**
 * What process 1 takes over from this process by being its child, because the pod itself may not
 * take it: hard limits above the caller's, a lower oom_score_adj. Closing it puts what this process
 * had back; hard limits stay raised, which grants nothing to the supervisor that it would use.
 */
final class Inherited implements AutoCloseable {
  private final OptionalInt before;

  private Inherited(OptionalInt before) {
    this.before = before;
  }

  /** Of one that is to start these apps. */
  static Inherited of(List<PreparedApp> apps) throws StageException {
    for (PreparedApp app : apps) {
      for (Map.Entry<ResourceLimit, ResourceLimit.Value> limit :
          app.confinement().limits().entrySet()) {
        raise(app, limit.getKey(), limit.getValue());
      }
    }
    OptionalInt wanted = oomScores(apps).first();
    if (wanted.isEmpty()) {
      return new Inherited(OptionalInt.empty());
    }
    int own = OomScore.own();
    OomScore.set(wanted.getAsInt());
    return new Inherited(OptionalInt.of(own));
  }

  /**
   * The oom_score_adj of a pod's processes.
   *
   * @param callers of an app that asks for none
   * @param first of process 1: the lowest of its apps, because every process may raise its own;
   *     empty if no app asks for any, and all have the caller's
   */
  record OomScores(int callers, OptionalInt first) {
    /** What the app has to set its own to; empty if that is what process 1 has. */
    OptionalInt stepOf(PreparedApp app) {
      if (first.isEmpty()) {
        return OptionalInt.empty();
      }
      int own = app.confinement().oomScoreAdj().orElse(callers);
      return own == first.getAsInt() ? OptionalInt.empty() : OptionalInt.of(own);
    }
  }

  static OomScores oomScores(List<PreparedApp> apps) throws StageException {
    boolean asked = false;
    for (PreparedApp app : apps) {
      asked |= app.confinement().oomScoreAdj().isPresent();
    }
    if (!asked) {
      return new OomScores(0, OptionalInt.empty());
    }
    int callers = OomScore.own();
    int lowest = Integer.MAX_VALUE;
    for (PreparedApp app : apps) {
      lowest = Math.min(lowest, app.confinement().oomScoreAdj().orElse(callers));
    }
    return new OomScores(callers, OptionalInt.of(lowest));
  }

  private static void raise(PreparedApp app, ResourceLimit resource, ResourceLimit.Value wanted)
      throws StageException {
    try {
      ResourceLimit.Value own = resource.get(0);
      if (Long.compareUnsigned(wanted.hard(), own.hard()) > 0) {
        resource.set(0, new ResourceLimit.Value(own.soft(), wanted.hard()));
      }
    } catch (KernelException e) {
      throw StageException.run(
          "cannot give app \""
              + app.request().name()
              + "\" the limit "
              + Rlimits.name(resource)
              + "="
              + Rlimits.text(wanted.soft())
              + ":"
              + Rlimits.text(wanted.hard()),
          "ask for no more than the caller may have: ulimit -H -a",
          e);
    }
  }

  @Override
  public void close() throws StageException {
    if (before.isPresent()) {
      OomScore.set(before.getAsInt());
    }
  }
}
