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
  /** The first word of the line that says what becomes of a call that no rule names. */
  static final String OTHERWISE = "otherwise";

  /**
   * What happens to a call.
   *
   * @param value as the filter machine returns it
   */
  record Action(String word, int value) {
    static final Action ALLOW = new Action("allow", 0x7fff0000);

    /** Ends the process by SIGSYS. */
    static final Action KILL = new Action("kill", 0x80000000);

    static final Action UNKNOWN = fail(Errno.ENOSYS);

    static Action fail(Errno errno) {
      return new Action(errno.toString(), 0x00050000 | errno.number());
    }

    static Action parse(String word) {
      if (word.equals(ALLOW.word)) {
        return ALLOW;
      }
      return word.equals(KILL.word) ? KILL : fail(Errno.parse(word));
    }
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

    String word() {
      return word;
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

  /** What becomes of a call that no rule names: ENOSYS unless the profile says otherwise. */
  Action otherwise() {
    for (String line : text.split("\n", -1)) {
      if (line.startsWith(OTHERWISE)) {
        return Action.parse(line.substring(OTHERWISE.length()).strip());
      }
    }
    return Action.UNKNOWN;
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
      if (!line.isBlank() && !line.startsWith("#") && !line.startsWith(OTHERWISE)) {
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
    Action action = Action.parse(words.nextToken());
    List<String> calls = new ArrayList<>();
    calls.add(words.nextToken());
    Condition condition = null;
    while (words.hasMoreTokens()) {
      String word = words.nextToken();
      if (word.length() == 2 && word.charAt(0) == 'a' && Character.isDigit(word.charAt(1))) {
        Operator operator = Operator.parse(words.nextToken());
        condition = new Condition(word.charAt(1) - '0', operator, Long.decode(words.nextToken()));
        if (words.hasMoreTokens() || action.equals(Action.ALLOW) || condition.argument() > 5) {
          throw new IllegalArgumentException("one condition ends a rule, which is a refusal");
        }
      } else {
        calls.add(word);
      }
    }
    return new Rule(action, calls, condition);
  }
}
