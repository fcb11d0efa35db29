package rkt.cli;

import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.json.JsonWriter;

/** How a command prints its data. spec/output.md */
enum Format {
  TEXT("text"),
  JSON("json"),
  JSON_PRETTY("json-pretty");

  private static final String OPTION = "--format";

  private final String label;

  Format(String label) {
    this.label = label;
  }

  /** Adds {@code --format} to a command. */
  static void describe(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(OPTION)
            .type(String.class)
            .paramLabel("FORMAT")
            .description("text, json or json-pretty. Usually text.")
            .build());
  }

  static Format of(ParseResult parsed) throws UsageException {
    String wanted = parsed.matchedOptionValue(OPTION, TEXT.label);
    for (Format format : values()) {
      if (format.label.equals(wanted)) {
        return format;
      }
    }
    throw new UsageException(
        OPTION + " does not know \"" + wanted + "\"", "name text, json or json-pretty");
  }

  /** Whether the words of a command line ask for JSON, as far as can be told without parsing. */
  static boolean wantsJson(List<String> args) {
    for (int i = 0; i < args.size(); i++) {
      String word = args.get(i);
      if (word.startsWith(OPTION + "=")) {
        return word.startsWith(JSON.label, OPTION.length() + 1);
      }
      if (word.equals(OPTION) && i + 1 < args.size()) {
        return args.get(i + 1).startsWith(JSON.label);
      }
    }
    return false;
  }

  boolean isJson() {
    return this != TEXT;
  }

  /** Prints what a command worked on: the bare value, or an object with it as its one member. */
  void print(PrintStream out, String member, String value) {
    if (isJson()) {
      out.println(writer().object().put("version", 1).put(member, value).end());
    } else {
      out.println(value);
    }
  }

  /** A writer of one document in this format. */
  JsonWriter writer() {
    return this == JSON_PRETTY ? JsonWriter.pretty() : new JsonWriter();
  }
}
