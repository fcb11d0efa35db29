package rkt.stage1.main;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ParseResult;
import rkt.stage1.StageException;

/** Reads the values of options. */
final class Pairs {
  private Pairs() {}

  static Optional<String> find(ParseResult parsed, String option) {
    return Optional.ofNullable(parsed.matchedOptionValue(option, null));
  }

  /** The same of an option that means nothing without a value, as of a variable that is not set. */
  static Optional<String> text(ParseResult parsed, String option) throws StageException {
    Optional<String> text = find(parsed, option);
    if (text.isPresent() && text.get().isEmpty()) {
      throw StageException.usage(option + " has no value", "give it one, or leave it out");
    }
    return text;
  }

  static List<String> all(ParseResult parsed, String option) {
    return parsed.matchedOptionValue(option, List.of());
  }

  /** What the repeatable option {@code name} sets, later ones over earlier ones. */
  static Map<String, String> of(ParseResult parsed, String name) throws StageException {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (String text : all(parsed, name)) {
      put(pairs, text, name);
    }
    return pairs;
  }

  /**
   * Adds {@code NAME=VALUE}.
   *
   * @param where it stands, for the error
   */
  static void put(Map<String, String> pairs, String text, String where) throws StageException {
    int equals = text.indexOf('=');
    if (equals < 1 || text.indexOf('\0') >= 0) {
      throw StageException.usage(where + ": \"" + text + "\" is not NAME=VALUE", null);
    }
    pairs.put(text.substring(0, equals), text.substring(equals + 1));
  }
}
