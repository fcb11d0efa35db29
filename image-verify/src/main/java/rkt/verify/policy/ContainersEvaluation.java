package rkt.verify.policy;

import java.util.ArrayList;
import java.util.List;
import rkt.spec.RktException;
import rkt.verify.claim.Claim;
import rkt.verify.policy.ContainersPolicy.Asked;
import rkt.verify.policy.Proofs.Proven;

/**
 * What a policy of other tools makes of an image: the verdict that they would give.
 * containers-policy.json(5); spec/policy.md#containers
 */
final class ContainersEvaluation {
  private final Proofs proofs;

  private ContainersEvaluation(Proofs proofs) {
    this.proofs = proofs;
  }

  static Explanation of(ContainersPolicy policy, Proofs proofs, boolean thorough)
      throws RktException {
    ContainersEvaluation evaluation = new ContainersEvaluation(proofs);
    List<Explanation> parts = new ArrayList<>();
    List<String> scopes = new ArrayList<>();
    boolean met = true;
    for (ImageOrigin origin : proofs.origins()) {
      for (ImageOrigin.Identity identity : origin.identities()) {
        ContainersPolicy.Applied applied = policy.find(origin.transport(), identity.scopes());
        scopes.add(applied.scope());
        for (Asked asked : applied.asked()) {
          if (met || thorough) {
            Explanation part = evaluation.of(asked, identity);
            parts.add(part);
            met &= part.met();
          }
        }
      }
    }
    return new Explanation(
        "containers-policy",
        "all that " + policy.file() + " asks for under " + String.join(" and ", scopes),
        met,
        met ? "all are met" : "not all are met",
        List.of(),
        parts);
  }

  private Explanation of(Asked asked, ImageOrigin.Identity identity) throws RktException {
    return switch (asked) {
      case Asked.AcceptAnything _ ->
          leaf(asked, "nothing", true, "no signature is needed", List.of());
      case Asked.Reject _ ->
          leaf(asked, "nothing", false, "every image of this scope is refused", List.of());
      case Asked.SignedBy signed ->
          signed(
              asked,
              "simple signing by one of " + signed.certificates().size() + " OpenPGP keys",
              proofs.simpleSigning(signed.certificates()),
              signed.identity(),
              identity);
      case Asked.SigstoreSigned signed ->
          signed(
              asked,
              "a cosign signature by one of " + signed.keys().size() + " keys",
              proofs.sigstore(signed.keys()),
              signed.identity(),
              identity);
      case Asked.Cosigned signed ->
          signed(
              asked,
              signed.trust().words(),
              proofs.cosign(signed.trust()),
              signed.identity(),
              identity);
    };
  }

  private Explanation signed(
      Asked asked, String words, Proven proven, SignedIdentity wanted, ImageOrigin.Identity image)
      throws RktException {
    String name =
        image.reference().map(DockerReference::toString).orElse("an image without a name");
    List<String> reasons = new ArrayList<>();
    for (Claim claim : proven.claims()) {
      String who = claim.signer().text();
      if (claim.attestation() != null) {
        continue;
      }
      if (!proofs.subjects().contains(claim.subject())) {
        reasons.add("the signature by " + who + " is about another image");
      } else if (!wanted.accepts(image.reference(), claim.reference())) {
        reasons.add(
            "the signature by "
                + who
                + " was made for \""
                + claim.reference()
                + "\", which is not enough for "
                + name);
      } else {
        return leaf(asked, words, true, "signed by " + who, List.of(claim));
      }
    }
    reasons.addAll(proven.refusals());
    String why =
        reasons.isEmpty() ? "a signature is needed, and there is none" : String.join("; ", reasons);
    return leaf(asked, words, false, why, List.of());
  }

  private static Explanation leaf(
      Asked asked, String words, boolean met, String why, List<Claim> claims) {
    return new Explanation(asked.label(), words, met, why, claims, List.of());
  }
}
