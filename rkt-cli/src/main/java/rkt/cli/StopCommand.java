package rkt.cli;

import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.pod.PodStop;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** {@code rkt stop}: ends running pods. */
final class StopCommand implements Command {
  private static final String FORCE = "--force";
  private static final String TIMEOUT = "--timeout";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    PodArguments.describe(spec, "0..*");
    spec.addOption(
        OptionSpec.builder(FORCE)
            .type(boolean.class)
            .description("End the apps at once, without asking them.")
            .build());
    spec.addOption(
        OptionSpec.builder(TIMEOUT)
            .type(String.class)
            .paramLabel("DURATION")
            .description("How long the apps may take to end. Usually 10s.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Duration grace =
        parsed.hasMatchedOption(FORCE)
            ? Duration.ZERO
            : Durations.parse(TIMEOUT, parsed.matchedOptionValue(TIMEOUT, "10s"));
    Pods pods = new Pods(settings.dir());
    for (String uuid : PodArguments.uuids(parsed)) {
      PodView pod = pods.find(uuid);
      PodStop.stop(pod, grace);
      format.print(caller.out(), "id", pod.id());
    }
    return 0;
  }
}
