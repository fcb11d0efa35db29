package rkt.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import rkt.spec.Phases;
import rkt.stage1.main.BothCompilers;

/** Runs command lines in this process, with a data directory and a configuration of their own. */
final class Cli {
  private final Path directory;
  private byte[] in = new byte[0];
  private Map<String, String> environment = Map.of();

  Cli(Path directory) {
    this.directory = directory;
  }

  /** What a command left behind. */
  record Result(int status, String out, String err) {}

  Path data() {
    return directory.resolve("data");
  }

  Cli withInput(byte[] bytes) {
    in = bytes.clone();
    return this;
  }

  Cli withEnvironment(Map<String, String> variables) {
    environment = Map.copyOf(variables);
    return this;
  }

  Result rkt(String... words) {
    List<String> line = new ArrayList<>();
    line.add("--dir=" + data());
    line.add("--system-config=" + directory.resolve("system"));
    line.add("--local-config=" + directory.resolve("local"));
    line.addAll(List.of(words));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Caller caller =
        new Caller(
            new ByteArrayInputStream(in),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            environment,
            Clock.systemUTC(),
            Path.of("/"),
            new Phases(),
            BothCompilers.here(),
            () -> {});
    int status = Main.run(line, caller);
    return new Result(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
