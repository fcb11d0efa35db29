package rkt.fetch.registries;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Surroundings;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * {@code registries.conf} in its second version, with {@code registries.conf.d}: see
 * containers-registries.conf(5). Of several tables for one prefix the last one counts.
 */
public final class RegistriesConf {
  private static final int LARGEST = 1 << 20;

  private final Map<String, Registry> registries = new LinkedHashMap<>();
  private final Map<String, String> aliases = new LinkedHashMap<>();

  private record Registry(
      String prefix,
      String location,
      boolean insecure,
      boolean blocked,
      boolean mirrorsByDigestOnly,
      List<Mirror> mirrors,
      Path file) {}

  private record Mirror(String location, boolean insecure, String pull) {}

  private RegistriesConf() {}

  /** What the files of this user and this machine say; nothing, if there are none. */
  public static RegistriesConf read(Surroundings surroundings) throws RktException {
    RegistriesConf conf = new RegistriesConf();
    String demanded = surroundings.variable("CONTAINERS_REGISTRIES_CONF");
    if (!demanded.isEmpty()) {
      if (!conf.add(Path.of(demanded))) {
        throw FetchException.usage(
            "CONTAINERS_REGISTRIES_CONF names " + demanded + ", which is not there", null);
      }
      return conf;
    }
    for (Path file : surroundings.containers("registries.conf")) {
      if (conf.add(file)) {
        break;
      }
    }
    for (Path directory : surroundings.containers("registries.conf.d").reversed()) {
      for (Path file : files(directory)) {
        conf.add(file);
      }
    }
    return conf;
  }

  private static List<Path> files(Path directory) throws FetchException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.conf")) {
      for (Path file : all) {
        files.add(file);
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (IOException e) {
      throw FetchException.system("cannot read " + directory + ": " + e.getMessage(), e);
    }
    files.sort(null);
    return files;
  }

  private boolean add(Path file) throws RktException {
    byte[] bytes;
    try {
      if (Files.size(file) > LARGEST) {
        throw FetchException.usage(file + " is too long", null);
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
    try {
      JsonObject toml = JsonObject.parseToml(bytes, file.toString());
      if (toml.has("registries")) {
        throw FetchException.usage(
            file + " is in version 1 of its format", "see containers-registries.conf(5)");
      }
      for (JsonObject table : toml.objects("registry")) {
        Registry registry = registry(table, file);
        registries.put(registry.prefix(), registry);
      }
      aliases.putAll(toml.stringMap("aliases"));
    } catch (SpecException e) {
      throw FetchException.usage(String.valueOf(e.getMessage()), null);
    }
    return true;
  }

  private static Registry registry(JsonObject table, Path file) throws RktException {
    String location = table.findString("location").orElse("");
    String prefix = table.findString("prefix").orElse(location);
    if (prefix.isEmpty() || (location.isEmpty() && !prefix.startsWith("*."))) {
      throw FetchException.usage(file + ": a [[registry]] needs a location", null);
    }
    List<Mirror> mirrors = new ArrayList<>();
    for (JsonObject mirror : table.objects("mirror")) {
      String pull = mirror.findString("pull-from-mirror").orElse("all");
      if (!List.of("all", "digest-only", "tag-only").contains(pull)) {
        throw FetchException.usage(
            file + ": pull-from-mirror is \"" + pull + "\"", "all, digest-only or tag-only");
      }
      mirrors.add(
          new Mirror(
              mirror.string("location"), mirror.findBoolean("insecure").orElse(false), pull));
    }
    return new Registry(
        prefix,
        location,
        table.findBoolean("insecure").orElse(false),
        table.findBoolean("blocked").orElse(false),
        table.findBoolean("mirror-by-digest-only").orElse(false),
        mirrors,
        file);
  }

  /**
   * Where to fetch {@code host/repository} from, in order; never empty, and the last one is where
   * the image is at home.
   *
   * @param byDigest whether the reference has a digest
   * @throws FetchException of class usage if the registry is blocked
   */
  public List<Endpoint> endpoints(String host, String repository, boolean byDigest)
      throws FetchException {
    String name = host + "/" + repository;
    Registry registry = match(host, name);
    if (registry == null) {
      return List.of(new Endpoint(host, repository, false));
    }
    if (registry.blocked()) {
      throw FetchException.usage(
          "images of " + registry.prefix() + " are blocked by " + registry.file(), null);
    }
    String rest =
        registry.prefix().startsWith("*.")
            ? name.substring(host.length())
            : name.substring(registry.prefix().length());
    List<Endpoint> endpoints = new ArrayList<>();
    for (Mirror mirror : registry.mirrors()) {
      boolean digestOnly = mirror.pull().equals("digest-only") || registry.mirrorsByDigestOnly();
      boolean fits = byDigest ? !mirror.pull().equals("tag-only") : !digestOnly;
      if (fits) {
        endpoints.add(endpoint(mirror.location() + rest, mirror.insecure(), registry.file()));
      }
    }
    String home = registry.location().isEmpty() ? name : registry.location() + rest;
    endpoints.add(endpoint(home, registry.insecure(), registry.file()));
    return endpoints;
  }

  /**
   * Where {@code host/repository} is pushed to: to itself, never to a mirror, nor to the location
   * that it is fetched from.
   *
   * @throws FetchException of class usage if the registry is blocked
   */
  public Endpoint target(String host, String repository) throws FetchException {
    boolean insecure = endpoints(host, repository, true).getLast().insecure();
    return new Endpoint(host, repository, insecure);
  }

  /** The table with the longest prefix of the name, component by component. */
  private @Nullable Registry match(String host, String name) {
    Registry best = null;
    for (Registry registry : registries.values()) {
      String prefix = registry.prefix();
      boolean fits =
          prefix.startsWith("*.")
              ? host.endsWith(prefix.substring(1))
              : name.equals(prefix) || name.startsWith(prefix + "/");
      if (fits && (best == null || prefix.length() > best.prefix().length())) {
        best = registry;
      }
    }
    return best;
  }

  private static Endpoint endpoint(String name, boolean insecure, Path file) throws FetchException {
    int slash = name.indexOf('/');
    if (slash <= 0 || slash == name.length() - 1 || name.contains("://")) {
      throw FetchException.usage(file + " leads to \"" + name + "\", which is no image", null);
    }
    return new Endpoint(name.substring(0, slash), name.substring(slash + 1), insecure);
  }

  /** What a short name stands for, such as {@code docker.io/library/busybox}. */
  public Optional<String> alias(String shortName) {
    String full = aliases.getOrDefault(shortName, "");
    return full.isEmpty() ? Optional.empty() : Optional.of(full);
  }
}
