package rkt.fetch.auth;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** A file of logins in the form that docker, podman and skopeo share. */
final class AuthFile {
  private static final List<String> DOCKER_HUB =
      List.of("docker.io", "index.docker.io", "registry-1.docker.io");

  private final JsonObject json;
  private final JsonObject auths;
  private final Map<String, String> environment;

  /**
   * @param legacy whether the top level is what {@code auths} is in others: {@code ~/.dockercfg}
   */
  AuthFile(byte[] bytes, String what, boolean legacy, Map<String, String> environment)
      throws RktException {
    this.json = Secrets.parse(bytes, what);
    JsonObject none = JsonObject.parse(new byte[] {'{', '}'}, what);
    this.auths = legacy ? json : json.findObject("auths").orElse(none);
    this.environment = environment;
  }

  /**
   * The login for a repository: of a helper for its host, of the helper for all hosts, or in the
   * file, where the entry with the most components of the name wins. No other host's entry counts.
   *
   * @param host as the user wrote it, with its port
   */
  Optional<Credentials> find(String host, String repository) throws RktException {
    Optional<JsonObject> helpers = json.findObject("credHelpers");
    if (helpers.isPresent()) {
      for (String key : helpers.get().names()) {
        if (isSame(key, host)) {
          return helper(helpers.get().string(key)).get(server(key));
        }
      }
    }
    String store = json.findString("credsStore").orElse("");
    if (!store.isEmpty()) {
      Optional<Credentials> found = helper(store).get(server(host));
      if (found.isPresent()) {
        return found;
      }
    }
    for (String name : names(host, repository)) {
      for (String key : auths.names()) {
        if (isSame(plain(key), name)) {
          Optional<Credentials> found = read(auths.object(key));
          if (found.isPresent()) {
            return found;
          }
        }
      }
    }
    return Optional.empty();
  }

  private CredentialHelper helper(String name) throws RktException {
    return new CredentialHelper(name, environment, json.where());
  }

  /** What helpers know Docker Hub as. */
  private static String server(String host) {
    return DOCKER_HUB.contains(host) ? "https://index.docker.io/v1/" : host;
  }

  /** {@code host/team/app}, {@code host/team}, {@code host}. */
  private static List<String> names(String host, String repository) {
    List<String> names = new ArrayList<>();
    String name = host + "/" + repository;
    while (name.length() > host.length()) {
      names.add(name);
      name = name.substring(0, name.lastIndexOf('/'));
    }
    names.add(host);
    return names;
  }

  /** Of a URL only the host says something. */
  private static String plain(String key) {
    int scheme = key.indexOf("://");
    if (scheme < 0) {
      return key.endsWith("/") ? key.substring(0, key.length() - 1) : key;
    }
    String rest = key.substring(scheme + 3);
    int slash = rest.indexOf('/');
    return slash < 0 ? rest : rest.substring(0, slash);
  }

  private static boolean isSame(String one, String other) {
    return one.equals(other) || (DOCKER_HUB.contains(one) && DOCKER_HUB.contains(other));
  }

  private static Optional<Credentials> read(JsonObject entry) throws SpecException {
    String identity = entry.findString("identitytoken").orElse("");
    if (!identity.isEmpty()) {
      return Optional.of(Credentials.identity(identity, entry.where()));
    }
    String user = entry.findString("username").orElse("");
    String password = entry.findString("password").orElse("");
    Optional<String> auth = entry.findString("auth");
    if (auth.isPresent() && !auth.get().isEmpty()) {
      String decoded;
      try {
        decoded = new String(Base64.getDecoder().decode(auth.get()), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw SpecException.integrity(entry.where() + ": \"auth\" is not base64");
      }
      int colon = decoded.indexOf(':');
      if (colon < 0) {
        throw SpecException.integrity(
            entry.where() + ": \"auth\" is not of the form user:password");
      }
      user = decoded.substring(0, colon);
      password = decoded.substring(colon + 1);
    }
    // An empty entry only says that a credential helper knows more.
    return user.isEmpty()
        ? Optional.empty()
        : Optional.of(Credentials.password(user, password, entry.where()));
  }
}
