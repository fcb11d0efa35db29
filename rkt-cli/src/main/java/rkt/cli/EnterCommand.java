package rkt.cli;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.pod.Pods;
import rkt.stage1.run.PodEnter;

/** {@code rkt enter}: one more process in a running pod, with no more rights than its app has. */
final class EnterCommand implements Command {
  private static final String SHELL = "/bin/sh";

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
            .description("The program and its arguments. Usually " + SHELL + ".")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    List<String> command = parsed.matchedPositionalValue(1, List.of());
    if (!command.isEmpty() && command.get(0).equals("--")) {
      command = command.subList(1, command.size());
    }
    Pods pods = new Pods(settings.dir());
    String term = caller.environment().getOrDefault("TERM", "xterm");
    new PodEnter(
            pods.find(parsed.matchedPositionalValue(0, "")),
            caller.home().resolve("libexec/pod-init"))
        .enter(
            Optional.ofNullable(parsed.matchedOptionValue("--app", null)),
            command.isEmpty() ? List.of(SHELL) : List.copyOf(command),
            term);
    return 0;
  }
}
