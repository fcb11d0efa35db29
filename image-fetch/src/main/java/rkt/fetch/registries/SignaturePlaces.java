package rkt.fetch.registries;

import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Surroundings;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * {@code registries.d}: where the signatures of images lie beside their registries. See
 * containers-registries.d(5). docs/fetching.md#lookaside
 */
public final class SignaturePlaces {
  private static final int LARGEST = 1 << 20;
  private static final String ANY = "";

  /** By namespace; that of all others under the empty name. */
  private final Map<String, Place> places = new LinkedHashMap<>();

  /**
   * Where to look for the signatures of an image.
   *
   * @param lookaside a web server or a directory; empty for none
   * @param attachments whether to look for the tags that cosign makes; empty if nobody says
   */
  public record Place(Optional<URI> lookaside, Optional<Boolean> attachments) {}

  private SignaturePlaces() {}

  /** What the files of this user say, else those of this machine; nothing, if there are none. */
  public static SignaturePlaces read(Surroundings surroundings) throws RktException {
    SignaturePlaces places = new SignaturePlaces();
    for (Path directory : surroundings.containers("registries.d")) {
      if (Files.isDirectory(directory)) {
        for (Path file : files(directory)) {
          places.add(file);
        }
        return places;
      }
    }
    return places;
  }

  private static List<Path> files(Path directory) throws FetchException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.yaml")) {
      all.forEach(files::add);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw FetchException.system("cannot read " + directory + ": " + e.getMessage(), e);
    }
    files.sort(null);
    return files;
  }

  private void add(Path file) throws RktException {
    byte[] bytes;
    try {
      if (Files.size(file) > LARGEST) {
        throw FetchException.usage(file + " is too long", null);
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
    try {
      JsonObject yaml = JsonObject.parseYaml(bytes, file.toString());
      Optional<JsonObject> usual = yaml.findObject("default-docker");
      if (usual.isPresent()) {
        add(ANY, usual.get(), file);
      }
      Optional<JsonObject> docker = yaml.findObject("docker");
      if (docker.isPresent()) {
        for (String namespace : docker.get().names()) {
          add(namespace, docker.get().object(namespace), file);
        }
      }
    } catch (SpecException e) {
      throw FetchException.usage(String.valueOf(e.getMessage()), null);
    }
  }

  private void add(String namespace, JsonObject entry, Path file) throws RktException {
    Optional<String> url = entry.findString("lookaside");
    if (url.isEmpty()) {
      url = entry.findString("sigstore"); // what older files call it
    }
    Place place =
        new Place(
            url.isPresent() && !url.get().isEmpty()
                ? Optional.of(url(url.get(), file))
                : Optional.empty(),
            entry.findBoolean("use-sigstore-attachments"));
    if (places.putIfAbsent(namespace, place) != null) {
      throw FetchException.usage(
          file
              + ": "
              + (namespace.equals(ANY) ? "default-docker" : "docker: " + namespace)
              + " is in another file of that directory too",
          "keep one of the two");
    }
  }

  private static URI url(String text, Path file) throws FetchException {
    try {
      URI url = URI.create(text);
      String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
      boolean web = scheme.equals("https") || scheme.equals("http");
      boolean local = scheme.equals("file") && url.getRawAuthority() == null;
      boolean plain =
          url.getRawUserInfo() == null
              && url.getRawQuery() == null
              && url.getRawFragment() == null
              && url.getPath() != null
              && (local ? url.getPath().startsWith("/") : url.getHost() != null);
      if ((web || local) && plain) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      // Told like the others.
    }
    throw FetchException.usage(
        file + ": signatures cannot be looked for at \"" + text + "\"",
        "an https:// or file:/// URL without a user, a query or a fragment");
  }

  /**
   * What is said for an image: of each matter what the longest name says that says anything.
   *
   * @param which a tag or a digest
   */
  public Place of(String host, String repository, String which) {
    List<String> names = new ArrayList<>();
    names.add(host + "/" + repository + (which.contains(":") ? "@" : ":") + which);
    for (String name = host + "/" + repository; ; name = name.substring(0, name.lastIndexOf('/'))) {
      names.add(name);
      if (name.indexOf('/') < 0) {
        break;
      }
    }
    int colon = host.lastIndexOf(':');
    String domain = colon < 0 ? host : host.substring(0, colon);
    for (int dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
      names.add("*" + domain.substring(dot));
    }
    names.add(ANY);
    Optional<URI> lookaside = Optional.empty();
    Optional<Boolean> attachments = Optional.empty();
    for (String name : names) {
      Place place = places.get(name);
      if (place != null) {
        lookaside = lookaside.isPresent() ? lookaside : place.lookaside;
        attachments = attachments.isPresent() ? attachments : place.attachments;
      }
    }
    return new Place(lookaside, attachments);
  }
}
