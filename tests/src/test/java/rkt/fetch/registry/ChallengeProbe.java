package rkt.fetch.registry;

import java.util.List;

/** Reads a challenge as a registry sends it, for those outside of the package who break it. */
public final class ChallengeProbe {
  private ChallengeProbe() {}

  /** The scheme that would be answered; empty if there is none. */
  public static String scheme(String header) {
    return Challenge.best(List.of(header)).map(Challenge::scheme).orElse("");
  }
}
