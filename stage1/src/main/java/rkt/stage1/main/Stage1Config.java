package rkt.stage1.main;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import rkt.kernel.Ids;
import rkt.spec.RktException;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;
import rkt.stage1.pod.Stage1Program;
import rkt.stage1.run.Stage1;

/** Finds the stage1 that was asked for: rkt's own, or a configured program. spec/stage1.md */
final class Stage1Config {
  private static final String DIRECTORY = "stage1.d";

  private Stage1Config() {}

  /**
   * The stage1 of a pod.
   *
   * @param name as {@code --stage1-name} says it, perhaps with {@code :VERSION}
   * @param path as {@code --stage1-path} says it
   * @param configuration directories, those that win last
   */
  static Stage1 find(Optional<String> name, Optional<String> path, List<Path> configuration)
      throws RktException {
    if (path.isPresent()) {
      Path program = Path.of(path.get()).toAbsolutePath();
      Path file = program.getFileName();
      return trusted(name.orElse(file == null ? path.get() : file.toString()), program);
    }
    if (name.isEmpty()) {
      return Stage1.NAMESPACES;
    }
    Optional<Stage1> own = Stage1.find(name.get());
    if (own.isPresent()) {
      return own.get();
    }
    Optional<Path> found = Optional.empty();
    for (Path directory : configuration) {
      for (Path file : files(directory.resolve(DIRECTORY))) {
        Optional<Path> location = location(file, name.get());
        found = location.isPresent() ? location : found;
      }
    }
    return trusted(
        name.get(),
        found.orElseThrow(() ->
            StageException.notFound(
                "no stage1 is called \"" + name.get() + "\"",
                "namespaces, fly, or one that a file in stage1.d of the configuration names")));
  }

  /** The sandbox of the others is not rkt's to print. */
  static void requireNamespaces(Stage1 stage1) throws StageException {
    if (!stage1.equals(Stage1.NAMESPACES)) {
      throw StageException.usage(
          "--print-sandbox shows namespaces, not the stage1 \"" + stage1.name() + "\"",
          "leave --stage1-name and --stage1-path out");
    }
  }

  private static Stage1 trusted(String name, Path program) throws RktException {
    Path real = Stage1Program.trustworthy(program, Ids.effectiveUser());
    return new Stage1(name, Optional.of(real));
  }

  private static List<Path> files(Path directory) throws StageException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    List<Path> files = new ArrayList<>();
    try (Stream<Path> found = Files.list(directory)) {
      for (Path file : (Iterable<Path>) found::iterator) {
        if (file.toString().endsWith(".json")) {
          files.add(file);
        }
      }
    } catch (IOException e) {
      throw StageException.system("cannot read " + directory, null, e);
    }
    Collections.sort(files);
    return files;
  }

  /** Where the program is, if the file is about the one that is called {@code wanted}. */
  private static Optional<Path> location(Path file, String wanted) throws RktException {
    try {
      JsonObject json = JsonObject.parse(Files.readAllBytes(file), file.toString());
      if (!json.string("rktKind").equals("stage1") || !json.string("rktVersion").equals("v1")) {
        throw StageException.usage(
            file + " is not configuration of rktKind \"stage1\", rktVersion \"v1\"", null);
      }
      String name = json.string("name");
      String version = json.findString("version").orElse("");
      if (!wanted.equals(name) && !wanted.equals(name + ":" + version)) {
        return Optional.empty();
      }
      String location = json.string("location");
      String path = location.startsWith("file://") ? location.substring(7) : location;
      if (!path.startsWith("/")) {
        throw StageException.usage(
            file + ": the location \"" + location + "\" is not the path of a program",
            "write an absolute path, or file:///PATH");
      }
      return Optional.of(Path.of(path));
    } catch (IOException e) {
      throw StageException.system("cannot read " + file, null, e);
    }
  }
}
