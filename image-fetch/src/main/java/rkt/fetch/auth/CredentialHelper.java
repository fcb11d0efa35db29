package rkt.fetch.auth;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;
import rkt.spec.RktException;
import rkt.spec.json.JsonObject;

/**
 * A program {@code docker-credential-NAME} that keeps logins. What it says is shown to nobody: it
 * may be a secret. docs/fetching.md#credentials
 */
final class CredentialHelper {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
  private static final int LONGEST_ANSWER = 64 << 10;
  private static final long PATIENCE_SECONDS = 30;

  private final String program;
  private final Map<String, String> environment;

  /**
   * @param configuration names the file that asks for the helper, in errors
   */
  CredentialHelper(String name, Map<String, String> environment, String configuration)
      throws FetchException {
    if (!NAME.matcher(name).matches()) {
      throw FetchException.usage(
          configuration + " names a credential helper that cannot be one: \"" + name + "\"", null);
    }
    this.program = "docker-credential-" + name;
    this.environment = environment;
  }

  /** The login for {@code server}; empty if the helper has none. */
  Optional<Credentials> get(String server) throws RktException {
    ProcessBuilder builder = new ProcessBuilder(find(server).toString(), "get");
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw failed(server, "it cannot be started", e);
    }
    try {
      return answer(process, server);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Looks in the PATH that was given to us, which need not be that of Java. */
  private Path find(String server) throws FetchException {
    for (String directory : environment.getOrDefault("PATH", "").split(":", -1)) {
      Path file = Path.of(directory, program);
      if (directory.startsWith("/") && Files.isExecutable(file)) {
        return file;
      }
    }
    throw failed(server, "it is not in PATH", null);
  }

  private Optional<Credentials> answer(Process process, String server) throws RktException {
    byte[] answer;
    boolean ended;
    // Reading would wait for ever for a helper that does: ending it ends the reading.
    Thread watch =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                  process.destroyForcibly();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    try (InputStream out = process.getInputStream()) {
      tell(process, server);
      answer = out.readNBytes(LONGEST_ANSWER);
      ended = process.waitFor(1, TimeUnit.SECONDS);
    } catch (IOException e) {
      throw failed(server, "it does not talk to us", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(server, "interrupted", e);
    } finally {
      watch.interrupt();
    }
    if (!ended || process.exitValue() != 0) {
      String words = new String(answer, StandardCharsets.UTF_8);
      if (ended && words.contains("credentials not found")) {
        return Optional.empty();
      }
      throw failed(server, ended ? "status " + process.exitValue() : "it does not end", null);
    }
    return read(answer, server);
  }

  private static void tell(Process process, String server) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(server.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It ended without listening; what it said and how it ended tell the rest.
    }
  }

  private Optional<Credentials> read(byte[] answer, String server) throws RktException {
    String user;
    String secret;
    try {
      JsonObject json = JsonObject.parse(answer, "the answer of " + program);
      user = json.findString("Username").orElse("");
      secret = json.findString("Secret").orElse("");
    } catch (RktException e) {
      throw failed(server, "its answer is not the JSON that it should be", null);
    }
    if (secret.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        user.equals("<token>")
            ? Credentials.identity(secret, program)
            : Credentials.password(user, secret, program));
  }

  private FetchException failed(String server, String why, @Nullable Throwable cause) {
    String message = "the credential helper " + program + " failed for " + server + ": " + why;
    return cause == null
        ? FetchException.network(message, "try it: echo " + server + " | " + program + " get")
        : FetchException.network(message, "is it installed, and in PATH?", cause);
  }
}
