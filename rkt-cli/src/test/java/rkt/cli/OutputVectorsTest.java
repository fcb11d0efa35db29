package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.kernel.DirFd;
import rkt.spec.json.JsonObject;

class OutputVectorsTest {
  private static final Path VECTORS = Path.of("../spec/vectors/output");

  @TempDir Path directory;

  static List<Path> cases() throws IOException {
    try (Stream<Path> cases = Files.list(VECTORS)) {
      return cases.filter(Files::isDirectory).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aDataDirectoryIsPrintedAsTheSpecSays(Path vector) throws Exception {
    Cli cli = new Cli(directory);
    copy(vector.resolve("data"), cli.data());
    List<DirFd> held = new ArrayList<>();
    try {
      Path locked = vector.resolve("locked");
      for (String pod : Files.exists(locked) ? Files.readAllLines(locked) : List.<String>of()) {
        DirFd holder = DirFd.open(cli.data().resolve("pods").resolve(pod).toString());
        held.add(holder);
        holder.self().lock(true);
      }
      String expected = Files.readString(vector.resolve("list.jsonl"));
      assertThat(cli.rkt("list", "--format=json")).isEqualTo(new Cli.Result(0, expected, ""));
      Schemas.check("pod-list", expected);
      for (String line : expected.lines().toList()) {
        String id =
            JsonObject.parse(line.getBytes(StandardCharsets.UTF_8), "a line").string("name");
        assertThat(cli.rkt("status", "--format=json", id))
            .isEqualTo(new Cli.Result(0, line + "\n", ""));
      }
    } finally {
      held.forEach(DirFd::close);
    }
  }

  @Test
  void thereAreCases() throws Exception {
    assertThat(cases()).hasSizeGreaterThan(5);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else {
          Files.copy(path, target);
        }
      }
    }
  }
}
