package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.tests.Call;
import rkt.tests.Result;

/** A keyring of gpg; closing it ends its agent. */
final class Gpg implements AutoCloseable {
  private final Path home;

  /** {@code home} must not be there; its path has to be short, for the agent's socket. */
  Gpg(Path home) throws IOException, InterruptedException {
    this.home = Files.createDirectory(home);
    Tools.ok("chmod", "700", home.toString());
  }

  /** A key that can sign, made now. */
  Path key(String user) throws IOException, InterruptedException {
    run("--quick-generate-key", user, "ed25519", "sign", "never");
    return export(user);
  }

  /** A key made at another time, {@code 2020-01-01 00:00:00}, that lives as long as said. */
  Path key(String user, String time, String expire) throws IOException, InterruptedException {
    at(time, "--quick-generate-key", user, "ed25519", "sign", expire);
    return export(user);
  }

  /** Writes a public key. */
  Path export(String user) throws IOException, InterruptedException {
    Path file = home.resolve(user + ".asc");
    run("--armor", "--output", file.toString(), "--export", user);
    return file;
  }

  /** A detached signature over {@code file}, in {@code FILE.asc}. */
  Path sign(String user, Path file, String... options) throws IOException, InterruptedException {
    return sign(user, "", file, options);
  }

  /** A signature made at another time; now, if that is empty. */
  Path sign(String user, String time, Path file, String... options)
      throws IOException, InterruptedException {
    Path signature = Path.of(file + ".asc");
    List<String> words = new ArrayList<>(List.of("--local-user", user, "--armor"));
    words.addAll(List.of(options));
    words.addAll(List.of("--output", signature.toString(), "--detach-sign", file.toString()));
    at(time, words.toArray(new String[0]));
    return signature;
  }

  /** Revokes a key with the certificate that gpg made with it; gives the public key. */
  Path revoke(String user) throws IOException, InterruptedException {
    String certificate =
        Files.readString(home.resolve("openpgp-revocs.d/" + fingerprint(user) + ".rev"));
    Path file = home.resolve("revocation");
    Files.writeString(file, certificate.replace(":-----BEGIN", "-----BEGIN"));
    run("--import", file.toString());
    return export(user);
  }

  String fingerprint(String user) throws IOException, InterruptedException {
    for (String line : run("--with-colons", "--list-keys", user).lines()) {
      if (line.startsWith("fpr:")) {
        return line.split(":", -1)[9];
      }
    }
    throw new AssertionError("no key of " + user);
  }

  Result run(String... words) throws IOException, InterruptedException {
    return at("", words);
  }

  private Result at(String time, String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (!time.isEmpty()) {
      command.addAll(List.of("faketime", "-f", time));
    }
    command.addAll(List.of("gpg", "--homedir", home.toString(), "--batch", "--yes", "--quiet"));
    command.addAll(List.of("--pinentry-mode", "loopback", "--passphrase", ""));
    command.addAll(List.of(words));
    Result result = new Call(command).run();
    // Its semaphore is called like its process, and one that was killed leaves it behind.
    for (int i = 0; i < 2 && result.err().startsWith("faketime: sem_open: File exists"); i++) {
      result = new Call(command).run();
    }
    assertThat(result.status()).as("%s", result).isZero();
    return result;
  }

  @Override
  public void close() throws IOException {
    Tools.stop(
        new ProcessBuilder("gpgconf", "--homedir", home.toString(), "--kill", "all").start(),
        false);
  }
}
