package rkt.fetch;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.ImageName;

/** The spellings of {@link ImageRef}. spec/image.md#references */
final class ImageRefParser {
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9._+~-]+");

  private ImageRefParser() {}

  static ImageRef parse(String text, Path cwd) throws FetchException {
    try {
      if (text.startsWith("sha512-") || text.startsWith("sha256:")) {
        return new ImageRef.StoreId(text);
      }
      if (text.startsWith("docker:")) {
        return registry(text);
      }
      if (text.startsWith("oci:")) {
        return layout(text.substring("oci:".length()), cwd);
      }
      if (text.contains("://")) {
        return url(text);
      }
      if (isPath(text, cwd)) {
        return new ImageRef.AciFile(cwd.resolve(text).normalize());
      }
      return name(text);
    } catch (IllegalArgumentException e) {
      throw bad(text, String.valueOf(e.getMessage()));
    }
  }

  private static boolean isPath(String text, Path cwd) {
    if (text.startsWith("/") || text.contains("./") || text.endsWith(".aci")) {
      return true;
    }
    try {
      return Files.isRegularFile(cwd.resolve(text));
    } catch (InvalidPathException e) {
      return false;
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
    if (!path.endsWith(".aci")) {
      throw bad(text, "the URL of an ACI ends in .aci");
    }
    return switch (scheme) {
      case "file" -> {
        if (url.getRawAuthority() != null && !url.getRawAuthority().isEmpty()) {
          throw bad(text, "a file URL names no host: file:///PATH");
        }
        yield new ImageRef.AciFile(Path.of(path));
      }
      case "http", "https" -> {
        if (url.getUserInfo() != null) {
          throw FetchException.usage("a URL with a password in it is not taken", null);
        }
        if (url.getHost() == null || url.getRawFragment() != null || url.getPort() > 65_535) {
          throw bad(text, "it is not a plain URL");
        }
        yield new ImageRef.AciUrl(url);
      }
      default -> throw bad(text, "the scheme " + scheme + " is not known");
    };
  }

  /** DIR, DIR:TAG or DIR@DIGEST. */
  private static ImageRef layout(String text, Path cwd) throws FetchException {
    String rest = text;
    Optional<Digest> digest = Optional.empty();
    int at = rest.lastIndexOf("@sha");
    if (at >= 0) {
      digest = Optional.of(Digest.parse(rest.substring(at + 1)));
      rest = rest.substring(0, at);
    }
    // A colon belongs to the directory if a directory of that whole name is there.
    String tag = "";
    int colon = rest.indexOf(':');
    if (colon >= 0 && !Files.isDirectory(cwd.resolve(rest))) {
      tag = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
    }
    if (rest.isEmpty()) {
      throw bad("oci:" + text, "it names no directory");
    }
    return new ImageRef.OciLayout(cwd.resolve(rest).normalize(), tag, digest);
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

  /** {@code NAME[:VERSION]}. */
  private static ImageRef name(String text) throws FetchException {
    int colon = text.indexOf(':', text.lastIndexOf('/') + 1);
    String version = colon < 0 ? "" : text.substring(colon + 1);
    if (colon >= 0 && !VERSION.matcher(version).matches()) {
      throw bad(text, "\"" + version + "\" is not a version");
    }
    return new ImageRef.AppcName(
        new ImageName(colon < 0 ? text : text.substring(0, colon)), version);
  }

  private static FetchException bad(String text, String why) {
    return FetchException.usage(
        "\"" + text + "\" does not name an image: " + why,
        "use a path, https://….aci, docker://HOST/NAME:TAG, oci:DIR:TAG, or an identifier");
  }
}
