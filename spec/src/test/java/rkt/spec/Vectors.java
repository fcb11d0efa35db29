package rkt.spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files of {@code spec/vectors}. */
public final class Vectors {
  private Vectors() {}

  /** The vectors in a directory below {@code spec/vectors}; there are some, or the test is void. */
  public static List<Path> in(String directory) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("vectors").resolve(directory))) {
      List<Path> found = files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      if (found.isEmpty()) {
        throw new IllegalStateException("no vectors in " + directory);
      }
      return found;
    }
  }
}
