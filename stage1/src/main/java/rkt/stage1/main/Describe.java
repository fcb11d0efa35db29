package rkt.stage1.main;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The shapes of options, as picocli knows them. It takes 0.1 ms to know one, of which there are
 * some fifty: those that nobody asked for need not be known.
 */
final class Describe {
  private final CommandSpec spec;
  private final @Nullable Set<String> asked;

  /**
   * @param asked the names of options that were given; null for all that there are
   */
  Describe(CommandSpec spec, @Nullable Set<String> asked) {
    this.spec = spec;
    this.asked = asked;
  }

  /** An option with one value. */
  void text(String name, String label, String description) {
    if (isAsked(name)) {
      add(OptionSpec.builder(name).type(String.class).paramLabel(label), description);
    }
  }

  /** The same with two names. */
  void text(String name, String alias, String label, String description) {
    if (isAsked(name) || isAsked(alias)) {
      add(OptionSpec.builder(name, alias).type(String.class).paramLabel(label), description);
    }
  }

  /** An option that is there or not. */
  void flag(String name, String description) {
    if (isAsked(name)) {
      add(OptionSpec.builder(name).type(boolean.class), description);
    }
  }

  /**
   * An option that may say {@code =true} or {@code =false}, and means true when it says nothing.
   */
  void choice(String name, String description) {
    if (isAsked(name)) {
      add(
          OptionSpec.builder(name)
              .type(boolean.class)
              .arity("0..1")
              .fallbackValue("true")
              .paramLabel("BOOL"),
          description);
    }
  }

  /** An option that may be repeated, with one value each time. */
  void list(String name, String label, String description) {
    if (isAsked(name)) {
      add(
          OptionSpec.builder(name)
              .type(List.class)
              .auxiliaryTypes(String.class)
              .arity("1")
              .paramLabel(label),
          description + " May be repeated.");
    }
  }

  private void add(OptionSpec.Builder option, String description) {
    spec.addOption(option.description(description).build());
  }

  private boolean isAsked(String name) {
    return asked == null || asked.contains(name);
  }
}
