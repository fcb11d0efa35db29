package rkt.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code rkt help}: all commands, a line each, or one of them in full. */
final class HelpCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("0..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("COMMAND")
            .description("The command to explain.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws UsageException {
    List<String> words = parsed.matchedPositionalValue(0, List.<String>of());
    if (words.isEmpty()) {
      caller.out().print(overview());
    } else if (isGroup(words)) {
      caller.out().print(overview(words.get(0)));
    } else {
      caller.out().print(usage(CommandName.find(words)));
    }
    return 0;
  }

  /** Whether these words are one that is no command, but begins some: {@code image}. */
  static boolean isGroup(List<String> words) {
    return words.size() == 1
        && !words.get(0).equals(CommandName.TRUST.words())
        && !CommandName.below(words.get(0)).isEmpty();
  }

  /** The commands that begin with a word, in a line each. */
  static String overview(String word) {
    return list(
        "Usage: rkt " + word + " COMMAND [ARGS]\n", CommandName.below(word), "rkt help " + word);
  }

  /** Every command in a line, without building any of them. */
  static String overview() {
    return list(
        "Usage: rkt [OPTIONS] COMMAND [ARGS]\n"
            + "Fetch, verify and run signed images, without a daemon.\n",
        List.of(CommandName.values()),
        "rkt help");
  }

  private static String list(String head, List<CommandName> names, String help) {
    int width = 0;
    for (CommandName name : names) {
      width = Math.max(width, name.words().length());
    }
    var text = new StringBuilder(head).append("\nCommands:\n");
    for (CommandName name : names) {
      text.append("  ")
          .append(name.words())
          .append(" ".repeat(width - name.words().length() + 2))
          .append(name.summary())
          .append('\n');
    }
    return text.append("\n")
        .append(help)
        .append(" COMMAND explains one of them and lists the options.\n")
        .toString();
  }

  static String usage(CommandName name) {
    CommandSpec spec = Main.spec(name, name.create());
    spec.usageMessage()
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(exitCodes(name))
        .footerHeading("%nExamples:%n")
        .footer(Examples.of(name).stream().map(example -> "  " + example).toArray(String[]::new));
    return new CommandLine(spec).getUsageMessage(CommandLine.Help.Ansi.OFF);
  }

  /** spec/exit-status.md */
  private static Map<String, String> exitCodes(CommandName name) {
    Map<String, String> codes = new LinkedHashMap<>();
    if (name == CommandName.RUN || name == CommandName.ENTER) {
      codes.put("N", "the program's own exit status");
      codes.put("128+N", "the program was ended by signal N");
    } else {
      codes.put("0", "it is done");
    }
    codes.put("254", "rkt failed; the first word on standard error says in which way");
    return codes;
  }
}
