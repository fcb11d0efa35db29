package rkt.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.StringTokenizer;
import org.jspecify.annotations.Nullable;

/**
 * Which system calls an app may make, as text; its format is explained in {@link DefaultSeccomp}.
 *
 * @param text also what a compiled filter is known by
 */
public record SeccompProfile(String text) {
  /** What happens to a call that a rule names. */
  enum Action {
    ALLOW,
    EPERM
  }

  /** How a condition compares an argument. */
  enum Operator {
    EQUAL("=="),
    NOT_EQUAL("!="),
    HAS_BITS("has");

    private final String word;

    Operator(String word) {
      this.word = word;
    }

    static Operator parse(String word) {
      for (Operator operator : values()) {
        if (operator.word.equals(word)) {
          return operator;
        }
      }
      throw new IllegalArgumentException("not an operator: " + word);
    }
  }

  /** A condition on one argument, counted from 0. */
  record Condition(int argument, Operator operator, long value) {}

  /** One action for some calls, always or on a condition. */
  record Rule(Action action, List<String> calls, @Nullable Condition condition) {
    Rule {
      calls = List.copyOf(calls);
    }
  }

  /** The profile of apps that ask for nothing else. */
  public static SeccompProfile standard() {
    return new SeccompProfile(DefaultSeccomp.TEXT);
  }

  /**
   * The rules.
   *
   * @throws IllegalArgumentException naming the line that is not one
   */
  List<Rule> rules() {
    List<Rule> rules = new ArrayList<>();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (!line.isBlank() && !line.startsWith("#")) {
        try {
          rules.add(rule(new StringTokenizer(line)));
        } catch (RuntimeException e) {
          throw new IllegalArgumentException("line " + number + " of the profile: " + line, e);
        }
      }
    }
    return List.copyOf(rules);
  }

  private static Rule rule(StringTokenizer words) {
    String first = words.nextToken();
    Action action =
        switch (first) {
          case "allow" -> Action.ALLOW;
          case "EPERM" -> Action.EPERM;
          default -> throw new IllegalArgumentException("not an action: " + first);
        };
    List<String> calls = new ArrayList<>();
    calls.add(words.nextToken());
    Condition condition = null;
    while (words.hasMoreTokens()) {
      String word = words.nextToken();
      if (word.length() == 2 && word.charAt(0) == 'a' && Character.isDigit(word.charAt(1))) {
        Operator operator = Operator.parse(words.nextToken());
        condition = new Condition(word.charAt(1) - '0', operator, Long.decode(words.nextToken()));
        if (words.hasMoreTokens() || action != Action.EPERM || condition.argument() > 5) {
          throw new IllegalArgumentException("one condition ends a rule, which is a refusal");
        }
      } else {
        calls.add(word);
      }
    }
    return new Rule(action, calls, condition);
  }
}
