package rkt.stage1.main;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** Options for what apps read and write. */
final class StreamOptions {
  private StreamOptions() {}

  /** Adds the options of the pod. */
  static void describePod(CommandSpec spec) {
    Describe.flag(spec, "--interactive", "Join the app to this terminal, or to standard input.");
  }

  static boolean isInteractive(ParseResult parsed) {
    return parsed.hasMatchedOption("--interactive");
  }
}
