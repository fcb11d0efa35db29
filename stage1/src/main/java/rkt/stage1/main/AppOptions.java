package rkt.stage1.main;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.stage1.StageException;
import rkt.stage1.run.AcName;
import rkt.stage1.run.ProcessRequest;

/** Options of one app: what it is called, what it runs, as whom and where. */
final class AppOptions {
  private AppOptions() {}

  static void describe(CommandSpec spec) {
    Describe.text(spec, "--name", "NAME", "The app's name. Usually the last part of the image's.");
    Describe.text(spec, "--exec", "PATH", "The program, in place of the image's own.");
    Describe.text(spec, "--user", "USER", "A name, a number, or /PATH for its owner.");
    Describe.text(spec, "--group", "GROUP", "A name, a number, or /PATH for its group.");
    Describe.text(spec, "--working-dir", "DIR", "The working directory, absolute.");
    Describe.list(spec, "--environment", "NAME=VALUE", "A variable that wins over all others.");
  }

  static Optional<String> name(ParseResult parsed) throws StageException {
    Optional<String> name = Pairs.find(parsed, "--name");
    return name.isPresent() ? Optional.of(AcName.checked(name.get())) : name;
  }

  static ProcessRequest process(ParseResult parsed, List<String> arguments) throws StageException {
    return new ProcessRequest(
        Pairs.find(parsed, "--exec"),
        arguments,
        Pairs.find(parsed, "--user"),
        Pairs.find(parsed, "--group"),
        Optional.empty(),
        Pairs.find(parsed, "--working-dir"),
        Pairs.of(parsed, "--environment"));
  }
}
