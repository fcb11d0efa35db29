package rkt.fetch.registry;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.auth.Credentials;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Http;
import rkt.fetch.http.Origin;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.spec.RktException;
import rkt.spec.json.JsonObject;

/**
 * Gets a bearer token from the realm that a registry names. The registry chooses the realm freely,
 * so the realm is not believed: it must be https if the registry is, no address inside our network
 * unless the registry is that host, and it sees the password only if it is the registry itself, its
 * parent domain, or docker.io's own. docs/fetching.md#credentials
 */
final class TokenClient {
  private static final int MAX_TOKEN_BYTES = 1 << 20;

  private final Http http;
  private final Origin registry;
  private final Optional<Credentials> credentials;

  TokenClient(Http http, Origin registry, Optional<Credentials> credentials) {
    this.http = http;
    this.registry = registry;
    this.credentials = credentials;
  }

  /**
   * The value of an Authorization header that answers {@code challenge}.
   *
   * @param actions what is to be done with the repository: {@code pull}, {@code pull,push}
   */
  String authorization(Challenge challenge, String repository, String actions) throws RktException {
    if (credentials.isPresent() && credentials.get().kind() == Credentials.Kind.BEARER) {
      return credentials.get().header().orElseThrow();
    }
    if (challenge.scheme().equals("basic")) {
      return credentials
          .flatMap(Credentials::header)
          .orElseThrow(
              () -> FetchException.network(registry.authority() + " wants a login", login()));
    }
    URI realm = realm(challenge);
    String query =
        "scope="
            + encode("repository:" + repository + ":" + actions)
            + Optional.ofNullable(challenge.parameters().get("service"))
                .map(service -> "&service=" + encode(service))
                .orElse("");
    URI uri = URI.create(realm + (realm.getRawQuery() == null ? "?" : "&") + query);
    Retry retry = new Retry(http.options().patience(), realm.getHost());
    if (credentials.isPresent() && credentials.get().kind() == Credentials.Kind.IDENTITY) {
      String form =
          "grant_type=refresh_token&client_id=rkt&refresh_token="
              + encode(credentials.get().secret())
              + "&"
              + query;
      return retry.run(() -> token(http.post(realm, form)));
    }
    Optional<String> header = credentials.flatMap(Credentials::header);
    Map<String, String> headers =
        header.isPresent() ? Map.of("Authorization", header.get()) : Map.of();
    return retry.run(() -> token(http.once(uri, headers)));
  }

  private String token(Answer given) throws IOException, RktException {
    try (Answer answer = given) {
      URI uri = answer.uri();
      Retry.inspect(answer);
      if (answer.status() != 200) {
        throw FetchException.network(
            uri.getHost() + " gave no token for " + registry.host() + ": " + answer.status(),
            login());
      }
      JsonObject json =
          JsonObject.parse(answer.bytes(MAX_TOKEN_BYTES), "the token of " + uri.getHost());
      Optional<String> token = json.findString("token");
      if (token.isEmpty()) {
        token = json.findString("access_token");
      }
      String text =
          token.orElseThrow(
              () -> FetchException.network(uri.getHost() + " answered without a token", login()));
      for (int i = 0; i < text.length(); i++) {
        if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
          throw FetchException.network(
              uri.getHost() + " sent a token that fits in no header", (String) null);
        }
      }
      return "Bearer " + text;
    }
  }

  private URI realm(Challenge challenge) throws FetchException {
    URI realm;
    try {
      realm = new URI(challenge.parameters().getOrDefault("realm", ""));
    } catch (URISyntaxException e) {
      throw refused("which is no URL");
    }
    String scheme = String.valueOf(realm.getScheme());
    if (realm.getHost() == null || realm.getUserInfo() != null || realm.getRawFragment() != null) {
      throw refused("which is no plain URL");
    }
    if (!scheme.equals("https") && !(scheme.equals("http") && registry.scheme().equals("http"))) {
      throw refused("which is not https");
    }
    Origin origin = Origin.of(realm);
    if (origin.isLocalLiteral() && !origin.host().equals(registry.host())) {
      throw refused("an address inside this network");
    }
    if (credentials.isPresent() && !maySeePassword(origin)) {
      throw refused("which is another host, and would be shown the password");
    }
    return realm;
  }

  private boolean maySeePassword(Origin realm) {
    String host = registry.host();
    boolean parent =
        realm.port() == 443
            && realm.host().contains(".")
            && !realm.isLocalLiteral()
            && host.endsWith("." + realm.host());
    boolean hub = host.equals("registry-1.docker.io") && realm.host().equals("auth.docker.io");
    return realm.host().equals(host) || parent || hub;
  }

  private FetchException refused(String why) {
    return FetchException.network(
        registry.host() + " sends us for a token to a realm, " + why, (String) null);
  }

  String login() {
    if (credentials.isPresent()) {
      return "check the login for " + registry.authority() + " in " + credentials.get().source();
    }
    // Whoever has a login would wonder why it is not used.
    boolean isProven = registry.scheme().equals("https") && !http.options().insecureTls();
    return isProven || registry.isLoopback()
        ? "log in to " + registry.authority() + ": podman login, docker login, or /etc/rkt/auth.d"
        : "logins are sent by https alone, and to no registry whose certificate is not checked";
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
