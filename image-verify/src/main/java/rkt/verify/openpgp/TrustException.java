package rkt.verify.openpgp;

import org.jspecify.annotations.Nullable;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;

/**
 * A signature, a key or a name that the rules of spec/trust.md refuse. Nothing was trusted, nothing
 * was changed.
 */
public final class TrustException extends RktException {
  private final Rule rule;
  private final String policy;

  public TrustException(Rule rule, String message, @Nullable String fix) {
    this(rule, message, fix, "");
  }

  /**
   * The same by a policy.
   *
   * @param policy the file that holds it
   */
  public TrustException(Rule rule, String message, @Nullable String fix, String policy) {
    super(ErrorClass.TRUST, message, fix, null);
    this.rule = rule;
    this.policy = policy;
  }

  /** The file of the policy that refused; empty if none did. */
  public String policy() {
    return policy;
  }

  /** The rule that refused. */
  public Rule rule() {
    return rule;
  }

  /** The same refusal; {@code fix} says what to do about it if nothing did. */
  TrustException orFix(String fix) {
    return fix() != null ? this : new TrustException(rule(), getMessage(), fix, policy);
  }

  static TrustException malformed(String message) {
    return new TrustException(Rule.MALFORMED, message, null);
  }
}
