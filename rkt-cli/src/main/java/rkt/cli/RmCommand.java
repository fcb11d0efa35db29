package rkt.cli;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.pod.Collector;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** {@code rkt rm}: removes pods that do not run. */
final class RmCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    PodArguments.describe(spec, "0..*");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Pods pods = new Pods(settings.dir());
    Collector collector =
        new Collector(pods, caller.clock(), pod -> GcCommand.recordExit(pod, settings, caller));
    for (String uuid : PodArguments.uuids(parsed)) {
      PodView pod = pods.find(uuid);
      collector.remove(pod);
      format.print(caller.out(), "id", pod.id());
    }
    return 0;
  }
}
