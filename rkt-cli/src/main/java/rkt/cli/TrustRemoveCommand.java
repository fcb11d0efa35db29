package rkt.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;

/** {@code rkt trust remove}: stops trusting keys. Images that only they vouch for start no more. */
final class TrustRemoveCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    TrustCommand.scopeOptions(spec);
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
    List<String> fingerprints = parsed.matchedPositionalValue(0, List.of());
    TrustStore trust = ImageGate.trust(settings);
    for (String fingerprint : fingerprints) {
      String plain = TrustMaskCommand.plain(fingerprint);
      trust.remove(scope, plain);
      TrustCommand.record("remove", scope, plain, settings, caller);
      caller.err().println("no longer trusted for " + scope + ": " + plain);
      format.print(caller.out(), "fingerprint", plain);
    }
    return 0;
  }
}
