package rkt.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** Plain words and options of image commands. */
final class Words {
  static final String OVERWRITE = "--overwrite";

  private Words() {}

  /** All arguments of a command, however many. */
  static void describe(CommandSpec spec, String label, String arity, String description) {
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            // Of how many there must be, we say more ourselves.
            .arity(arity.contains("*") ? arity : "1..*")
            .hideParamSyntax(!arity.contains("*"))
            .required(true)
            .paramLabel(label)
            .description(description)
            .build());
  }

  static void option(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .description(description)
            .build());
  }

  static void flag(CommandSpec spec, String name, String description) {
    spec.addOption(OptionSpec.builder(name).type(boolean.class).description(description).build());
  }

  /** Exactly {@code count} arguments, which {@code names} names in an error. */
  static List<String> exactly(ParseResult parsed, int count, String names) throws UsageException {
    List<String> words = parsed.matchedPositionalValue(0, List.of());
    if (words.size() != count) {
      throw new UsageException(
          words.size() + " arguments given, and it takes " + names,
          "see rkt help " + parsed.commandSpec().name().substring("rkt ".length()));
    }
    return words;
  }
}
