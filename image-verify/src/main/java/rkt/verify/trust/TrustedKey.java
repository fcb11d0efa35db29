package rkt.verify.trust;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import rkt.spec.json.JsonWriter;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rules;

/**
 * A key in the trust store.
 *
 * @param layer whether the distribution or the administrator put it there
 * @param file where it is kept
 */
public record TrustedKey(Scope scope, Layer layer, Path file, KeyFacts facts) {
  /** The two layers: {@code /usr/lib/rkt/trustedkeys} and {@code /etc/rkt/trustedkeys}. */
  public enum Layer {
    SYSTEM("system"),
    LOCAL("local");

    private final String label;

    Layer(String label) {
      this.label = label;
    }

    /** The name in listings. */
    public String label() {
      return label;
    }
  }

  /** Whether a signature that this key makes now would count, and if not, why. */
  public Rules.Judgement state(Instant now) {
    return Rules.state(facts, now);
  }

  /** When the key ends; empty for never. */
  public Optional<Instant> expires(Instant now) {
    long seconds = Rules.expires(facts, now);
    return seconds == 0 ? Optional.empty() : Optional.of(Instant.ofEpochSecond(seconds));
  }

  /** Writes the members that describe the key at this moment, into an object that is open. */
  public void writeTo(JsonWriter json, Instant now) {
    json.put("scope", scope.toString())
        .put("fingerprint", facts.fingerprint())
        .put("algorithm", facts.primary().key().label())
        .put("created", Instant.ofEpochSecond(facts.primary().created()).toString());
    expires(now).ifPresent(end -> json.put("expires", end.toString()));
    json.put("layer", layer.label()).put("file", file.toString()).array("users");
    for (KeyFacts.UserId id : facts.userIds()) {
      json.add(id.text());
    }
    json.end();
    Rules.Judgement state = state(now);
    json.put("state", state.rule().label());
    if (!state.isValid()) {
      json.put("why", state.why());
    }
  }
}
