package rkt.spec.json;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The way to a value inside a document: {@code /a/0/b}. RFC 6901 */
public final class JsonPointer {
  private static final int DEEPEST = StrictJson.MAX_DEPTH;

  private final String text;
  private final List<String> steps;

  private JsonPointer(String text, List<String> steps) {
    this.text = text;
    this.steps = steps;
  }

  /** What is there. */
  public enum Kind {
    STRING,
    NUMBER,
    BOOLEAN,
    /** An object, an array, or null. */
    OTHER
  }

  /**
   * A value.
   *
   * @param text the characters of a string; else its JSON
   */
  public record Value(Kind kind, String text) {
    /** Whether it is the same as that of a JSON text; numbers are compared by what they are. */
    public boolean equalsJson(String json) {
      return switch (kind) {
        case STRING -> JsonWriter.textOf(text).equals(json);
        case BOOLEAN -> text.equals(json);
        case NUMBER ->
            startsNumber(json) && new BigDecimal(text).compareTo(new BigDecimal(json)) == 0;
        case OTHER -> false;
      };
    }

    /** The value as JSON. */
    public String json() {
      return kind == Kind.STRING ? JsonWriter.textOf(text) : text;
    }

    private static boolean startsNumber(String json) {
      return json.charAt(0) == '-' || Character.isDigit(json.charAt(0));
    }
  }

  /**
   * Reads a pointer.
   *
   * @throws IllegalArgumentException if it is none, or points at the whole document
   */
  public static JsonPointer parse(String text) {
    if (!text.startsWith("/")) {
      throw new IllegalArgumentException(
          "a field is named by its way from the top, as in /a/b, got \"" + text + "\"");
    }
    List<String> steps = new ArrayList<>();
    for (String step : text.substring(1).split("/", -1)) {
      for (int at = step.indexOf('~'); at >= 0; at = step.indexOf('~', at + 1)) {
        if (at + 1 == step.length() || (step.charAt(at + 1) != '0' && step.charAt(at + 1) != '1')) {
          throw new IllegalArgumentException(
              "~ is written ~0, and / inside a name ~1, got \"" + text + "\"");
        }
      }
      steps.add(step.replace("~1", "/").replace("~0", "~"));
    }
    if (steps.size() > DEEPEST) {
      throw new IllegalArgumentException("no document is deeper than " + DEEPEST);
    }
    return new JsonPointer(text, List.copyOf(steps));
  }

  /** The value that it points at in {@code document}; empty if there is none. */
  public Optional<Value> find(JsonObject document) {
    Object value = document;
    for (String step : steps) {
      if (value instanceof JsonObject object && object.names().contains(step)) {
        value = object.raw(step);
      } else if (value instanceof List<?> list && index(step) < list.size()) {
        value = list.get(index(step));
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(new Value(kind(value), text(value)));
  }

  private static Kind kind(@Nullable Object value) {
    return switch (value) {
      case String _ -> Kind.STRING;
      case Number _ -> Kind.NUMBER;
      case Boolean _ -> Kind.BOOLEAN;
      case null, default -> Kind.OTHER;
    };
  }

  private static String text(@Nullable Object value) {
    return value instanceof String string ? string : JsonWriter.textOf(value);
  }

  /** Larger than any array if it is none. */
  private static int index(String step) {
    int index = 0;
    if (step.isEmpty() || step.length() > 9 || (step.length() > 1 && step.charAt(0) == '0')) {
      return Integer.MAX_VALUE;
    }
    for (int i = 0; i < step.length(); i++) {
      if (step.charAt(i) < '0' || step.charAt(i) > '9') {
        return Integer.MAX_VALUE;
      }
      index = 10 * index + step.charAt(i) - '0';
    }
    return index;
  }

  @Override
  public String toString() {
    return text;
  }
}
