package rkt.cli;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.pod.PodEvents;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;
import rkt.stage1.run.PodEnter;
import rkt.verify.audit.AuditLog;

/** {@code rkt enter}: one more process in a running pod, with no more rights than its app has. */
final class EnterCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    spec.parser().stopAtPositional(true);
    spec.addOption(
        OptionSpec.builder("--app")
            .type(String.class)
            .paramLabel("NAME")
            .description("Which app, if the pod has several.")
            .build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0")
            .type(String.class)
            .arity("1")
            .required(true)
            .paramLabel("UUID")
            .description("A running pod, by its UUID or a unique beginning of it.")
            .build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("1..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("0..*")
            .paramLabel("COMMAND")
            .description("The program and its arguments. Usually the shell of the image.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    List<String> command = parsed.matchedPositionalValue(1, List.of());
    if (!command.isEmpty() && command.get(0).equals("--")) {
      command = command.subList(1, command.size());
    }
    List<String> words = List.copyOf(command);
    PodView pod = new Pods(settings.dir()).find(parsed.matchedPositionalValue(0, ""));
    Optional<String> app = Optional.ofNullable(parsed.matchedOptionValue("--app", null));
    if (pod.isRunning()) {
      new AuditLog(settings.dir(), caller.clock())
          .append(
              List.of(PodEvents.enter(pod, app.orElse(""), words.isEmpty() ? "" : words.get(0))));
    }
    String term = caller.environment().getOrDefault("TERM", "xterm");
    new PodEnter(pod, caller.home().resolve("libexec/pod-init")).enter(app, words, term);
    return 0;
  }
}
