package rkt.cli;

import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.trust.TrustedKey;

/** {@code rkt trust list}: the keys that this host trusts, and what for. */
final class TrustListCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    List<TrustedKey> keys = ImageGate.trust(settings).list();
    if (format.isJson()) {
      for (TrustedKey key : keys) {
        JsonWriter json = format.writer().object().put("version", 1);
        key.writeTo(json, caller.clock().instant());
        caller.out().println(json.end());
      }
      return 0;
    }
    Table table = new Table();
    table.row("PREFIX", "FINGERPRINT", "ALGORITHM", "CREATED", "LAYER", "USER");
    for (TrustedKey key : keys) {
      KeyFacts facts = key.facts();
      table.row(
          key.scope().toString(),
          facts.fingerprint(),
          facts.primary().key().label(),
          time(facts.primary().created()),
          key.layer().label(),
          user(facts));
    }
    table.print(caller.out());
    return 0;
  }

  /** A key in one line, for a person who compares fingerprints. */
  static String describe(TrustedKey key) {
    KeyFacts facts = key.facts();
    return facts.fingerprint()
        + " ("
        + facts.primary().key().label()
        + ", "
        + user(facts)
        + ", created "
        + time(facts.primary().created())
        + ")";
  }

  private static String user(KeyFacts facts) {
    return facts.userIds().isEmpty() ? "no user id" : facts.userIds().get(0).text();
  }

  private static String time(long seconds) {
    return Instant.ofEpochSecond(seconds).toString();
  }
}
