package rkt.cli;

import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;

/**
 * {@code rkt trust mask}: keeps keys from being trusted, whether or not the distribution trusts
 * them now, by empty files in the local layer.
 */
final class TrustMaskCommand implements Command {
  private static final String UNDO = "--undo";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    TrustCommand.scopeOptions(spec);
    spec.addOption(
        OptionSpec.builder(UNDO)
            .type(boolean.class)
            .description("Take the mask away: what the distribution trusts counts again.")
            .build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1..*")
            .required(true)
            .paramLabel("FINGERPRINT")
            .description("The whole fingerprint, as rkt trust list prints it.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    Scope scope = TrustCommand.scope(parsed);
    boolean undo = parsed.hasMatchedOption(UNDO);
    List<String> fingerprints = parsed.matchedPositionalValue(0, List.of());
    TrustStore trust = ImageGate.trust(settings);
    for (String fingerprint : fingerprints) {
      String plain = plain(fingerprint);
      if (undo) {
        trust.requireMask(scope, plain);
        // Before it: what cannot be recorded is not trusted.
        TrustCommand.record("unmask", scope, plain, settings, caller);
        trust.unmask(scope, plain);
      } else {
        trust.mask(scope, plain);
        TrustCommand.record("mask", scope, plain, settings, caller);
      }
      caller.err().println((undo ? "no longer masked for " : "masked for ") + scope + ": " + plain);
      format.print(caller.out(), "fingerprint", plain);
    }
    return 0;
  }

  /** A fingerprint in lower case, without the spaces that people group it with. */
  static String plain(String fingerprint) {
    return fingerprint.replace(" ", "").toLowerCase(Locale.ROOT);
  }
}
