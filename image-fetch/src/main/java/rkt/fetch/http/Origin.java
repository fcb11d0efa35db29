package rkt.fetch.http;

import java.net.URI;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Scheme, host and port: what a credential is bound to. */
public record Origin(String scheme, String host, int port) {

  public static Origin of(URI uri) {
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
    return new Origin(scheme, uri.getHost().toLowerCase(Locale.ROOT), port);
  }

  /** The host, with its port unless that is the usual one: what logins are listed under. */
  public String authority() {
    boolean isUsual = port == (scheme.equals("https") ? 443 : 80);
    return isUsual ? host : host + ":" + port;
  }

  /** By hand, like {@link #hashCode}: Java makes those of a record anew at each start. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Origin origin
        && port == origin.port
        && scheme.equals(origin.scheme)
        && host.equals(origin.host);
  }

  @Override
  public int hashCode() {
    return Objects.hash(scheme, host, port);
  }

  /**
   * Whether this is the machine itself, by a name or a literal address that cannot mean another.
   */
  public boolean isLoopback() {
    return host.equals("localhost")
        || host.equals("[::1]")
        || (host.startsWith("127.") && isLocalLiteral());
  }

  /** Whether the host is a literal address that is loopback, link-local or private. */
  public boolean isLocalLiteral() {
    if (host.equals("localhost") || host.startsWith("[")) {
      return true; // of IPv6 literals none is needed by anybody yet
    }
    String[] parts = host.split("\\.", -1);
    if (parts.length == 0 || !parts[parts.length - 1].chars().allMatch(Character::isDigit)) {
      return false;
    }
    if (parts.length != 4) {
      return true; // a short or odd form of a number: nothing honest writes one
    }
    int first = octet(parts[0]);
    int second = octet(parts[1]);
    return first <= 0
        || second < 0
        || first == 10
        || first == 127
        || (first == 169 && second == 254)
        || (first == 172 && second >= 16 && second < 32)
        || (first == 192 && second == 168)
        || (first == 100 && second >= 64 && second < 128);
  }

  private static int octet(String text) {
    boolean plain =
        !text.isEmpty() && text.length() <= 3 && (text.length() == 1 || !text.startsWith("0"));
    return plain && text.chars().allMatch(Character::isDigit) ? Integer.parseInt(text) : -1;
  }
}
