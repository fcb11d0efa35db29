package rkt.verify.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;

/**
 * How old a signature may be, and how strong its key must be. spec/policy.md#limits
 *
 * @param maxAge empty if any age will do
 * @param minimumBits by algorithm; empty if every accepted key will do, else others will not
 */
public record Limits(Optional<Duration> maxAge, Map<String, Integer> minimumBits) {
  /** None. */
  public static final Limits NONE = new Limits(Optional.empty(), Map.of());

  public Limits {
    minimumBits = Collections.unmodifiableMap(new TreeMap<>(minimumBits));
  }

  /** Why {@code claim} is outside; empty if it is not. */
  String objection(Claim claim, Instant now) {
    String strength = tooWeak(claim.signer());
    return strength.isEmpty() ? tooOld(claim.signedAt(), now) : strength;
  }

  private String tooOld(@Nullable Instant signedAt, Instant now) {
    if (maxAge.isEmpty()) {
      return "";
    }
    if (signedAt == null) {
      return "it does not say when it was made, and must not be older than " + age();
    }
    return signedAt.plus(maxAge.get()).isBefore(now)
        ? "it was made at " + signedAt + " and must not be older than " + age()
        : "";
  }

  private String age() {
    Duration age = maxAge.orElseThrow();
    return age.toDays() > 0 && age.toHours() % 24 == 0
        ? age.toDays() + " days"
        : age.toSeconds() + " seconds";
  }

  private String tooWeak(Signer signer) {
    if (minimumBits.isEmpty()) {
      return "";
    }
    Signer.Strength strength =
        switch (signer) {
          case Signer.OpenPgp pgp -> pgp.strength();
          case Signer.Key key -> key.strength();
          case Signer.Identity _ -> null;
        };
    if (strength == null) {
      return "";
    }
    Integer least = minimumBits.get(strength.algorithm());
    if (least == null) {
      return "its key is "
          + strength.algorithm()
          + ", and the policy names "
          + minimumBits.keySet();
    }
    return strength.bits() < least
        ? "its key has "
            + strength.bits()
            + " bits, and the policy wants "
            + least
            + " of "
            + strength.algorithm()
        : "";
  }
}
