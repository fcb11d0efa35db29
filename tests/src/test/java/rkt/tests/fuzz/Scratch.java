package rkt.tests.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files for those who read nothing else: one of each kind for a process, written over. */
final class Scratch {
  private static final String REGISTRIES_D = "containers/registries.d";
  private static final Path DIRECTORY = directory();

  private Scratch() {}

  private static Path directory() {
    try {
      Path memory = Path.of("/dev/shm");
      Path made =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, "rkt-fuzz-")
              : Files.createTempDirectory("rkt-fuzz-");
      Files.createDirectory(made.resolve("audit"));
      Files.createDirectories(made.resolve(REGISTRIES_D));
      Runtime.getRuntime().addShutdownHook(new Thread(Scratch::remove));
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void remove() {
    try {
      for (String name :
          new String[] {
            "audit/00000001.jsonl",
            "audit",
            REGISTRIES_D + "/file.yaml",
            REGISTRIES_D,
            "containers",
            "file",
            ""
          }) {
        Files.deleteIfExists(DIRECTORY.resolve(name));
      }
    } catch (IOException e) {
      System.err.println("cannot remove " + DIRECTORY + ": " + e);
    }
  }

  /** A file with these bytes. */
  static Path file(byte[] bytes) throws IOException {
    return Files.write(DIRECTORY.resolve("file"), bytes);
  }

  /** A data directory whose audit log has these bytes as its one segment, and no head. */
  static Path auditLog(byte[] segment) throws IOException {
    Files.write(DIRECTORY.resolve("audit/00000001.jsonl"), segment);
    return DIRECTORY;
  }

  /** A directory of configuration whose {@code registries.d} has one file of these bytes. */
  static Path registriesD(byte[] bytes) throws IOException {
    Files.write(DIRECTORY.resolve(REGISTRIES_D + "/file.yaml"), bytes);
    return DIRECTORY;
  }
}
