package rkt.cli;

import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.json.JsonWriter;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.trust.TrustStore;
import rkt.verify.trust.TrustedKey;

/** {@code rkt trust list}: the keys that this host trusts, and what for. */
final class TrustListCommand implements Command {
  private static final String MASKED = "--masked";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    Table.describe(spec);
    spec.addOption(
        OptionSpec.builder(MASKED)
            .type(boolean.class)
            .description("Those that are kept from being trusted by an empty file instead.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    TrustStore trust = ImageGate.trust(settings);
    if (parsed.hasMatchedOption(MASKED)) {
      for (TrustStore.Mask mask : trust.masks()) {
        print(mask, format, caller.out());
      }
      return 0;
    }
    List<TrustedKey> keys = trust.list();
    Instant now = caller.clock().instant();
    if (format.isJson()) {
      for (TrustedKey key : keys) {
        JsonWriter json = format.writer().object().put("version", 1);
        key.writeTo(json, now);
        caller.out().println(json.end());
      }
      return 0;
    }
    Table table = new Table();
    table.heading(
        parsed,
        "PREFIX",
        "FINGERPRINT",
        "ALGORITHM",
        "CREATED",
        "EXPIRES",
        "STATE",
        "LAYER",
        "USER");
    for (TrustedKey key : keys) {
      KeyFacts facts = key.facts();
      table.row(
          key.scope().toString(),
          facts.fingerprint(),
          facts.primary().key().label(),
          time(facts.primary().created()),
          key.expires(now).map(Instant::toString).orElse("never"),
          key.state(now).rule().label(),
          key.layer().label(),
          user(facts));
    }
    table.print(caller.out());
    return 0;
  }

  /** A mask in one line. */
  static void print(TrustStore.Mask mask, Format format, PrintStream out) {
    if (format.isJson()) {
      out.println(
          format
              .writer()
              .object()
              .put("version", 1)
              .put("scope", mask.scope().toString())
              .put("fingerprint", mask.fingerprint())
              .put("file", mask.file().toString())
              .put("masked", true)
              .put("hides", mask.hides())
              .end());
      return;
    }
    out.println(
        "masked "
            + mask.fingerprint()
            + " for "
            + mask.scope()
            + " by "
            + mask.file()
            + (mask.hides() ? "" : ", which nobody trusts there"));
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
