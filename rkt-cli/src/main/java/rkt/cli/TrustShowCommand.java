package rkt.cli;

import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonWriter;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rules;
import rkt.verify.trust.TrustStore;
import rkt.verify.trust.TrustedKey;

/** {@code rkt trust show}: all that is known of a key, and everything that it is trusted for. */
final class TrustShowCommand implements Command {
  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1..*")
            .required(true)
            .paramLabel("FINGERPRINT")
            .description("A key or one of its subkeys; the last 16 digits will do.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    TrustStore trust = ImageGate.trust(settings);
    Instant now = caller.clock().instant();
    List<String> wanted = parsed.matchedPositionalValue(0, List.of());
    for (String text : wanted) {
      String key = AuditFilter.key(text, "FINGERPRINT");
      List<TrustedKey> found = new ArrayList<>();
      for (TrustedKey one : trust.list()) {
        if (isMeant(one, key)) {
          found.add(one);
        }
      }
      List<TrustStore.Mask> masks = new ArrayList<>();
      for (TrustStore.Mask mask : trust.masks()) {
        if (AuditFilter.isKey(mask.fingerprint(), key)) {
          masks.add(mask);
        }
      }
      if (found.isEmpty() && masks.isEmpty()) {
        throw SpecException.notFound("no key " + text + " is trusted or masked", "rkt trust list");
      }
      for (TrustedKey one : found) {
        print(one, now, format, caller.out());
      }
      for (TrustStore.Mask mask : masks) {
        TrustListCommand.print(mask, format, caller.out());
      }
    }
    return 0;
  }

  private static boolean isMeant(TrustedKey trusted, String key) {
    boolean isMeant = false;
    for (KeyFacts.Component component : trusted.facts().components()) {
      isMeant |= AuditFilter.isKey(component.fingerprint(), key);
    }
    return isMeant;
  }

  private static void print(TrustedKey key, Instant now, Format format, PrintStream out) {
    if (format.isJson()) {
      JsonWriter json = format.writer().object().put("version", 1);
      key.writeTo(json, now);
      json.array("keys");
      for (KeyFacts.Component component : key.facts().components()) {
        json.object()
            .put("fingerprint", component.fingerprint())
            .put("algorithm", component.key().label())
            .put("created", Instant.ofEpochSecond(component.created()).toString())
            .put("revoked", !component.revocations().isEmpty())
            .end();
      }
      json.end();
      out.println(json.end());
      return;
    }
    KeyFacts facts = key.facts();
    Rules.Judgement state = key.state(now);
    Optional<Instant> expires = key.expires(now);
    out.println("key " + facts.fingerprint());
    out.println("  trusted for: " + key.scope());
    out.println("  file: " + key.file() + " (" + key.layer().label() + ")");
    for (KeyFacts.UserId id : facts.userIds()) {
      out.println("  user: " + id.text() + (id.revocations().isEmpty() ? "" : " (revoked)"));
    }
    out.println("  created: " + Instant.ofEpochSecond(facts.primary().created()));
    out.println("  expires: " + (expires.isEmpty() ? "never" : expires.get()));
    out.println("  state: " + state.rule().label() + (state.isValid() ? "" : ", " + state.why()));
    for (int i = 0; i < facts.components().size(); i++) {
      KeyFacts.Component component = facts.components().get(i);
      out.println(
          "  "
              + (i == 0 ? "primary key " : "subkey ")
              + component.fingerprint()
              + ": "
              + component.key().label()
              + ", created "
              + Instant.ofEpochSecond(component.created())
              + (component.revocations().isEmpty() ? "" : ", revoked"));
    }
  }
}
