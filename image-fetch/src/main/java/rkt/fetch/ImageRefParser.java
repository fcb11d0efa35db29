package rkt.fetch;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.archive.AciPath;

/** The spellings of {@link ImageRef}. spec/image.md#references */
final class ImageRefParser {
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
  private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9._+~-]{1,128}");

  /** Whether {@code text} can stand for a version or another label in a reference. */
  static boolean isValue(String text) {
    return VALUE.matcher(text).matches();
  }

  private static final Pattern LABEL = Pattern.compile("[a-z0-9]+([-._~/][a-z0-9]+)*");
  private static final Pattern SCHEME = Pattern.compile("[a-z][a-z0-9]*");
  private static final Set<String> KNOWN = Set.of("http", "https");
  private static final Pattern INDEX = Pattern.compile("@[0-9]{1,6}");

  private ImageRefParser() {}

  static ImageRef parse(String text, Path cwd) throws RktException {
    Optional<Path> file = AciPath.find(text, cwd);
    if (file.isPresent()) {
      return new ImageRef.AciFile(file.get());
    }
    try {
      if (text.startsWith("sha512-") || text.startsWith("sha256:")) {
        return new ImageRef.StoreId(text);
      }
      if (text.startsWith("docker:")) {
        return registry(text);
      }
      if (text.startsWith("cimd:")) {
        return identifier(text);
      }
      if (text.startsWith("oci:")) {
        Located at = located(text, "oci:", cwd);
        return new ImageRef.OciLayout(at.path(), at.tag(), at.digest());
      }
      if (text.startsWith("oci-archive:")) {
        Located at = located(text, "oci-archive:", cwd);
        return new ImageRef.OciArchive(at.path(), at.tag(), at.digest());
      }
      if (text.startsWith("docker-archive:")) {
        return dockerArchive(text, cwd);
      }
      if (text.startsWith("dir:")) {
        String directory = text.substring("dir:".length());
        if (directory.isEmpty()) {
          throw bad(text, "it names no directory");
        }
        return new ImageRef.DirectoryImage(cwd.resolve(directory).normalize());
      }
      if (text.contains("://") || text.startsWith("magnet:?")) {
        return url(text);
      }
      return name(text);
    } catch (IllegalArgumentException e) {
      throw bad(text, String.valueOf(e.getMessage()));
    }
  }

  private static ImageRef url(String text) throws FetchException {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw bad(text, "it is not a URL");
    }
    String scheme = String.valueOf(url.getScheme());
    String path = url.getPath() == null ? "" : url.getPath();
    if (!KNOWN.contains(scheme)) {
      if (url.getUserInfo() != null) {
        throw FetchException.usage("a URL with a password in it is not taken", null);
      }
      if (!SCHEME.matcher(scheme).matches()) {
        throw bad(text, "it is not a plain URL");
      }
      return new ImageRef.Transported(URI.create(url.toASCIIString()));
    }
    boolean torrent = path.endsWith(".torrent");
    if (!path.endsWith(".aci") && !torrent) {
      throw bad(text, "the URL of an ACI ends in .aci");
    }
    return switch (scheme) {
      case "http", "https" -> {
        if (url.getUserInfo() != null) {
          throw FetchException.usage("a URL with a password in it is not taken", null);
        }
        if (url.getHost() == null || url.getRawFragment() != null || url.getPort() > 65_535) {
          throw bad(text, "it is not a plain URL");
        }
        yield torrent ? new ImageRef.Transported(url) : new ImageRef.AciUrl(url);
      }
      default -> throw bad(text, "the scheme " + scheme + " is not known");
    };
  }

  private record Located(Path path, String tag, Optional<Digest> digest) {}

  /**
   * What rkt 1.30 called an image to itself: {@code cimd:TYPE:v=0:DATA}. Its data are the reference
   * that is meant, as a part of a URL.
   */
  private static ImageRef identifier(String text) throws RktException {
    String[] parts = text.split(":", 4);
    if (parts.length < 4 || !parts[2].equals("v=0") || parts[3].isEmpty()) {
      throw bad(text, "it is not cimd:TYPE:v=0:DATA");
    }
    String data = parts[3];
    return switch (parts[1]) {
      case "appc" -> {
        int query = data.indexOf('?');
        String name = query < 0 ? data : data.substring(0, query);
        StringBuilder plain = new StringBuilder(URLDecoder.decode(name, StandardCharsets.UTF_8));
        if (query >= 0) {
          for (String label : data.substring(query + 1).split("&", -1)) {
            plain.append(',').append(URLDecoder.decode(label, StandardCharsets.UTF_8));
          }
        }
        yield name(plain.toString());
      }
      case "aci-archive" -> {
        String url = URLDecoder.decode(data, StandardCharsets.UTF_8);
        if (!url.contains("://")) {
          throw bad(text, "its data are no URL");
        }
        Optional<Path> file = AciPath.find(url, Path.of("/"));
        yield file.isPresent() ? new ImageRef.AciFile(file.get()) : url(url);
      }
      case "docker" -> registry("docker://" + URLDecoder.decode(data, StandardCharsets.UTF_8));
      default -> throw bad(text, "cimd:" + parts[1] + " is not known");
    };
  }

  /** PATH, PATH:TAG or PATH@DIGEST, behind a prefix. */
  private static Located located(String text, String prefix, Path cwd) throws FetchException {
    String rest = text.substring(prefix.length());
    Optional<Digest> digest = Optional.empty();
    int at = rest.lastIndexOf("@sha");
    if (at >= 0) {
      digest = Optional.of(Digest.parse(rest.substring(at + 1)));
      rest = rest.substring(0, at);
    }
    // A colon belongs to the path if something of that whole name is there.
    String tag = "";
    int colon = rest.indexOf(':');
    if (colon >= 0 && !Files.exists(cwd.resolve(rest))) {
      tag = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
    }
    if (rest.isEmpty()) {
      throw bad(text, "it names no path");
    }
    return new Located(cwd.resolve(rest).normalize(), tag, digest);
  }

  /** PATH, PATH:NAME:TAG or PATH:@INDEX. */
  private static ImageRef dockerArchive(String text, Path cwd) throws FetchException {
    String rest = text.substring("docker-archive:".length());
    String reference = "";
    int colon = rest.indexOf(':');
    if (colon >= 0 && !Files.exists(cwd.resolve(rest))) {
      reference = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
    }
    if (rest.isEmpty()) {
      throw bad(text, "it names no path");
    }
    if (reference.startsWith("@") && !INDEX.matcher(reference).matches()) {
      throw bad(text, "\"" + reference + "\" is not @ and a number");
    }
    return new ImageRef.DockerArchive(cwd.resolve(rest).normalize(), reference);
  }

  private static ImageRef registry(String text) throws FetchException {
    String rest = text.substring("docker:".length());
    if (rest.startsWith("//")) {
      rest = rest.substring(2);
    }
    Optional<Digest> digest = Optional.empty();
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Optional.of(Digest.parse(rest.substring(at + 1)));
      rest = rest.substring(0, at);
    }
    String tag = "";
    int colon = rest.lastIndexOf(':');
    if (colon > rest.lastIndexOf('/')) {
      tag = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
      if (!TAG.matcher(tag).matches()) {
        throw bad(text, "\"" + tag + "\" is not a tag");
      }
    }
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = "latest";
    }
    int slash = rest.indexOf('/');
    String first = slash < 0 ? "" : rest.substring(0, slash);
    boolean host = first.contains(".") || first.contains(":") || first.equals("localhost");
    String registry = host ? first : "docker.io";
    String repository = host ? rest.substring(slash + 1) : rest;
    if (registry.equals("index.docker.io") || registry.equals("registry-1.docker.io")) {
      registry = "docker.io";
    }
    if (registry.equals("docker.io") && repository.indexOf('/') < 0) {
      repository = "library/" + repository;
    }
    ImageRef.Registry ref = new ImageRef.Registry(registry, repository, tag, digest);
    ref.name(); // refuses what is no name
    return ref;
  }

  /** {@code NAME[:VERSION][,LABEL=VALUE]…}. */
  private static ImageRef name(String text) throws FetchException {
    String[] parts = text.split(",", -1);
    Map<String, String> labels = new LinkedHashMap<>();
    int colon = parts[0].indexOf(':', parts[0].lastIndexOf('/') + 1);
    if (colon >= 0) {
      label(text, "version", parts[0].substring(colon + 1), labels);
    }
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      if (equals < 0 || !LABEL.matcher(parts[i].substring(0, equals)).matches()) {
        throw bad(text, "\"" + parts[i] + "\" is not LABEL=VALUE");
      }
      label(text, parts[i].substring(0, equals), parts[i].substring(equals + 1), labels);
    }
    String name = colon < 0 ? parts[0] : parts[0].substring(0, colon);
    return new ImageRef.AppcName(new ImageName(name), labels);
  }

  private static void label(String text, String name, String value, Map<String, String> labels)
      throws FetchException {
    if (!VALUE.matcher(value).matches()) {
      throw bad(text, "\"" + value + "\" is not a " + (name.equals("version") ? name : "value"));
    }
    if (name.equals("name") || labels.putIfAbsent(name, value) != null) {
      throw bad(text, "the label " + name + " is given twice");
    }
  }

  private static FetchException bad(String text, String why) {
    return FetchException.usage(
        "\"" + text + "\" does not name an image: " + why,
        "use a path, https://….aci, docker://HOST/NAME:TAG, oci:DIR:TAG, NAME:VERSION, or an"
            + " identifier");
  }
}
