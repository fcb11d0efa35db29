package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private static final Path OOM_SCORE_ADJ = Path.of("/proc/self/oom_score_adj");

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
    OptionalInt wanted = oomScoreAdj(apps);
    if (wanted.isEmpty()) {
      return new Inherited(OptionalInt.empty());
    }
    int own = OomScore.own();
    write(wanted.getAsInt());
    return new Inherited(OptionalInt.of(own));
  }

  /**
   * What process 1 has of oom_score_adj: the lowest of its apps, because every process may raise
   * its own. Empty for that of the caller.
   */
  static OptionalInt oomScoreAdj(List<PreparedApp> apps) throws StageException {
    boolean asked = false;
    int lowest = Integer.MAX_VALUE;
    for (PreparedApp app : apps) {
      OptionalInt wanted = app.confinement().oomScoreAdj();
      asked |= wanted.isPresent();
      lowest = Math.min(lowest, wanted.isPresent() ? wanted.getAsInt() : OomScore.own());
    }
    return asked ? OptionalInt.of(lowest) : OptionalInt.empty();
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

  private static void write(int value) throws StageException {
    try {
      Files.write(OOM_SCORE_ADJ, Integer.toString(value).getBytes(US_ASCII));
    } catch (IOException e) {
      throw StageException.run(
          "cannot set oom_score_adj to " + value,
          "one that is lower than the caller's takes CAP_SYS_RESOURCE on the host",
          e);
    }
  }

  @Override
  public void close() throws StageException {
    if (before.isPresent()) {
      write(before.getAsInt());
    }
  }
}
