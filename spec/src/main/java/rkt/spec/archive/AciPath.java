package rkt.spec.archive;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import rkt.spec.SpecException;

/** Tells the path of an ACI from all else that an image is called. spec/image.md#references */
public final class AciPath {
  private static final String SUFFIX = ".aci";

  /** What begins so is never a path; {@code ./} before it makes it one. */
  private static final List<String> OTHERS =
      List.of(
          "sha512-",
          "sha256:",
          "docker:",
          "cimd:",
          "oci:",
          "oci-archive:",
          "docker-archive:",
          "dir:",
          "magnet:?");

  private AciPath() {}

  /**
   * The file that {@code text} means; empty if it means anything else.
   *
   * @param cwd what a relative path is relative to
   * @throws SpecException of class usage, if it is a path or a file URL that no file can have
   */
  public static Optional<Path> find(String text, Path cwd) throws SpecException {
    for (String other : OTHERS) {
      if (text.startsWith(other)) {
        return Optional.empty();
      }
    }
    if (text.contains("://")) {
      return text.startsWith("file:") ? Optional.of(ofUrl(text)) : Optional.empty();
    }
    boolean certain = text.startsWith("/") || text.contains("./") || text.endsWith(SUFFIX);
    try {
      Path path = cwd.resolve(text);
      return certain || Files.isRegularFile(path)
          ? Optional.of(path.normalize())
          : Optional.empty();
    } catch (InvalidPathException e) {
      if (certain) {
        throw bad(text, e.getReason());
      }
      return Optional.empty();
    }
  }

  private static Path ofUrl(String text) throws SpecException {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw bad(text, "it is not a URL");
    }
    String path = url.getPath() == null ? "" : url.getPath();
    if (!path.endsWith(SUFFIX)) {
      throw bad(text, "the URL of an ACI ends in " + SUFFIX);
    }
    if (url.getRawAuthority() != null && !url.getRawAuthority().isEmpty()) {
      throw bad(text, "a file URL names no host: file:///PATH");
    }
    try {
      return Path.of(path);
    } catch (InvalidPathException e) {
      throw bad(text, e.getReason());
    }
  }

  private static SpecException bad(String text, String why) {
    return SpecException.usage(
        "\"" + text + "\" does not name an image: " + why,
        "write the path of a file, or file:///PATH.aci");
  }
}
