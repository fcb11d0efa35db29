package rkt.verify;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The real gpg with a home of its own, at any time of the calendar (faketime). */
public final class Gpg implements AutoCloseable {
  private final Path home;
  private String time = "";

  public Gpg() throws IOException {
    // Not the test's directory: the agent's socket path must be short.
    home = Files.createTempDirectory(Path.of("/tmp"), "gpg");
  }

  /** From now on gpg believes that it is {@code when}: {@code 2024-01-01 00:00:00}, in UTC. */
  public Gpg at(String when) {
    time = when;
    return this;
  }

  /** Makes a key without a passphrase and returns its fingerprint, lowercase. */
  public String key(String userId, String algorithm, String usage, String expires) {
    run("--quick-generate-key", userId, algorithm, usage, expires);
    return fingerprints(userId).get(0);
  }

  /** The fingerprints of the key and its subkeys, lowercase. */
  public List<String> fingerprints(String key) {
    List<String> result = new ArrayList<>();
    for (String line : text(run("--with-colons", "--list-keys", key)).lines().toList()) {
      if (line.startsWith("fpr:")) {
        result.add(line.split(":", -1)[9].toLowerCase(Locale.ROOT));
      }
    }
    return result;
  }

  public byte[] export(String key) {
    return run("--armor", "--export", key);
  }

  /** A detached signature over {@code data}; {@code options} come first. */
  public byte[] sign(byte[] data, String key, String... options) {
    List<String> args = new ArrayList<>(Arrays.asList(options));
    args.addAll(List.of("--armor", "--local-user", key, "--detach-sign"));
    return run(data, args.toArray(String[]::new));
  }

  public byte[] run(String... args) {
    return run(new byte[0], args);
  }

  public byte[] run(byte[] input, String... args) {
    List<String> command = new ArrayList<>();
    if (!time.isEmpty()) {
      command.addAll(List.of("faketime", "-f", "@" + time));
    }
    command.addAll(List.of("gpg", "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"));
    command.addAll(List.of("--passphrase", "", "--no-tty", "--status-fd", "2"));
    command.addAll(Arrays.asList(args));
    try {
      Path errors = home.resolve("stderr");
      Path in = home.resolve("stdin");
      Files.write(in, input);
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectError(errors.toFile()).redirectInput(in.toFile());
      builder.environment().put("GNUPGHOME", home.toString());
      builder.environment().put("TZ", "UTC");
      builder.environment().put("LC_ALL", "C");
      for (int again = 2; ; again--) {
        Process process = builder.start();
        byte[] out = process.getInputStream().readAllBytes();
        if (process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0) {
          return out;
        }
        String said = Files.readString(errors);
        // Its semaphore is called like its process, and one that was killed leaves it behind.
        if (again == 0 || !said.startsWith("faketime: sem_open: File exists")) {
          throw new IllegalStateException(command + ": " + said);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    try {
      ProcessBuilder kill = new ProcessBuilder("gpgconf", "--kill", "all");
      kill.environment().put("GNUPGHOME", home.toString());
      kill.start().waitFor();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    delete();
  }

  /** The agent takes its sockets away by itself while we look: what is gone is not missed. */
  private void delete() throws IOException {
    for (int left = 100; Files.exists(home); left--) {
      try (var files = Files.walk(home)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      } catch (UncheckedIOException | DirectoryNotEmptyException e) {
        if (left == 0) {
          throw e;
        }
      }
    }
  }
}
