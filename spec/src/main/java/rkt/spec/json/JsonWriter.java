package rkt.spec.json;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes one JSON document, member by member and always in the same way: equal calls give equal
 * bytes, so a document can be compared and hashed. spec/json.md
 *
 * <pre>{@code
 * byte[] bytes = new JsonWriter().object().put("name", name).array("ids").add(id).end().end().bytes();
 * }</pre>
 *
 * <p>A streaming writer of a few lines: the run path writes small documents and must not load a
 * library for it. Calls out of order are bugs and throw {@link IllegalStateException}.
 */
public final class JsonWriter {
  private final StringBuilder out = new StringBuilder(512);
  private final StringBuilder open = new StringBuilder();
  private final boolean pretty;
  private boolean first = true;

  /** A document on one line. */
  public JsonWriter() {
    this(false);
  }

  private JsonWriter(boolean pretty) {
    this.pretty = pretty;
  }

  /** A document for people: a member or an element on each line, indented by two spaces. */
  public static JsonWriter pretty() {
    return new JsonWriter(true);
  }

  /** Opens an object: the document itself, or the next element of an array. */
  public JsonWriter object() {
    element();
    return begin('{');
  }

  /** Opens the member {@code name}, an object. */
  public JsonWriter object(String name) {
    member(name);
    return begin('{');
  }

  /** Opens an array: the document itself, or the next element of an array. */
  public JsonWriter array() {
    element();
    return begin('[');
  }

  /** Opens the member {@code name}, an array. */
  public JsonWriter array(String name) {
    member(name);
    return begin('[');
  }

  /** Closes the object or array opened last. */
  public JsonWriter end() {
    if (open.isEmpty()) {
      throw new IllegalStateException("nothing is open");
    }
    char bracket = inObject() ? '}' : ']';
    open.setLength(open.length() - 1);
    if (!first) {
      line();
    }
    out.append(bracket);
    first = false;
    return this;
  }

  public JsonWriter put(String name, String value) {
    member(name);
    string(value);
    return this;
  }

  public JsonWriter put(String name, long value) {
    member(name);
    out.append(value);
    return this;
  }

  public JsonWriter put(String name, boolean value) {
    member(name);
    out.append(value);
    return this;
  }

  /** The member {@code name}, an array of strings. */
  public JsonWriter put(String name, List<String> values) {
    array(name);
    for (String value : values) {
      add(value);
    }
    return end();
  }

  /** The member {@code name}, an object of strings, in the order of {@code values}. */
  public JsonWriter put(String name, Map<String, String> values) {
    object(name);
    for (Map.Entry<String, String> value : values.entrySet()) {
      put(value.getKey(), value.getValue());
    }
    return end();
  }

  /** The member {@code name} with a value that is JSON text already; the caller vouches for it. */
  public JsonWriter putJson(String name, String json) {
    member(name);
    out.append(json);
    return this;
  }

  public JsonWriter add(String value) {
    element();
    string(value);
    return this;
  }

  public JsonWriter add(long value) {
    element();
    out.append(value);
    return this;
  }

  /** The whole document. */
  @Override
  public String toString() {
    if (!open.isEmpty()) {
      throw new IllegalStateException(open.length() + " objects or arrays are still open");
    }
    return out.toString();
  }

  /** The whole document in UTF-8, without a line end. */
  public byte[] bytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Any value that {@link JsonObject} holds, as JSON on one line. */
  static String textOf(@Nullable Object value) {
    JsonWriter writer = new JsonWriter();
    writer.value(value);
    return writer.out.toString();
  }

  private void value(@Nullable Object value) {
    // Not a switch over the types: its first use costs a start milliseconds.
    if (value instanceof String text) {
      string(text);
    } else if (value instanceof List<?> list) {
      begin('[');
      for (Object element : list) {
        element();
        value(element);
      }
      end();
    } else if (value instanceof JsonObject object) {
      begin('{');
      for (String name : object.names()) {
        member(name);
        value(object.raw(name));
      }
      end();
    } else {
      out.append(value); // null, a number or a boolean, which print as JSON writes them
    }
  }

  private JsonWriter begin(char bracket) {
    out.append(bracket);
    open.append(bracket);
    first = true;
    return this;
  }

  private boolean inObject() {
    return !open.isEmpty() && open.charAt(open.length() - 1) == '{';
  }

  private void member(String name) {
    if (!inObject()) {
      throw new IllegalStateException("a member outside an object: " + name);
    }
    comma();
    string(name);
    out.append(pretty ? ": " : ":");
  }

  private void element() {
    if (inObject() || (open.isEmpty() && !out.isEmpty())) {
      throw new IllegalStateException("an element outside an array");
    }
    comma();
  }

  private void comma() {
    if (!first) {
      out.append(',');
    }
    first = false;
    if (!open.isEmpty()) {
      line();
    }
  }

  private void line() {
    if (pretty) {
      out.append('\n').append("  ".repeat(open.length()));
    }
  }

  private void string(String value) {
    out.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          // U+2028, U+2029 and lone surrogates are legal or harmless only when escaped.
          if (c < 0x20 || c == 0x7f || Character.isSurrogate(c) || c == 0x2028 || c == 0x2029) {
            escape(c);
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private void escape(char c) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(Character.forDigit((c >> shift) & 0xf, 16));
    }
  }
}
