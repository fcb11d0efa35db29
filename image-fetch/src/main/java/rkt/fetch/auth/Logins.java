package rkt.fetch.auth;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.http.Origin;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Surroundings;
import rkt.spec.RktException;

/** Finds the login for a host; never that of another one. docs/fetching.md#credentials */
public final class Logins {
  private static final int LARGEST = 4 << 20;

  private final Surroundings surroundings;
  private @Nullable RktAuth own;

  public Logins(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /**
   * The login for a repository of a registry: rkt's own, else that of the first file that has one.
   *
   * @param host as the user wrote it, with its port
   */
  public Optional<Credentials> registry(String host, String repository) throws RktException {
    Optional<Credentials> configured = own().registry(host);
    if (configured.isPresent()) {
      return configured;
    }
    for (Place place : places()) {
      Optional<byte[]> bytes = read(place);
      if (bytes.isPresent()) {
        AuthFile file =
            new AuthFile(
                bytes.get(), place.file().toString(), place.legacy(), surroundings.environment());
        Optional<Credentials> found = file.find(host, repository);
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The headers that log a request in to the web server of {@code uri}; none over a network in the
   * clear, and none for a server that proves nothing, unless it is this machine.
   *
   * @param method such as {@code GET}: some logins are a signature of the request
   * @param anyCertificate whether any certificate will do
   */
  public Map<String, String> headers(String method, URI uri, boolean anyCertificate)
      throws RktException {
    Origin origin = Origin.of(uri);
    boolean isProven = origin.scheme().equals("https") && !anyCertificate;
    if (!isProven && !origin.isLoopback()) {
      return Map.of();
    }
    String host = origin.authority();
    Optional<AwsSigner> signer = own().signer(host);
    if (signer.isPresent()) {
      return signer.get().headers(method, uri, Map.of(), Instant.now());
    }
    Optional<String> header = own().domain(host).flatMap(Credentials::header);
    return header.isPresent() ? Map.of("Authorization", header.get()) : Map.of();
  }

  private synchronized RktAuth own() throws RktException {
    RktAuth read = own;
    if (read == null) {
      read = RktAuth.read(surroundings.configuration());
      own = read;
    }
    return read;
  }

  private record Place(Path file, boolean legacy, boolean demanded) {}

  private List<Place> places() {
    String demanded = surroundings.variable("REGISTRY_AUTH_FILE");
    if (!demanded.isEmpty()) {
      return List.of(new Place(Path.of(demanded), false, true));
    }
    List<Place> places = new ArrayList<>();
    String runtime = surroundings.variable("XDG_RUNTIME_DIR");
    if (!runtime.isEmpty()) {
      places.add(new Place(Path.of(runtime, "containers/auth.json"), false, false));
    }
    String home = surroundings.variable("HOME");
    String config = surroundings.variable("XDG_CONFIG_HOME");
    if (!config.isEmpty()) {
      places.add(new Place(Path.of(config, "containers/auth.json"), false, false));
    } else if (!home.isEmpty()) {
      places.add(new Place(Path.of(home, ".config/containers/auth.json"), false, false));
    }
    String docker = surroundings.variable("DOCKER_CONFIG");
    if (!docker.isEmpty()) {
      places.add(new Place(Path.of(docker, "config.json"), false, false));
    } else if (!home.isEmpty()) {
      places.add(new Place(Path.of(home, ".docker/config.json"), false, false));
    }
    if (!home.isEmpty()) {
      places.add(new Place(Path.of(home, ".dockercfg"), true, false));
    }
    return places;
  }

  private static Optional<byte[]> read(Place place) throws FetchException {
    try {
      if (Files.size(place.file()) > LARGEST) {
        throw FetchException.usage(place.file() + " is too long for a file of logins", null);
      }
      return Optional.of(Files.readAllBytes(place.file()));
    } catch (NoSuchFileException e) {
      if (place.demanded()) {
        throw FetchException.usage(
            "REGISTRY_AUTH_FILE names " + place.file() + ", which is not there", null);
      }
      return Optional.empty();
    } catch (IOException e) {
      throw FetchException.system("cannot read " + place.file() + ": " + e.getMessage(), e);
    }
  }
}
