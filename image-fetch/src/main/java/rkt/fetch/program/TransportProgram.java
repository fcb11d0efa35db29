package rkt.fetch.program;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Surroundings;

/** A program that fetches files by a protocol that rkt does not speak. spec/transport.md */
public final class TransportProgram {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]{0,31}");
  private static final int OTHERS_MAY_WRITE = 0022;

  private final Path file;
  private final Map<String, String> environment;

  private TransportProgram(Path file, Map<String, String> environment) {
    this.file = file;
    this.environment = environment;
  }

  /** What the program for {@code url} is called: {@code torrent}, or the URL's scheme. */
  public static String nameFor(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    boolean torrent = scheme.equals("magnet") || isTorrentFile(url);
    return torrent ? "torrent" : scheme;
  }

  /** Whether {@code url} leads to a file that describes a torrent. */
  public static boolean isTorrentFile(URI url) {
    boolean isWeb = "https".equals(url.getScheme()) || "http".equals(url.getScheme());
    return isWeb && url.getPath() != null && url.getPath().endsWith(".torrent");
  }

  /**
   * Finds the program called {@code name}.
   *
   * @throws FetchException of class usage if there is none, or one that others may have written
   */
  public static TransportProgram find(String name, Surroundings surroundings)
      throws FetchException {
    String program = "rkt-transport-" + name;
    if (NAME.matcher(name).matches()) {
      for (Path directory : surroundings.transports()) {
        Path file = directory.resolve(program);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
          requireOurs(directory);
          requireOurs(file);
          return new TransportProgram(file, surroundings.environment());
        }
      }
    }
    throw FetchException.usage(
        "no transport is installed for " + name + ": there is no " + program,
        "it belongs into /etc/rkt/transports");
  }

  /** It runs with all our rights: nobody else may have put it there. */
  private static void requireOurs(Path file) throws FetchException {
    try {
      Map<String, Object> facts =
          Files.readAttributes(file, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
      int owner = (Integer) facts.getOrDefault("uid", -1);
      int mode = (Integer) facts.getOrDefault("mode", OTHERS_MAY_WRITE);
      int self = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      boolean plain =
          Files.isDirectory(file) || Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
      if (!plain || (owner != 0 && owner != self) || (mode & OTHERS_MAY_WRITE) != 0) {
        throw FetchException.usage(
            file + " could have been written by others, and is not run",
            "chown root " + file + " && chmod go-w " + file);
      }
    } catch (IOException e) {
      throw FetchException.system("cannot look at " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Starts the program. The caller closes what it gets.
   *
   * @param url without white space and quotes, as every {@link URI} in ASCII
   * @param output where the file is to be
   * @param limit the most bytes that it may have
   * @param seed whether the program is to share the file afterwards
   */
  Running start(URI url, Path output, long limit, boolean seed) throws FetchException {
    return Running.start(file, environment, new Request(url, output, limit, seed));
  }

  /** What a program is asked. */
  record Request(URI url, Path output, long limit, boolean seed) {
    Request {
      String path = output.toString();
      for (int i = 0; i < path.length(); i++) {
        char c = path.charAt(i);
        if (c < ' ' || c == '"' || c == '\\' || c == 0x7f) {
          throw new IllegalArgumentException("a path with quotes or control characters: " + path);
        }
      }
    }
  }
}
