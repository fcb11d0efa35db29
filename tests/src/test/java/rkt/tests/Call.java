package rkt.tests;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One command line and its surroundings. Every one of them has SECRET=1 in its environment. */
public final class Call {
  private final List<String> command;
  private final Map<String, String> environment = new LinkedHashMap<>();
  private List<String> under = List.of();
  private Path directory = Path.of("/");
  private Duration timeout = Duration.ofSeconds(60);
  private byte[] stdin = new byte[0];

  public Call(List<String> command) {
    this.command = List.copyOf(command);
    environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("HOME", "/root");
    environment.put("SECRET", "1");
  }

  public Call env(String name, String value) {
    environment.put(name, value);
    return this;
  }

  public Call withoutEnv(String name) {
    environment.remove(name);
    return this;
  }

  /**
   * Starts the command through another: {@code setpriv}, {@code strace}, {@code sh -c '… "$@"'}.
   */
  public Call under(String... command) {
    this.under = List.of(command);
    return this;
  }

  public Call in(Path directory) {
    this.directory = directory;
    return this;
  }

  public Call within(Duration timeout) {
    this.timeout = timeout;
    return this;
  }

  /** What standard input holds; nothing unless said. */
  public Call stdin(byte[] bytes) {
    this.stdin = bytes;
    return this;
  }

  /** Keeps standard input open for {@link Running#stdin}. */
  public Call openStdin() {
    this.stdin = null;
    return this;
  }

  public Result run() throws IOException, InterruptedException {
    try (Running running = start()) {
      return running.await();
    }
  }

  public Running start() throws IOException {
    List<String> words = new ArrayList<>(under);
    words.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(words).directory(new File(directory.toString()));
    builder.environment().clear();
    builder.environment().putAll(environment);
    return new Running(words, builder.start(), stdin, timeout);
  }
}
