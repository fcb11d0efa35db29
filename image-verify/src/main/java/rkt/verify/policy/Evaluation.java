package rkt.verify.policy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.policy.Proofs.Proven;

/**
 * Says whether what was proven of an image meets a requirement. No clock, no file, no state of its
 * own; what cannot be decided is not met. spec/policy.md#evaluation
 */
public final class Evaluation {
  private final Proofs proofs;
  private final boolean thorough;

  private Evaluation(Proofs proofs, boolean thorough) {
    this.proofs = proofs;
    this.thorough = thorough;
  }

  /**
   * Evaluates {@code requirement}.
   *
   * @param thorough whether parts are looked at that cannot change the result any more, for a
   *     person to read
   */
  public static Explanation of(Requirement requirement, Proofs proofs, boolean thorough)
      throws RktException {
    return new Evaluation(proofs, thorough).of(requirement);
  }

  private Explanation of(Requirement requirement) throws RktException {
    return switch (requirement) {
      case Requirement.AllOf all -> several(all, all.of(), all.of().size());
      case Requirement.AnyOf any -> several(any, any.of(), 1);
      case Requirement.AtLeast some -> several(some, some.of(), some.count());
      case Requirement.OpenPgp pgp -> openPgp(pgp);
      case Requirement.Cosign cosign -> signature(cosign, signers(cosign), proven(cosign));
      case Requirement.Keyless keyless -> signature(keyless, signers(keyless), proven(keyless));
      case Requirement.Attestation attestation -> attestation(attestation);
      case Requirement.Reject reject ->
          leaf(reject, "nothing", false, "every image of this name is refused", List.of());
      case Requirement.AcceptUnsigned accept ->
          leaf(accept, "nothing", true, "images of this name need no signature", List.of());
      case Requirement.Containers containers ->
          ContainersEvaluation.of(containers.policy(), proofs, thorough);
    };
  }

  /** Enough of several. */
  private Explanation several(Requirement requirement, List<Requirement> of, int needed)
      throws RktException {
    List<Explanation> parts = new ArrayList<>();
    int met = 0;
    int left = of.size();
    boolean signed = false;
    for (Requirement one : of) {
      // What is accepted unsigned may be signed all the same: then that is what is told.
      if (!thorough && ((met >= needed && signed) || met + left < needed)) {
        break;
      }
      Explanation part = of(one);
      parts.add(part);
      met += part.met() ? 1 : 0;
      signed |= !part.decisive().isEmpty();
      left--;
    }
    return new Explanation(
        requirement.label(),
        needed + " of " + of.size(),
        met >= needed,
        met + " of " + of.size() + (met == 1 ? " is met" : " are met"),
        List.of(),
        parts);
  }

  private Explanation openPgp(Requirement.OpenPgp wanted) throws RktException {
    String words =
        wanted.fingerprints().isEmpty()
            ? "signed by an OpenPGP key that is trusted for the name"
            : "signed by one of the OpenPGP keys " + String.join(", ", wanted.fingerprints());
    Proven detached = proofs.detached();
    Search search = new Search();
    for (Claim claim : detached.claims()) {
      String objection = byCertificate(wanted, claim);
      if (search.take(
          claim,
          objection.isEmpty() ? wanted.limits().objection(claim, proofs.now()) : objection)) {
        return met(wanted, words, claim);
      }
    }
    Proven simple = proofs.simpleSigning();
    for (Claim claim : simple.claims()) {
      String objection = byCertificate(wanted, claim);
      if (objection.isEmpty()) {
        objection = objection(claim, wanted.signedAs(), wanted.limits());
      }
      if (search.take(claim, objection)) {
        return met(wanted, words, claim);
      }
    }
    Proven ofIndexes = proofs.detachedOfIndexes();
    for (Claim claim : ofIndexes.claims()) {
      String objection = byCertificate(wanted, claim);
      if (search.take(
          claim,
          objection.isEmpty() ? wanted.limits().objection(claim, proofs.now()) : objection)) {
        return met(wanted, words, claim);
      }
    }
    search.refused(detached.refusals());
    search.refused(simple.refusals());
    search.refused(ofIndexes.refusals());
    return leaf(wanted, words, false, search.why("it has no OpenPGP signature"), List.of());
  }

  private static String byCertificate(Requirement.OpenPgp wanted, Claim claim) {
    return claim.signer() instanceof Signer.OpenPgp pgp
            && (wanted.fingerprints().isEmpty()
                || wanted.fingerprints().contains(pgp.certificate()))
        ? ""
        : "it is signed by " + claim.signer().text() + ", which the policy does not name";
  }

  /** A mere signature by one of the signers. */
  private Explanation signature(Requirement wanted, String words, Proven proven)
      throws RktException {
    Search search = new Search();
    for (Claim claim : proven.claims()) {
      if (claim.attestation() != null) {
        continue; // Says something about the image, and not that it may run.
      }
      String objection = signer(wanted, claim);
      if (objection.isEmpty()) {
        objection = objection(claim, signedAs(wanted), limits(wanted));
      }
      if (search.take(claim, objection)) {
        return met(wanted, "signed by " + words, claim);
      }
    }
    search.refused(proven.refusals());
    return leaf(
        wanted, "signed by " + words, false, search.why("it has no such signature"), List.of());
  }

  private Explanation attestation(Requirement.Attestation wanted) throws RktException {
    StringBuilder words = new StringBuilder(wanted.predicateType());
    Search search = new Search();
    for (Requirement by : wanted.by()) {
      words.append(words.length() == wanted.predicateType().length() ? " by " : " or ");
      words.append(signers(by));
      Proven proven = proven(by);
      for (Claim claim : proven.claims()) {
        if (claim.attestation() == null
            || !claim.attestation().type().equals(wanted.predicateType())) {
          continue;
        }
        String objection = signer(by, claim);
        if (objection.isEmpty()) {
          objection = objection(claim, wanted.signedAs(), wanted.limits());
        }
        if (objection.isEmpty()) {
          objection = rules(wanted.rules(), claim.attestation());
        }
        if (search.take(claim, objection)) {
          return met(wanted, words.toString(), claim);
        }
      }
      search.refused(proven.refusals());
    }
    for (FieldRule rule : wanted.rules()) {
      words.append("; ").append(rule);
    }
    return leaf(
        wanted, words.toString(), false, search.why("it has no such attestation"), List.of());
  }

  private static String rules(List<FieldRule> rules, Claim.Attestation attestation) {
    try {
      JsonObject predicate =
          JsonObject.parse(
              attestation.predicate().getBytes(StandardCharsets.UTF_8), "the predicate");
      for (FieldRule rule : rules) {
        String objection = rule.objection(predicate);
        if (!objection.isEmpty()) {
          return objection;
        }
      }
      return "";
    } catch (SpecException e) {
      return e.getMessage();
    }
  }

  /** What every statement must be: about this image, for its name, young, and strong. */
  private String objection(Claim claim, SignedAs signedAs, Limits limits) throws RktException {
    if (!isOwn(claim) && !proofs.isListedBy(claim.subject())) {
      return "it is about " + claim.subject() + ", which is another image";
    }
    String other = signedAs.objection(proofs.name(), claim.reference());
    return other.isEmpty() ? limits.objection(claim, proofs.now()) : other;
  }

  /** Whether the claim is about the image itself, and not about an index that may list it. */
  private boolean isOwn(Claim claim) {
    return proofs.subjects().contains(claim.subject());
  }

  private Proven proven(Requirement by) throws RktException {
    return switch (by) {
      case Requirement.Cosign cosign -> proofs.sigstore(cosign.keys());
      case Requirement.Keyless keyless ->
          proofs.keyless(keyless.trustedRoot(), keyless.witnesses());
      default -> throw notASigner(by);
    };
  }

  /** Why the claim is by nobody whom {@code by} names; empty if it is. */
  private static String signer(Requirement by, Claim claim) {
    boolean named = false;
    switch (by) {
      case Requirement.Cosign cosign -> {
        for (PolicyKey key : cosign.keys()) {
          named |=
              claim.signer() instanceof Signer.Key signer
                  && signer.fingerprint().equals(key.fingerprint());
        }
      }
      case Requirement.Keyless keyless -> {
        for (IdentityPattern identity : keyless.identities()) {
          named |= claim.signer() instanceof Signer.Identity signer && identity.matches(signer);
        }
      }
      default -> throw notASigner(by);
    }
    return named
        ? ""
        : "it is signed by " + claim.signer().text() + ", whom the policy does not name";
  }

  private static String signers(Requirement by) {
    List<String> names = new ArrayList<>();
    switch (by) {
      case Requirement.Cosign cosign -> {
        for (PolicyKey key : cosign.keys()) {
          names.add("the key " + key.fingerprint());
        }
      }
      case Requirement.Keyless keyless -> {
        for (IdentityPattern identity : keyless.identities()) {
          names.add(identity.toString());
        }
      }
      default -> throw notASigner(by);
    }
    return String.join(" or ", names);
  }

  private static SignedAs signedAs(Requirement requirement) {
    return switch (requirement) {
      case Requirement.Cosign cosign -> cosign.signedAs();
      case Requirement.Keyless keyless -> keyless.signedAs();
      default -> throw notASigner(requirement);
    };
  }

  private static Limits limits(Requirement requirement) {
    return switch (requirement) {
      case Requirement.Cosign cosign -> cosign.limits();
      case Requirement.Keyless keyless -> keyless.limits();
      default -> throw notASigner(requirement);
    };
  }

  private static IllegalArgumentException notASigner(Requirement requirement) {
    return new IllegalArgumentException(requirement.label() + " names nobody who signs");
  }

  private Explanation met(Requirement requirement, String words, Claim claim) {
    String when = claim.signedAt() == null ? "" : " at " + claim.signedAt();
    String as = isOwn(claim) ? "" : ", as part of the index " + claim.subject();
    String why = "signed by " + claim.signer().text() + when + as;
    return leaf(requirement, words, true, why, List.of(claim));
  }

  private static Explanation leaf(
      Requirement requirement, String words, boolean met, String why, List<Claim> claims) {
    return new Explanation(requirement.label(), words, met, why, claims, List.of());
  }

  /** The reasons that were met while looking for one claim that will do. */
  private static final class Search {
    private final List<String> reasons = new ArrayList<>();

    /** Whether the claim will do; remembers why not. */
    boolean take(Claim claim, String objection) {
      if (!objection.isEmpty()) {
        add("the statement by " + claim.signer().text() + ": " + objection);
      }
      return objection.isEmpty();
    }

    void refused(List<String> refusals) {
      for (String refusal : refusals) {
        add(refusal);
      }
    }

    private void add(String reason) {
      if (!reasons.contains(reason)) {
        reasons.add(reason);
      }
    }

    String why(String none) {
      return reasons.isEmpty() ? none : String.join("; ", reasons);
    }
  }
}
