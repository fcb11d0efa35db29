package rkt.fetch.registry;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A challenge of a WWW-Authenticate header.
 *
 * @param scheme in lower case: {@code bearer}, {@code basic}
 * @param parameters by their names in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {

  /** The best of the challenges in {@code headers}: Bearer, else Basic. */
  static Optional<Challenge> best(List<String> headers) {
    Challenge basic = null;
    for (String header : headers) {
      Challenge challenge = parse(header);
      if (challenge.scheme.equals("bearer")) {
        return Optional.of(challenge);
      }
      if (challenge.scheme.equals("basic")) {
        basic = challenge;
      }
    }
    return Optional.ofNullable(basic);
  }

  /** The first challenge of a header: {@code Bearer realm="…",service="…"}. */
  static Challenge parse(String header) {
    String text = header.trim();
    int space = text.indexOf(' ');
    if (space < 0) {
      return new Challenge(text.toLowerCase(Locale.ROOT), Map.of());
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    int at = space;
    while (at < text.length()) {
      while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == ',')) {
        at++;
      }
      int equals = text.indexOf('=', at);
      if (equals < 0) {
        break;
      }
      String name = text.substring(at, equals).trim().toLowerCase(Locale.ROOT);
      StringBuilder value = new StringBuilder();
      at = value(text, equals + 1, value);
      parameters.putIfAbsent(name, value.toString());
    }
    return new Challenge(text.substring(0, space).toLowerCase(Locale.ROOT), parameters);
  }

  /** Reads a token or a quoted string at {@code at}; gives where it ends. */
  private static int value(String text, int at, StringBuilder value) {
    boolean quoted = at < text.length() && text.charAt(at) == '"';
    int i = quoted ? at + 1 : at;
    for (; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted ? c == '"' : c == ',' || c == ' ') {
        return i + 1;
      }
      if (quoted && c == '\\' && i + 1 < text.length()) {
        i++;
        c = text.charAt(i);
      }
      value.append(c);
    }
    return i;
  }
}
