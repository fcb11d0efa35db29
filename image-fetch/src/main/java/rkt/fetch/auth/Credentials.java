package rkt.fetch.auth;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** A login. Its text form shows nothing. docs/fetching.md#credentials */
public final class Credentials {
  /** What the secret is. */
  public enum Kind {
    /** A password, with a user. */
    PASSWORD,
    /** A token that stands in the header as it is. */
    BEARER,
    /** A token that a token server takes in exchange for another. */
    IDENTITY
  }

  private final Kind kind;
  private final String user;
  private final String secret;
  private final String source;

  private Credentials(Kind kind, String user, String secret, String source) {
    this.kind = kind;
    this.user = user;
    this.secret = secret;
    this.source = source;
  }

  /**
   * A user and a password.
   *
   * @param source names the file or the helper that they come from
   */
  static Credentials password(String user, String password, String source) {
    return new Credentials(Kind.PASSWORD, user, password, source);
  }

  static Credentials bearer(String token, String source) {
    return new Credentials(Kind.BEARER, "", token, source);
  }

  static Credentials identity(String token, String source) {
    return new Credentials(Kind.IDENTITY, "", token, source);
  }

  public Kind kind() {
    return kind;
  }

  /** Where it comes from, for errors. */
  public String source() {
    return source;
  }

  /** The secret itself: only for a header or the body of a request. */
  public String secret() {
    return secret;
  }

  /** The value of an Authorization header; empty for an identity token, which fits in none. */
  public Optional<String> header() {
    return switch (kind) {
      case PASSWORD -> {
        byte[] pair = (user + ":" + secret).getBytes(StandardCharsets.UTF_8);
        yield Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
      }
      case BEARER -> Optional.of("Bearer " + secret);
      case IDENTITY -> Optional.empty();
    };
  }

  @Override
  public String toString() {
    return "a login from " + source + " that is not shown";
  }
}
