package rkt.stage1.main;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The three shapes of options, as picocli knows them. */
final class Describe {
  private Describe() {}

  /** An option with one value. */
  static void text(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .description(description)
            .build());
  }

  /** An option that is there or not. */
  static void flag(CommandSpec spec, String name, String description) {
    spec.addOption(OptionSpec.builder(name).type(boolean.class).description(description).build());
  }

  /**
   * An option that may say {@code =true} or {@code =false}, and means true when it says nothing.
   */
  static void choice(CommandSpec spec, String name, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(boolean.class)
            .arity("0..1")
            .fallbackValue("true")
            .paramLabel("BOOL")
            .description(description)
            .build());
  }

  /** An option that may be repeated, with one value each time. */
  static void list(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1")
            .paramLabel(label)
            .description(description + " May be repeated.")
            .build());
  }
}
