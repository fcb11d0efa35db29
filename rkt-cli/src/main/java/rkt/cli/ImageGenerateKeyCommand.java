package rkt.cli;

import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.verify.openpgp.PassphraseSource;
import rkt.verify.signing.SigningKey;

/** {@code rkt image generate-key}: makes a key pair of cosign's kind. spec/signing.md#key-files */
final class ImageGenerateKeyCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    SigningFlags.describePassphrase(spec);
    Words.describe(spec, "NAME", "1", "NAME.key will be the secret half, NAME.pub the public one.");
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    String name = Words.exactly(parsed, 1, "NAME").get(0);
    Path secret = Path.of(name + ".key").toAbsolutePath();
    Path open = Path.of(name + ".pub").toAbsolutePath();
    PassphraseSource passphrase = SigningFlags.passphrase(parsed, secret.toString(), true);
    String fingerprint = SigningKey.generate(secret, open, passphrase).fingerprint();
    caller.err().println("made " + secret + " and " + open);
    format.print(caller.out(), "fingerprint", fingerprint);
    return 0;
  }
}
