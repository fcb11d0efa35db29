package rkt.spec.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.toml.TomlFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;

/**
 * A JSON object of a strict document, with typed access to its members. A member of the wrong type,
 * or one whose name differs from the wanted one only by case, is an {@code integrity} failure that
 * names the place, so a reader never sees a default where the document said something else.
 * spec/json.md
 */
public final class JsonObject {
  private final String where;
  private final Map<String, @Nullable Object> members;

  private JsonObject(String where, Map<String, @Nullable Object> members) {
    this.where = where;
    this.members = members;
  }

  /**
   * Reads a whole document whose top level is an object.
   *
   * @param what names the document in errors
   */
  public static JsonObject parse(byte[] document, String what) throws SpecException {
    return parse(StrictJson.open(document, what), what);
  }

  /** The same for a document that rkt itself wrote, which may be longer. */
  public static JsonObject parseOwn(byte[] document, String what) throws SpecException {
    return parse(StrictJson.openOwn(document, what), what);
  }

  private static JsonObject parse(JsonParser opened, String what) throws SpecException {
    try (JsonParser parser = opened) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw SpecException.integrity(what + " is not a JSON object");
      }
      JsonObject object = object(parser, what);
      if (parser.nextToken() != null) {
        throw SpecException.integrity(what + " has data after its JSON object");
      }
      return object;
    } catch (IOException e) {
      throw StrictJson.broken(what, e);
    }
  }

  /**
   * Reads a whole TOML document into the same form, with its tables as objects.
   *
   * @param what names the document in errors
   */
  public static JsonObject parseToml(byte[] document, String what) throws SpecException {
    try (JsonParser parser = new TomlFactory().createParser(document)) {
      parser.nextToken();
      return object(parser, what);
    } catch (IOException e) {
      String why =
          e instanceof JsonProcessingException toml ? toml.getOriginalMessage() : e.getMessage();
      throw SpecException.integrity(what + " is not TOML: " + why);
    }
  }

  /**
   * Reads a whole YAML document into the same form. Its names and values are those of JSON: no
   * aliases, no name twice; a document that says nothing is an empty object.
   *
   * @param what names the document in errors
   */
  public static JsonObject parseYaml(byte[] document, String what) throws SpecException {
    try (JsonParser parser = StrictYaml.open(document)) {
      JsonToken first = parser.nextToken();
      if (first == null || first == JsonToken.VALUE_NULL) {
        return new JsonObject(what, Map.of());
      }
      if (first != JsonToken.START_OBJECT) {
        throw SpecException.integrity(what + " is no YAML mapping");
      }
      JsonObject object = object(parser, what);
      if (parser.nextToken() != null) {
        throw SpecException.integrity(what + " is more than one YAML document");
      }
      return object;
    } catch (IOException e) {
      String why =
          String.valueOf(
              e instanceof JsonProcessingException yaml
                  ? yaml.getOriginalMessage()
                  : e.getMessage());
      int end = why.indexOf('\n'); // behind it the parser draws a picture of the place
      throw SpecException.integrity(
          what + " is not plain YAML: " + (end < 0 ? why : why.substring(0, end)));
    }
  }

  /** Where this object stands, for errors: the document, then the path of member names. */
  public String where() {
    return where;
  }

  /** The member names in document order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(members.keySet());
  }

  public boolean has(String name) throws SpecException {
    return find(name) != null;
  }

  public String string(String name) throws SpecException {
    return required(name, findString(name));
  }

  public Optional<String> findString(String name) throws SpecException {
    return typed(name, String.class, "a string");
  }

  public long integer(String name) throws SpecException {
    return required(name, findInteger(name));
  }

  public Optional<Long> findInteger(String name) throws SpecException {
    return typed(name, Long.class, "a whole number");
  }

  public Optional<Boolean> findBoolean(String name) throws SpecException {
    return typed(name, Boolean.class, "true or false");
  }

  public JsonObject object(String name) throws SpecException {
    return required(name, findObject(name));
  }

  public Optional<JsonObject> findObject(String name) throws SpecException {
    return typed(name, JsonObject.class, "an object");
  }

  /** The objects in the array {@code name}; empty if there is no such member. */
  public List<JsonObject> objects(String name) throws SpecException {
    return elements(name, JsonObject.class, "an array of objects");
  }

  /** The strings in the array {@code name}; empty if there is no such member. */
  public List<String> strings(String name) throws SpecException {
    return elements(name, String.class, "an array of strings");
  }

  /** The object {@code name} as a map of strings, in document order; empty if there is none. */
  public Map<String, String> stringMap(String name) throws SpecException {
    Map<String, String> result = new LinkedHashMap<>();
    Optional<JsonObject> found = findObject(name);
    if (found.isPresent()) {
      for (String key : found.get().names()) {
        if (!(found.get().raw(key) instanceof String value)) {
          throw found.get().wrong(key, "a string");
        }
        result.put(key, value);
      }
    }
    return result;
  }

  /** The whole numbers in the array {@code name}; empty if there is no such member. */
  public List<Long> integers(String name) throws SpecException {
    return elements(name, Long.class, "an array of whole numbers");
  }

  /** The member {@code name} as JSON on one line; {@code null} where there is none. */
  public String json(String name) {
    return JsonWriter.textOf(members.get(name));
  }

  /** This object as JSON on one line. */
  public String json() {
    return JsonWriter.textOf(this);
  }

  /** The value of a member as it was read. */
  @Nullable Object raw(String name) {
    return members.get(name);
  }

  private <T> List<T> elements(String name, Class<T> type, String expected) throws SpecException {
    Object value = find(name);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw wrong(name, expected);
    }
    List<T> result = new ArrayList<>(list.size());
    for (Object element : list) {
      if (!type.isInstance(element)) {
        throw wrong(name, expected);
      }
      result.add(type.cast(element));
    }
    return result;
  }

  private <T> Optional<T> typed(String name, Class<T> type, String expected) throws SpecException {
    Object value = find(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!type.isInstance(value)) {
      throw wrong(name, expected);
    }
    return Optional.of(type.cast(value));
  }

  /**
   * The value, or null if the member is absent or JSON null, which OCI writers use for "none". A
   * name of the specification has no sibling that differs from it only by case; names that a user
   * chose, such as labels, are not looked up here.
   */
  private @Nullable Object find(String name) throws SpecException {
    for (String present : members.keySet()) {
      if (present.equalsIgnoreCase(name) && !present.equals(name)) {
        throw SpecException.integrity(
            where + ": \"" + present + "\" should be spelled \"" + name + "\"");
      }
    }
    return members.get(name);
  }

  private <T> T required(String name, Optional<T> value) throws SpecException {
    return value.orElseThrow(
        () -> SpecException.integrity(where + ": \"" + name + "\" is missing"));
  }

  private SpecException wrong(String name, String expected) {
    return SpecException.integrity(where + ": \"" + name + "\" is not " + expected);
  }

  private static JsonObject object(JsonParser parser, String where)
      throws IOException, SpecException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, value(parser, where + ": " + name));
    }
    return new JsonObject(where, members);
  }

  private static @Nullable Object value(JsonParser parser, String where)
      throws IOException, SpecException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser, where);
      case START_ARRAY -> array(parser, where);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> integer(parser, where);
      case VALUE_NUMBER_FLOAT -> fraction(parser, where);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw SpecException.integrity(where + " ends early");
    };
  }

  private static Long integer(JsonParser parser, String where) throws IOException, SpecException {
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw SpecException.integrity(where + " does not fit in 64 bits");
    }
    return parser.getLongValue();
  }

  private static Double fraction(JsonParser parser, String where)
      throws IOException, SpecException {
    double value = parser.getDoubleValue();
    if (Double.isInfinite(value)) {
      throw SpecException.integrity(where + " is too large a number");
    }
    return value;
  }

  private static List<@Nullable Object> array(JsonParser parser, String where)
      throws IOException, SpecException {
    List<@Nullable Object> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value(parser, where + "[" + elements.size() + "]"));
    }
    return elements;
  }
}
