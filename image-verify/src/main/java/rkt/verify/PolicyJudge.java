package rkt.verify;

import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.verify.Verdict.Finding;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.SimpleSigning;
import rkt.verify.policy.Evaluation;
import rkt.verify.policy.Explanation;
import rkt.verify.policy.ImageOrigin;
import rkt.verify.policy.Policy;
import rkt.verify.policy.PolicyKey;
import rkt.verify.policy.Proofs;
import rkt.verify.policy.Requirement;
import rkt.verify.sigstore.CosignTrust;
import rkt.verify.sigstore.CosignVerifier;
import rkt.verify.sigstore.Result;
import rkt.verify.sigstore.SigstoreVerifier;
import rkt.verify.sigstore.Thresholds;
import rkt.verify.sigstore.TrustedRoot;
import rkt.verify.trust.GuardedFiles;
import rkt.verify.trust.TrustedKey;

/**
 * Judges one image by a policy: finds out what the policy asks about, with the keys and the roots
 * that it names. spec/policy.md#evaluation
 */
final class PolicyJudge implements Proofs {
  private final Candidate candidate;
  private final List<TrustedKey> keys;
  private final List<Finding> findings;
  private final Instant now;
  private @Nullable List<Statement> statements;
  private @Nullable List<Digest> indexes;
  private boolean isIndexSigned = false;

  private PolicyJudge(
      Candidate candidate, List<TrustedKey> keys, List<Finding> findings, Instant now) {
    this.candidate = candidate;
    this.keys = keys;
    this.findings = findings;
    this.now = now;
  }

  /**
   * Judges {@code candidate}.
   *
   * @param byKeys what follows from its detached signatures alone, and each of them
   * @param keys those that are trusted for its name
   */
  static Verdict judge(
      Policy policy, Candidate candidate, List<TrustedKey> keys, Verdict byKeys, boolean thorough)
      throws RktException {
    PolicyJudge judge = new PolicyJudge(candidate, keys, byKeys.findings(), byKeys.at());
    Explanation explanation = Evaluation.of(policy.requirement(), judge, thorough);
    boolean forged = byKeys.rule() == Rule.BAD_SIGNATURE && policy.requirement().asksForOpenPgp();
    // Why the signature of an index did not do is more than that there is no other.
    boolean isTold = !judge.isIndexSigned || byKeys.rule() != Rule.UNSIGNED;
    return byKeys.by(policy, explanation, rule(policy, explanation, byKeys, forged, isTold));
  }

  /** What {@code requirement} asks for, shown with an image that nobody has signed. */
  static Explanation outline(Requirement requirement, ImageName name, Instant now)
      throws RktException {
    Digest nothing = Digest.sha256(new byte[0]);
    Candidate unsigned =
        new Candidate(
            new ImageId(ImageId.Kind.OCI, nothing),
            name,
            nothing,
            nothing,
            Evidence.none(nothing),
            Candidate.StatementSource.NONE);
    return Evaluation.of(requirement, new PolicyJudge(unsigned, List.of(), List.of(), now), true);
  }

  /**
   * @param isTold whether the keys say best why they were not enough
   */
  private static Rule rule(
      Policy policy, Explanation explanation, Verdict byKeys, boolean forged, boolean isTold) {
    if (forged) {
      return Rule.BAD_SIGNATURE;
    }
    if (explanation.met()) {
      return explanation.decisive().isEmpty() ? Rule.ACCEPT_UNSIGNED : Rule.VALID;
    }
    if (policy.requirement() instanceof Requirement.Reject) {
      return Rule.REJECTED;
    }
    boolean onlyOpenPgp = policy.requirement() instanceof Requirement.OpenPgp;
    return onlyOpenPgp && isTold && !byKeys.accepted() ? byKeys.rule() : Rule.POLICY;
  }

  @Override
  public ImageName name() {
    return candidate.name();
  }

  @Override
  public List<ImageOrigin> origins() throws RktException {
    return candidate.statements().origins();
  }

  @Override
  public List<Digest> subjects() {
    return candidate.subjects();
  }

  @Override
  public boolean isListedBy(Digest index) throws RktException {
    List<Digest> read = indexes;
    if (read == null) {
      read = candidate.statements().indexes();
      indexes = read;
    }
    return read.contains(index);
  }

  @Override
  public Instant now() {
    return now;
  }

  @Override
  public Proven detached() {
    return proven(findings, candidate.signed());
  }

  @Override
  public Proven detachedOfIndexes() throws RktException {
    List<Claim> claims = new ArrayList<>();
    List<String> refusals = new ArrayList<>();
    for (Evidence evidence : candidate.statements().ofIndexes()) {
      isIndexSigned = true;
      List<Finding> found = Verifier.examineIndex(evidence, keys, now);
      Proven proven = proven(found, evidence.subject());
      // As of the image itself, nothing counts that stands beside a forgery.
      if (!isForged(found)) {
        claims.addAll(proven.claims());
      }
      refusals.addAll(proven.refusals());
    }
    return new Proven(claims, refusals);
  }

  private static boolean isForged(List<Finding> findings) {
    for (Finding finding : findings) {
      if (finding.rule() == Rule.BAD_SIGNATURE) {
        return true;
      }
    }
    return false;
  }

  private Proven proven(List<Finding> found, Digest signed) {
    List<Claim> claims = new ArrayList<>();
    List<String> refusals = new ArrayList<>();
    for (Finding finding : found) {
      if (finding.rule() == Rule.VALID) {
        claims.add(claim(finding, signed));
      } else {
        refusals.add("the signature by " + finding.issuer() + " is refused: " + finding.why());
      }
    }
    return new Proven(claims, refusals);
  }

  private Claim claim(Finding finding, Digest signed) {
    return new Claim(
        new Signer.OpenPgp(finding.key(), finding.signingKey(), strength(finding)),
        signed,
        null,
        Instant.ofEpochSecond(finding.created()),
        false,
        null);
  }

  private Signer.Strength strength(Finding finding) {
    for (TrustedKey trusted : keys) {
      for (KeyFacts.Component component : trusted.facts().components()) {
        if (component.fingerprint().equals(finding.signingKey())) {
          return component.key().strength();
        }
      }
    }
    throw new IllegalStateException("no trusted key has made the signature by " + finding.issuer());
  }

  @Override
  public Proven simpleSigning() throws RktException {
    List<KeyFacts> certificates = new ArrayList<>();
    for (TrustedKey trusted : keys) {
      certificates.add(trusted.facts());
    }
    return simpleSigning(certificates);
  }

  @Override
  public Proven simpleSigning(List<KeyFacts> certificates) throws RktException {
    List<Claim> claims = new ArrayList<>();
    List<String> refusals = new ArrayList<>();
    for (Statement statement : statements()) {
      if (statement.kind() == Statement.Kind.OPENPGP_MESSAGE) {
        SimpleSigning.Checked checked = SimpleSigning.check(statement, certificates, now);
        checked.claim().ifPresent(claims::add);
        if (checked.claim().isEmpty()) {
          refusals.add("a statement is refused (" + checked.rule().label() + "): " + checked.why());
        }
      }
    }
    return new Proven(claims, refusals);
  }

  @Override
  public Proven sigstore(List<PolicyKey> wanted) throws RktException {
    List<PublicKey> publicKeys = new ArrayList<>();
    for (PolicyKey key : wanted) {
      publicKeys.add(key.key());
    }
    return proven(new SigstoreVerifier(publicKeys, null));
  }

  @Override
  public Proven keyless(Path trustedRoot, Thresholds witnesses) throws RktException {
    return proven(new SigstoreVerifier(List.of(), root(trustedRoot), witnesses));
  }

  private Proven proven(SigstoreVerifier verifier) throws RktException {
    List<Claim> claims = new ArrayList<>();
    List<String> refusals = new ArrayList<>();
    for (Statement statement : statements()) {
      if (statement.kind() == Statement.Kind.OPENPGP_MESSAGE) {
        continue;
      }
      sort(verifier.check(statement, now), claims, refusals);
    }
    return new Proven(claims, refusals);
  }

  @Override
  public Proven cosign(CosignTrust trust) throws RktException {
    CosignVerifier verifier = new CosignVerifier(trust);
    List<Claim> claims = new ArrayList<>();
    List<String> refusals = new ArrayList<>();
    for (Statement statement : statements()) {
      if (statement.kind() == Statement.Kind.COSIGN) {
        sort(verifier.check(statement, now), claims, refusals);
      }
    }
    return new Proven(claims, refusals);
  }

  private static void sort(Result result, List<Claim> claims, List<String> refusals) {
    switch (result) {
      case Result.Holds holds -> claims.addAll(holds.claims());
      case Result.Refused refused ->
          refusals.add("a statement is refused (" + refused.rule().label() + "): " + refused.why());
    }
  }

  private static TrustedRoot root(Path file) throws RktException {
    GuardedFiles files = new GuardedFiles(GuardedFiles.Kind.POLICY);
    try {
      return TrustedRoot.parse(files.readNamed(file), file.toString());
    } catch (SpecException e) {
      throw files.refuse(
          "the trusted root " + file + " cannot be used: " + e.getMessage(),
          e.fix() == null ? "install another one" : e.fix());
    }
  }

  private List<Statement> statements() throws RktException {
    List<Statement> read = statements;
    if (read == null) {
      read = candidate.statements().read();
      statements = read;
    }
    return read;
  }
}
