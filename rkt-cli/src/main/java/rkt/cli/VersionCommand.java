package rkt.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code rkt version}. */
final class VersionCommand implements Command {
  /** A constant: reading it from a resource would open every jar of the class path. */
  static final String VERSION = "0.1.0";

  @Override
  public void describe(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--format")
            .type(String.class)
            .paramLabel("FORMAT")
            .description("text or json. Usually text.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws UsageException {
    String java = Runtime.version().toString();
    switch (parsed.matchedOptionValue("--format", "text")) {
      case "text" -> caller.out().print("rkt " + VERSION + "\njava " + java + "\n");
      case "json" ->
          caller.out().print("{\"rkt\":\"" + VERSION + "\",\"java\":\"" + java + "\"}\n");
      default -> throw new UsageException("--format takes text or json", null);
    }
    return 0;
  }
}
