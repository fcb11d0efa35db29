package rkt.verify.policy;

import rkt.verify.claim.Signer;

/** Whose signature will do, of those whom identity providers know. spec/policy.md#keyless */
public record IdentityPattern(Glob issuer, Glob subject) {
  boolean matches(Signer.Identity identity) {
    return issuer.matches(identity.issuer()) && subject.matches(identity.subject());
  }

  @Override
  public String toString() {
    return subject + " known to " + issuer;
  }
}
