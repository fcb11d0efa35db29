package rkt.fetch.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * User and password for a registry, from docker's {@code config.json}. Its text form shows nothing.
 * docs/fetching.md#credentials
 */
public final class Credentials {
  private static final List<String> DOCKER_HUB =
      List.of("docker.io", "index.docker.io", "registry-1.docker.io");

  private final String user;
  private final String password;

  private Credentials(String user, String password) {
    this.user = user;
    this.password = password;
  }

  /**
   * Those for {@code host}, from {@code $DOCKER_CONFIG} or {@code ~/.docker}; credentials are never
   * taken from another host's entry.
   *
   * @param host as the user wrote it, with its port
   */
  public static Optional<Credentials> find(String host, Map<String, String> environment)
      throws RktException {
    String directory = environment.getOrDefault("DOCKER_CONFIG", "");
    String home = environment.getOrDefault("HOME", "");
    if (directory.isEmpty() && home.isEmpty()) {
      return Optional.empty();
    }
    Path file =
        (directory.isEmpty() ? Path.of(home, ".docker") : Path.of(directory))
            .resolve("config.json");
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
    return find(host, JsonObject.parse(bytes, file.toString()));
  }

  private static Optional<Credentials> find(String host, JsonObject config) throws SpecException {
    Optional<JsonObject> entries = config.findObject("auths");
    if (entries.isEmpty()) {
      return Optional.empty();
    }
    for (String key : entries.get().names()) {
      if (isSame(hostOf(key), host)) {
        return read(entries.get().object(key));
      }
    }
    return Optional.empty();
  }

  private static Optional<Credentials> read(JsonObject entry) throws SpecException {
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
    return user.isEmpty() ? Optional.empty() : Optional.of(new Credentials(user, password));
  }

  private static String hostOf(String key) {
    String host = key;
    int scheme = host.indexOf("://");
    if (scheme >= 0) {
      host = host.substring(scheme + 3);
    }
    int slash = host.indexOf('/');
    return slash < 0 ? host : host.substring(0, slash);
  }

  private static boolean isSame(String one, String other) {
    return one.equals(other) || (DOCKER_HUB.contains(one) && DOCKER_HUB.contains(other));
  }

  /** The value of an Authorization header. */
  String basic() {
    byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  @Override
  public String toString() {
    return "credentials that are not shown";
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Credentials that
        && that.user.equals(user)
        && that.password.equals(password);
  }

  @Override
  public int hashCode() {
    return user.hashCode();
  }
}
