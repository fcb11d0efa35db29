package rkt.verify.policy;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonPointer;

/**
 * What a field of a predicate must be. spec/policy.md#rules
 *
 * @param values JSON texts of scalars; one, but for {@link Test#IN}
 */
public record FieldRule(JsonPointer field, Test test, List<String> values) {
  /** How the field is compared. */
  public enum Test {
    EQUALS("equals"),
    NOT("not"),
    IN("in"),
    AT_LEAST("at-least"),
    AT_MOST("at-most"),
    MATCHES("matches");

    private final String label;

    Test(String label) {
      this.label = label;
    }

    /** The member of the rule in JSON. */
    public String label() {
      return label;
    }
  }

  public FieldRule {
    values = List.copyOf(values);
  }

  /** Why {@code predicate} does not meet the rule; empty if it does. */
  String objection(JsonObject predicate) throws SpecException {
    Optional<JsonPointer.Value> found = field.find(predicate);
    if (found.isEmpty()) {
      return "the predicate has no " + field;
    }
    JsonPointer.Value value = found.get();
    if (value.kind() == JsonPointer.Kind.OTHER) {
      return field + " is neither a string, a number, true nor false";
    }
    boolean met =
        switch (test) {
          case EQUALS, IN -> isAmong(value);
          case NOT -> !isAmong(value);
          case AT_LEAST -> isNumber(value) && compare(value) >= 0;
          case AT_MOST -> isNumber(value) && compare(value) <= 0;
          case MATCHES ->
              value.kind() == JsonPointer.Kind.STRING
                  && Glob.pattern(values.getFirst()).matches(value.text());
        };
    return met ? "" : field + " is " + value.text() + ", the rule is: " + this;
  }

  private boolean isAmong(JsonPointer.Value value) {
    for (String wanted : values) {
      if (value.equalsJson(wanted)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isNumber(JsonPointer.Value value) {
    return value.kind() == JsonPointer.Kind.NUMBER;
  }

  private int compare(JsonPointer.Value value) {
    return new BigDecimal(value.text()).compareTo(new BigDecimal(values.getFirst()));
  }

  @Override
  public String toString() {
    return field + " " + test.label() + " " + String.join(", ", values);
  }
}
