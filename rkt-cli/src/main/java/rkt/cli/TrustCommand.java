package rkt.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;
import rkt.verify.trust.TrustedKey;

/** {@code rkt trust}: trusts keys for the images below a name, or for all. */
final class TrustCommand implements Command {
  private static final int LARGEST_KEY = 1 << 20;

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    scopeOptions(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1..*")
            .required(true)
            .paramLabel("KEYFILE")
            .description("An OpenPGP public key, armored or not; - for standard input.")
            .build());
  }

  /** Adds {@code --prefix} and {@code --root}. */
  static void scopeOptions(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder("--prefix")
            .type(String.class)
            .paramLabel("NAME")
            .description("For the image NAME and all whose names begin with its components.")
            .build());
    spec.addOption(
        OptionSpec.builder("--root").type(boolean.class).description("For every image.").build());
  }

  /** What the options say that keys are trusted for. */
  static Scope scope(ParseResult parsed) throws UsageException {
    boolean root = parsed.hasMatchedOption("--root");
    String prefix = parsed.matchedOptionValue("--prefix", "");
    if (root == !prefix.isEmpty()) {
      throw new UsageException(
          "say what the key is trusted for",
          "give --prefix=NAME, such as --prefix=example.com/app, or --root");
    }
    try {
      return root ? Scope.ROOT : Scope.of(new ImageName(prefix));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--prefix: " + e.getMessage(), "write it as example.com/app");
    }
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    Format format = Format.of(parsed);
    Scope scope = scope(parsed);
    List<String> files = parsed.matchedPositionalValue(0, List.of());
    TrustStore trust = ImageGate.trust(settings);
    for (String file : files) {
      TrustedKey key = trust.add(scope, read(file, caller.in()), file);
      try {
        record("add", scope, key.facts().fingerprint(), settings, caller);
      } catch (RktException e) {
        trust.remove(scope, key.facts().fingerprint()); // nothing is trusted that is not recorded
        throw e;
      }
      caller.err().println("trusted for " + scope + ": " + TrustListCommand.describe(key));
      format.print(caller.out(), "fingerprint", key.facts().fingerprint());
    }
    return 0;
  }

  /** Writes a change of what is trusted into the audit log. */
  static void record(
      String action, Scope scope, String fingerprint, Settings settings, Caller caller)
      throws RktException {
    new AuditLog(settings.dir(), caller.clock())
        .append(
            List.of(
                AuditEvent.of(AuditEvent.Kind.TRUST)
                    .with("action", action)
                    .with("scope", scope.toString())
                    .with("key", fingerprint)));
  }

  private static byte[] read(String file, InputStream in) throws UsageException, IOException {
    byte[] bytes;
    if (file.equals("-")) {
      bytes = in.readNBytes(LARGEST_KEY + 1);
    } else {
      try (InputStream open = Files.newInputStream(Path.of(file))) {
        bytes = open.readNBytes(LARGEST_KEY + 1);
      } catch (NoSuchFileException e) {
        throw new UsageException("no such key file: " + file, null);
      } catch (IOException e) {
        throw new UsageException("cannot read the key file " + file + ": " + e.getMessage(), null);
      }
    }
    if (bytes.length > LARGEST_KEY) {
      throw new UsageException(
          file + " is larger than a key can be, " + LARGEST_KEY + " bytes",
          "export only the key itself: gpg --export-options export-minimal --export KEY");
    }
    return bytes;
  }
}
