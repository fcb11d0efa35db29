package rkt.verify.signing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.Printable;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.verify.openpgp.KeyFacts;

/**
 * A key of the caller's gpg, which signs in its agent: the secret part is never here. gpg asks for
 * a passphrase by its own means. spec/signing.md#openpgp
 */
public final class GpgAgent implements OpenPgpSigner {
  private static final int MAX_OUTPUT = 4 << 20;
  private static final int MAX_STATUS = 64 << 10;
  private static final String STATUS = "[GNUPG:] ";
  private static final String CREATED = STATUS + "SIG_CREATED ";

  private final String user;

  /**
   * A key of gpg.
   *
   * @param user which, as gpg knows it: a fingerprint, a key id, an address
   */
  public GpgAgent(String user) {
    this.user = user;
  }

  @Override
  public Made detached(Path data) throws RktException {
    return made(
        run(
            ProcessBuilder.Redirect.from(data.toFile()),
            new byte[0],
            List.of("--armor", "--local-user", user, "--output", "-", "--detach-sign")));
  }

  @Override
  public Made message(byte[] data) throws RktException {
    return made(
        run(
            ProcessBuilder.Redirect.PIPE,
            data,
            List.of("--compress-algo", "none", "--local-user", user, "--output", "-", "--sign")));
  }

  /** What gpg printed, and what it said about it. */
  private static final class Output {
    private final byte[] bytes;
    private final List<String> status;

    Output(byte[] bytes, List<String> status) {
      this.bytes = bytes;
      this.status = status;
    }
  }

  private Made made(Output output) throws RktException {
    for (String line : output.status) {
      if (line.startsWith(CREATED)) {
        String fingerprint = line.substring(line.lastIndexOf(' ') + 1);
        byte[] certificate =
            run(ProcessBuilder.Redirect.PIPE, new byte[0], List.of("--export", fingerprint)).bytes;
        return new Made(output.bytes, KeyFacts.parse(certificate, "the key of gpg"));
      }
    }
    throw SpecException.system("gpg does not say that it signed", "gpg --version");
  }

  private Output run(ProcessBuilder.Redirect input, byte[] in, List<String> words)
      throws RktException {
    List<String> command =
        new ArrayList<>(List.of("gpg", "--quiet", "--no-tty", "--yes", "--status-fd", "2"));
    command.addAll(words);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectInput(input).start();
    } catch (IOException e) {
      throw SpecException.system(
          "cannot start gpg: " + e.getMessage(), "apt install gpg, or sign with --openpgp-key");
    }
    try (InputStream out = process.getInputStream();
        InputStream err = process.getErrorStream()) {
      if (input.equals(ProcessBuilder.Redirect.PIPE)) {
        try (OutputStream to = process.getOutputStream()) {
          to.write(in); // at most a payload, which fits into a pipe
        }
      }
      byte[] bytes = out.readNBytes(MAX_OUTPUT);
      String text = new String(err.readNBytes(MAX_STATUS), StandardCharsets.UTF_8);
      if (process.waitFor() != 0 || bytes.length == 0) {
        throw SpecException.usage(
            "gpg does not sign as \"" + user + "\": " + words(text),
            "gpg --list-secret-keys shows the keys");
      }
      return new Output(bytes, text.lines().toList());
    } catch (IOException e) {
      throw SpecException.system("cannot talk to gpg: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw SpecException.system("interrupted while gpg signed", e);
    } finally {
      process.destroy();
    }
  }

  /** What gpg tells people. */
  private static String words(String text) {
    StringBuilder words = new StringBuilder();
    for (String line : text.lines().toList()) {
      if (!line.startsWith(STATUS)) {
        words.append(words.isEmpty() ? "" : "; ").append(line);
      }
    }
    return Printable.of(words.toString());
  }
}
