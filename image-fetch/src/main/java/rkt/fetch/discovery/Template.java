package rkt.fetch.discovery;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import rkt.spec.ImageName;

/** A URL template of discovery: {@code https://…/{name}-{version}.{ext}}. */
record Template(String text) {

  /**
   * The URL for an image, and for what {@code extension} stands for.
   *
   * @param values of the labels; a variable without one makes the template unfit
   */
  Optional<URI> render(ImageName name, Map<String, String> values, String extension) {
    Map<String, String> variables = new LinkedHashMap<>(values);
    variables.put("name", name.text());
    variables.put("ext", extension);
    StringBuilder url = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      int open = text.indexOf('{', at);
      if (open < 0) {
        break;
      }
      int close = text.indexOf('}', open);
      String value = close < 0 ? null : variables.get(text.substring(open + 1, close));
      if (value == null) {
        return Optional.empty();
      }
      url.append(text, at, open).append(value);
      at = close + 1;
    }
    url.append(text, at, text.length());
    try {
      URI uri = new URI(url.toString());
      boolean isWeb = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
      return isWeb && uri.getHost() != null && uri.getUserInfo() == null
          ? Optional.of(uri)
          : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }
}
