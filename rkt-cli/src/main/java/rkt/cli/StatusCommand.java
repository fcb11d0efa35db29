package rkt.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.PodWait;
import rkt.stage1.pod.Pods;

/** {@code rkt status}: one pod, now or when it has ended. */
final class StatusCommand implements Command {
  private static final String WAIT = "--wait";
  private static final String READY = "--wait-ready";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    PodArguments.describe(spec, "0..1");
    describe(spec, WAIT, "Wait until the pod has ended, or for this long.");
    describe(spec, READY, "Wait until its apps have started and are healthy, or for this long.");
  }

  private static void describe(CommandSpec spec, String option, String description) {
    spec.addOption(
        OptionSpec.builder(option)
            .type(String.class)
            .arity("0..1")
            .fallbackValue("true")
            .paramLabel("BOOL|DURATION")
            .preprocessor((args, command, parsed, info) -> {
              // "--wait UUID": the next word is a pod, unless it is attached with "=".
              if (" ".equals(info.get("separator"))) {
                args.push("true");
              }
              return false;
            })
            .description(description)
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Pods pods = new Pods(settings.dir());
    PodView pod = PodArguments.one(parsed, pods);
    Optional<Duration> ready = wait(READY, parsed.matchedOptionValue(READY, "false"));
    if (ready.isPresent()) {
      PodWait.untilReady(pods, pod.id(), ready.get());
      pod = pods.find(pod.id());
    }
    Optional<Duration> wait = wait(WAIT, parsed.matchedOptionValue(WAIT, "false"));
    if (wait.isPresent()) {
      PodWait.untilEnded(pod, wait.get());
      pod = pods.find(pod.id());
    }
    String text = text(format, pod);
    while (!Files.isDirectory(pod.directory())) {
      // It moved on while it was looked at: what was found may be half of it.
      pod = pods.find(pod.id());
      text = text(format, pod);
    }
    caller.out().print(text);
    return 0;
  }

  private static String text(Format format, PodView pod) throws RktException {
    StringWriter text = new StringWriter();
    try (PrintWriter out = new PrintWriter(text)) {
      if (format.isJson()) {
        JsonWriter json = format.writer();
        PodJson.write(json, pod);
        out.println(json);
      } else {
        print(pod, out);
      }
    }
    return text.toString();
  }

  private static Optional<Duration> wait(String option, String text) throws UsageException {
    return switch (text) {
      case "true" -> Optional.of(Duration.ofDays(36_500));
      case "false" -> Optional.empty();
      default -> Optional.of(Durations.parse(option, text));
    };
  }

  private static void print(PodView pod, PrintWriter out) throws RktException {
    Optional<PodRecord> record = pod.record();
    out.println("state=" + pod.state());
    out.println("created=" + ListCommand.time(pod.createdNanos()));
    if (pod.startedNanos().isPresent()) {
      out.println("started=" + ListCommand.time(pod.startedNanos().getAsLong()));
    }
    out.println("networks=" + (record.isPresent() ? record.get().network() : ""));
    if (pod.isRunning() && pod.supervisorPid().isPresent()) {
      out.println("pid=" + pod.supervisorPid().getAsInt());
    }
    out.println("exited=" + (pod.startedNanos().isPresent() && !pod.isRunning()));
    if (record.isEmpty()) {
      return;
    }
    if (!record.get().stage1().equals(PodRecord.NAMESPACES)) {
      out.println("stage1=" + record.get().stage1());
    }
    if (record.get().ids().isPresent()) {
      out.println("ids=" + record.get().ids().get());
    }
    if (record.get().deviceRules().isPresent()) {
      out.println("device-rules=" + record.get().deviceRules().get().by());
    }
    if (pod.isRunning()) {
      out.println("ready=" + pod.isReady());
    }
    if (!record.get().insecure().isEmpty()) {
      out.println("insecure-options=" + String.join(",", record.get().insecure()));
    }
    for (PodRecord.App app : record.get().apps()) {
      PodView.AppStatus status = pod.app(app.name());
      if (status.exitStatus().isPresent()) {
        out.println("app-" + app.name() + "=" + status.exitStatus().getAsLong());
      }
      if (status.outOfMemory()) {
        out.println("oom-" + app.name() + "=true");
      }
      if (status.health().isPresent()) {
        out.println("health-" + app.name() + "=" + status.health().get());
      }
      out.println("image-" + app.name() + "=" + app.image());
      out.println("verified-" + app.name() + "=" + (app.signer().isPresent() ? "yes" : "no"));
    }
  }
}
