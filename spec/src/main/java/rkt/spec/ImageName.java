package rkt.spec;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The name of an image: components divided by {@code /}, the first of them a host, as in {@code
 * example.com/app} or {@code localhost:5000/team/app}. A name carries no version, tag or digest.
 * spec/image.md#names
 *
 * @param text the name as it is written; at most 255 characters
 */
public record ImageName(String text) {
  private static final int LONGEST = 255;
  private static final int HIGHEST_PORT = 65_535;

  public ImageName {
    if (text.length() > LONGEST || !wellFormed(text)) {
      throw new IllegalArgumentException(
          "an image name is lowercase components divided by \"/\", got \"" + text + "\"");
    }
  }

  /**
   * The name in a reference without a scheme, {@code NAME[:TAG][@DIGEST]}; null if there is none,
   * as in an identifier or what others call an image. spec/image.md#names
   */
  public static @Nullable ImageName inReference(String reference) {
    int at = reference.indexOf('@');
    String name = at < 0 ? reference : reference.substring(0, at);
    int colon = name.indexOf(':', name.lastIndexOf('/') + 1);
    name = colon < 0 ? name : name.substring(0, colon);
    boolean isIdentifier = name.equals("sha256") || name.startsWith("sha512-");
    return isIdentifier || name.length() > LONGEST || !wellFormed(name)
        ? null
        : new ImageName(name);
  }

  /** The components, the host first; never empty. */
  public List<String> components() {
    return List.of(text.split("/", -1));
  }

  /**
   * Whether {@code this}, taken as a prefix, covers {@code name}: component by component, so {@code
   * example.com/foo} covers {@code example.com/foo/bar} and not {@code example.com/foobar}.
   * spec/trust.md#prefixes
   */
  public boolean covers(ImageName name) {
    return name.text.equals(text) || name.text.startsWith(text + "/");
  }

  @Override
  public String toString() {
    return text;
  }

  /** {@code [a-z0-9]+([-._~]+[a-z0-9]+)*}, by hand: it is on the way of every start. */
  private static boolean isComponent(String text) {
    if (text.isEmpty() || !isLetterOrDigit(text.charAt(0))) {
      return false;
    }
    for (int i = 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isLetterOrDigit(c) && c != '-' && c != '.' && c != '_' && c != '~') {
        return false;
      }
    }
    return isLetterOrDigit(text.charAt(text.length() - 1));
  }

  private static boolean isLetterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  private static boolean isPort(String text) {
    int number = 0;
    for (int i = 0; i < text.length() && number <= HIGHEST_PORT; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
      number = 10 * number + text.charAt(i) - '0';
    }
    return number > 0 && number <= HIGHEST_PORT;
  }

  private static boolean wellFormed(String text) {
    String[] parts = text.split("/", -1);
    int colon = parts[0].indexOf(':');
    if (!isComponent(colon < 0 ? parts[0] : parts[0].substring(0, colon))
        || (colon >= 0 && !isPort(parts[0].substring(colon + 1)))) {
      return false;
    }
    for (int i = 1; i < parts.length; i++) {
      if (!isComponent(parts[i])) {
        return false;
      }
    }
    return true;
  }

  // By hand: the first equals that the compiler writes for a record costs 20 ms of a start.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ImageName that && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }
}
