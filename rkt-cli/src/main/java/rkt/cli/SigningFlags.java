package rkt.cli;

import java.io.Console;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.verify.openpgp.PassphraseSource;
import rkt.verify.signing.SecretFile;
import rkt.verify.signing.SigningKey;

/** The options that name a key to sign with, and what opens it. spec/signing.md#secrets */
final class SigningFlags {
  static final String KEY = "--key";
  private static final String PASSPHRASE_FILE = "--passphrase-file";

  private SigningFlags() {}

  static void describeKey(CommandSpec spec) {
    Words.option(spec, KEY, "FILE", "Sign with a private key of cosign's kind.");
  }

  static void describePassphrase(CommandSpec spec) {
    Words.option(
        spec,
        PASSPHRASE_FILE,
        "FILE",
        "Where the passphrase of the key is; a pipe like /dev/fd/3 will do. Usually asked for.");
  }

  /** The key that {@code --key} names. */
  static SigningKey key(ParseResult parsed) throws RktException {
    Path file = path(parsed, KEY);
    byte[] bytes = SecretFile.key(file);
    try {
      return SigningKey.read(bytes, file.toString(), passphrase(parsed, file.toString(), false));
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** The file that an option names, which must be given. */
  static Path path(ParseResult parsed, String option) throws UsageException {
    String name = parsed.matchedOptionValue(option, "");
    if (name.isEmpty()) {
      throw new UsageException(
          option + " is missing", "see rkt help " + parsed.commandSpec().name().substring(4));
    }
    return Path.of(name).toAbsolutePath().normalize();
  }

  /**
   * Where the passphrase of {@code what} comes from: the file, else a person at a terminal.
   *
   * @param isNew whether a person is asked twice
   */
  static PassphraseSource passphrase(ParseResult parsed, String what, boolean isNew) {
    String file = parsed.matchedOptionValue(PASSPHRASE_FILE, "");
    return () -> file.isEmpty() ? asked(what, isNew) : SecretFile.passphrase(Path.of(file));
  }

  // In our runtime, which has no jdk.internal.le, there is none without a terminal.
  @SuppressWarnings("SystemConsoleNull")
  private static byte[] asked(String what, boolean isNew) throws UsageException {
    Console console = System.console();
    if (console == null || !console.isTerminal()) {
      throw new UsageException(
          what + " has a passphrase, and nobody is there to be asked for it",
          "give it with " + PASSPHRASE_FILE + "=FILE");
    }
    byte[] first = bytes(console.readPassword("passphrase of %s: ", what));
    if (isNew) {
      byte[] second = bytes(console.readPassword("again: "));
      boolean same = Arrays.equals(first, second);
      Arrays.fill(second, (byte) 0);
      if (!same) {
        Arrays.fill(first, (byte) 0);
        throw new UsageException("the two passphrases differ", "try again");
      }
    }
    return first;
  }

  /** UTF-8; clears what was typed. */
  private static byte[] bytes(char @Nullable [] typed) throws UsageException {
    if (typed == null) {
      throw new UsageException("no passphrase was typed", null);
    }
    CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
    byte[] room = new byte[(int) (typed.length * encoder.maxBytesPerChar())];
    ByteBuffer buffer = ByteBuffer.wrap(room);
    encoder.encode(CharBuffer.wrap(typed), buffer, true);
    byte[] result = Arrays.copyOf(room, buffer.position());
    Arrays.fill(room, (byte) 0);
    Arrays.fill(typed, '\0');
    return result;
  }
}
