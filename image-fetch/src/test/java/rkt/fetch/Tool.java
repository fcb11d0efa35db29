package rkt.fetch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs that integration tests start. */
final class Tool {
  private Tool() {}

  /** How a program ended: its status, and all that it printed. */
  record Result(int status, String output) {}

  /** The command line of rkt-fetch in a Java of its own, on the class path of this test. */
  static List<String> rktFetch(Path data, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of("rkt.fetch.main.RktFetch", "--dir=" + data));
    command.addAll(List.of("--quiet", "--insecure-options=http"));
    command.addAll(List.of(arguments));
    return command;
  }

  static Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  static Result run(List<String> command) throws IOException, InterruptedException {
    return finish(start(command));
  }

  static Result finish(Process process) throws IOException, InterruptedException {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }
}
