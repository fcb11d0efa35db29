package rkt.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import rkt.fetch.display.Terminal;
import rkt.verify.trust.TrustedKey;

/** Shows published keys to a person, who compares fingerprints and decides. */
final class KeyReview {
  private final Caller caller;
  private final boolean skipped;
  private final boolean httpsIsEnough;
  private final BufferedReader answers;

  /**
   * A review.
   *
   * @param skipped whether every key is accepted unseen
   * @param httpsIsEnough whether one that came by https is
   */
  KeyReview(Caller caller, boolean skipped, boolean httpsIsEnough) {
    this.caller = caller;
    this.skipped = skipped;
    this.httpsIsEnough = httpsIsEnough;
    this.answers =
        new BufferedReader(new InputStreamReader(caller.in(), StandardCharsets.UTF_8), 256);
  }

  /** A review of what nobody answers for. */
  static KeyReview of(Caller caller) {
    return new KeyReview(caller, false, false);
  }

  /** Whether a key from {@code source} is accepted without anybody looking at it. */
  boolean isSkipped(URI source) {
    return skipped || (httpsIsEnough && "https".equals(source.getScheme()));
  }

  /** Whether the key is to be trusted. */
  boolean accepts(TrustedKey key, URI source) throws UsageException, IOException {
    if (isSkipped(source)) {
      return true;
    }
    if (!Terminal.is(0)) {
      throw new UsageException(
          "nobody is there to compare the fingerprint "
              + key.facts().fingerprint()
              + " of the key from "
              + source,
          "--fingerprint=… trusts that key and no other; "
              + FetchFlags.TRUST_KEYS
              + " trusts what came by https, --skip-fingerprint-review anything");
    }
    return asks(key, source.toString());
  }

  /** What a person at the terminal says of a key. */
  boolean asks(TrustedKey key, String source) throws IOException {
    caller
        .err()
        .println(
            "a key for "
                + key.scope()
                + " from "
                + source
                + ":\n  "
                + TrustListCommand.describe(key));
    while (true) {
      caller.err().print("is this the fingerprint that its owner told you? [yes/no] ");
      caller.err().flush();
      String answer = answers.readLine();
      if (answer == null || answer.strip().equals("no")) {
        return false;
      }
      if (answer.strip().equals("yes")) {
        return true;
      }
    }
  }
}
