package rkt.verify;

import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.spec.store.StoredImage;
import rkt.verify.Candidate.StatementSource;
import rkt.verify.Verdict.Finding;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.Rules;
import rkt.verify.openpgp.SignatureFacts;
import rkt.verify.openpgp.TrustException;
import rkt.verify.policy.Explanation;
import rkt.verify.policy.ImageOrigin;
import rkt.verify.policy.Limits;
import rkt.verify.policy.Policy;
import rkt.verify.policy.PolicyStore;
import rkt.verify.policy.Requirement;
import rkt.verify.policy.SignedAs;
import rkt.verify.trust.TrustStore;
import rkt.verify.trust.TrustedKey;

/**
 * Says whether an image may run: its evidence, and what was stated about it, against the policies
 * and the trust store of this moment. The cost does not depend on the image's size.
 * spec/trust.md#verdict
 */
public final class Verifier {
  private static final String INSECURE =
      "--insecure-options=image accepts it without any verification";

  /** What an image is judged for. */
  public enum Purpose {
    /** To be fetched or run at once, which can be done unverified too. */
    USE,
    /** To be told about. */
    REPORT
  }

  private final TrustStore trust;
  private final PolicyStore policies;
  private final InstantSource clock;
  private final Purpose purpose;

  Verifier(TrustStore trust, PolicyStore policies, InstantSource clock, Purpose purpose) {
    this.trust = trust;
    this.policies = policies;
    this.clock = clock;
    this.purpose = purpose;
  }

  /**
   * A verifier by what this host trusts.
   *
   * @param system where the distribution's configuration is: {@code /usr/lib/rkt}
   * @param local where the administrator's is: {@code /etc/rkt}
   * @param data the data directory, which keeps parsed keys between starts; null for none
   */
  public static Verifier open(
      Path system, Path local, @Nullable Path data, InstantSource clock, Purpose purpose)
      throws RktException {
    TrustStore trust =
        TrustStore.open(
            system.resolve("trustedkeys"),
            local.resolve("trustedkeys"),
            data == null ? null : data.resolve("trust-cache"));
    return new Verifier(trust, PolicyStore.open(system, local), clock, purpose);
  }

  /**
   * Proves that the policy for the candidate's name accepts it; where there is none, that it is
   * signed by a key that is trusted for the name.
   *
   * @throws TrustException if not; it says which rule refused, and what to do
   */
  public Verified verify(Candidate candidate) throws RktException {
    return require(candidate, judge(candidate, false));
  }

  /**
   * Proves the same of an image in the store, whose layers are not read for it, and of each image
   * that it depends on, under that one's own name.
   *
   * @throws RktException also of class {@code integrity}, if a blob was changed since it was
   *     checked
   */
  public Verified verify(Store store, Image image) throws RktException {
    if (!store.blobsUntouched(image)) {
      store.rehash(image);
    }
    List<Verified> beneath = new ArrayList<>();
    if (!image.steps().isEmpty()) {
      for (ImageId dependency : image.dependencies()) {
        beneath.add(verify(store, store.image(dependency).alone()));
      }
    }
    Verified verified = verify(stored(store, image));
    if (image.id().kind() == ImageId.Kind.ACI
        && verified.rule().equals(Rule.ACCEPT_UNSIGNED.label())
        && store.admission(image.id()).insecure()) {
      throw new TrustException(
          Rule.UNSIGNED,
          "image "
              + image.name()
              + " is not trusted: only the image itself, which nobody signed, says that it has this"
              + " name",
          "fetch it again without --insecure-options=image and by its name",
          verified.policy());
    }
    return beneath.isEmpty() ? verified : verified.on(beneath);
  }

  /**
   * The same as a report of everything that was found, which does not throw when the image is
   * refused.
   */
  public Verdict judge(Candidate candidate) throws RktException {
    return judge(candidate, true);
  }

  /** Why the image must not be used, and what to do; empty if it may be. */
  public static Optional<TrustException> refusal(Verdict verdict) {
    return verdict.accepted()
        ? Optional.empty()
        : Optional.of(refusal(verdict, verdict.name(), Purpose.REPORT));
  }

  /**
   * What is asked of every image of a name.
   *
   * @param policy null if none speaks for the name
   * @param explanation of an image that nobody has signed
   */
  public record Asked(@Nullable Policy policy, Explanation explanation) {}

  /** What is asked of images called {@code name}, whether or not there are any. */
  public Asked ask(ImageName name) throws RktException {
    Policy policy = policies.find(name);
    Requirement requirement =
        policy == null
            ? new Requirement.OpenPgp(List.of(), new SignedAs.SameName(false), Limits.NONE)
            : policy.requirement();
    return new Asked(policy, PolicyJudge.outline(requirement, name, clock.instant()));
  }

  /** What is judged of an image in the store. */
  public static Candidate stored(Store store, Image image) throws RktException {
    return new Candidate(
        image.id(),
        image.name(),
        image.signed(),
        image.manifest(),
        StoredEvidence.of(store, image),
        new Stored(store, image));
  }

  private record Stored(Store store, Image image) implements StatementSource {
    @Override
    public List<Statement> read() throws RktException {
      return StoredStatements.of(store, image);
    }

    @Override
    public List<ImageOrigin> origins() throws RktException {
      StoredImage stored = store.stored(image.id());
      List<String> sources = stored.admission().sources(image.name().text());
      if (sources.isEmpty()) {
        sources = List.of(stored.admission().source());
      }
      List<ImageOrigin> origins = new ArrayList<>();
      for (String source : sources) {
        origins.add(ImageOrigin.of(source, image.name(), stored.references(), image.manifest()));
      }
      return origins;
    }

    @Override
    public List<Digest> indexes() throws RktException {
      return StoredStatements.indexes(store, image);
    }

    @Override
    public List<Evidence> ofIndexes() throws RktException {
      return StoredStatements.ofIndexes(store, image);
    }
  }

  private Verdict judge(Candidate candidate, boolean thorough) throws RktException {
    requireSubject(candidate.signed(), candidate.evidence());
    ImageName name = candidate.name();
    Instant now = clock.instant();
    Policy policy = policies.find(name);
    List<TrustedKey> keys = trust.keysFor(name);
    List<Finding> findings = examine(candidate.evidence(), keys, now);
    Verdict byKeys = conclude(candidate.id().toString(), name.text(), now, findings);
    if (policy == null && !byKeys.accepted() && byKeys.rule() != Rule.BAD_SIGNATURE) {
      byKeys = byIndexes(candidate, keys, byKeys);
    }
    if (byKeys.rule() == Rule.UNKNOWN_KEY) {
      byKeys = trustedElsewhere(name, byKeys);
    }
    return policy == null ? byKeys : PolicyJudge.judge(policy, candidate, keys, byKeys, thorough);
  }

  /**
   * Proves that some trusted key, whatever its scope, signed these bytes: for an image whose name
   * is inside it and must not be read before. On a host that has policies it may be read all the
   * same, since they may ask for something else; {@link Authenticated#as} then judges the name.
   */
  public Authenticated authenticate(Digest signed, Evidence evidence) throws RktException {
    Verdict verdict = judge(signed, evidence);
    TrustException doubt = verdict.accepted() ? null : refusal(verdict, "NAME", purpose);
    if (doubt != null && policies.isEmpty()) {
      throw doubt;
    }
    return new Authenticated(evidence, verdict, doubt);
  }

  /** What {@link #authenticate} finds, as a report; it has no name and no policy. */
  public Verdict judge(Digest signed, Evidence evidence) throws RktException {
    requireSubject(signed, evidence);
    Instant now = clock.instant();
    return conclude(signed.toString(), "", now, examine(evidence, trust.list(), now));
  }

  /** Bytes that may be parsed. */
  public final class Authenticated {
    private final Evidence evidence;
    private final Verdict nameless;
    private final @Nullable TrustException doubt;

    private Authenticated(Evidence evidence, Verdict nameless, @Nullable TrustException doubt) {
      this.evidence = evidence;
      this.nameless = nameless;
      this.doubt = doubt;
    }

    /**
     * Proves that they may be used under a name.
     *
     * @param isNameGiven whether the user, and not these bytes, chose the name: what nobody has
     *     signed must not choose the policy that lets it in
     */
    public Verified as(
        ImageId image,
        ImageName name,
        boolean isNameGiven,
        Digest manifest,
        StatementSource statements)
        throws RktException {
      Digest signed = evidence.subject();
      return as(new Candidate(image, name, signed, manifest, evidence, statements), isNameGiven);
    }

    /** The same of these bytes as a candidate. */
    public Verified as(Candidate candidate, boolean isNameGiven) throws RktException {
      if (doubt != null && policies.find(candidate.name()) == null) {
        throw doubt;
      }
      Verified verified = verify(candidate);
      if (doubt != null && !isNameGiven && verified.signers().isEmpty()) {
        throw doubt;
      }
      return verified;
    }

    /** What {@link #as} finds, as a report. */
    public Verdict judge(Candidate candidate, boolean isNameGiven) throws RktException {
      Verdict verdict = Verifier.this.judge(candidate);
      boolean isNamedByItself = !isNameGiven && verdict.rule() == Rule.ACCEPT_UNSIGNED;
      boolean isDoubted =
          doubt != null && verdict.accepted() && (verdict.policy() == null || isNamedByItself);
      if (!isDoubted) {
        return verdict;
      }
      String choice = isNamedByItself ? ", and what nobody signed does not choose its policy" : "";
      return verdict.refused(nameless.rule(), nameless.why() + choice);
    }
  }

  /** Accepts {@code image} unseen, because the user said so; the result remembers it. */
  public static Verified bypass(ImageId image, ImageName name) {
    return new Verified(image, name, true, "", "", null, "", List.of(), "", "");
  }

  private static void requireSubject(Digest signed, Evidence evidence) throws TrustException {
    if (!signed.equals(evidence.subject())) {
      throw new TrustException(
          Rule.EVIDENCE,
          "the signature was made over " + evidence.subject() + ", the image is " + signed,
          "fetch the image again");
    }
  }

  /**
   * What signatures of indexes that list the image make of an image whose own are not enough. Those
   * of each index are for themselves: forged ones make none of another index bad.
   */
  private static Verdict byIndexes(Candidate candidate, List<TrustedKey> keys, Verdict byOwn)
      throws RktException {
    List<Finding> all = new ArrayList<>(byOwn.findings());
    Verdict accepted = null;
    for (Evidence evidence : candidate.statements().ofIndexes()) {
      List<Finding> findings = examineIndex(evidence, keys, byOwn.at());
      all.addAll(findings);
      Verdict verdict = conclude(byOwn.subject(), byOwn.name(), byOwn.at(), findings);
      if (verdict.accepted() && accepted == null) {
        accepted = verdict;
      }
    }
    if (accepted != null) {
      return accepted;
    }
    return byOwn.findings().isEmpty()
        ? conclude(byOwn.subject(), byOwn.name(), byOwn.at(), all)
        : new Verdict(byOwn.subject(), byOwn.name(), byOwn.at(), byOwn.rule(), byOwn.why(), all);
  }

  /** Judges every signature: one finding each, in their order. */
  private static List<Finding> examine(Evidence evidence, List<TrustedKey> keys, Instant now) {
    List<Finding> findings = new ArrayList<>();
    for (SignatureFacts signature : evidence.signatures()) {
      findings.add(examine(signature, keys, now, ""));
    }
    return findings;
  }

  /** The same of signatures of an index that lists the image. */
  static List<Finding> examineIndex(Evidence evidence, List<TrustedKey> keys, Instant now) {
    List<Finding> findings = new ArrayList<>();
    for (SignatureFacts signature : evidence.signatures()) {
      findings.add(examine(signature, keys, now, evidence.subject().toString()));
    }
    return findings;
  }

  /** The best finding over all trusted keys that the signature may be by. */
  private static Finding examine(
      SignatureFacts signature, List<TrustedKey> keys, Instant now, String index) {
    Finding best = null;
    for (TrustedKey trusted : keys) {
      for (KeyFacts.Component component : trusted.facts().components()) {
        if (!signature.claims(component)) {
          continue;
        }
        Rules.Judgement judgement = Rules.judge(signature, trusted.facts(), component, now);
        Finding finding =
            new Finding(
                signature.issuer(),
                judgement.rule(),
                judgement.why(),
                trusted.facts().fingerprint(),
                trusted.scope().toString(),
                component.fingerprint(),
                signature.created(),
                index);
        if (judgement.isValid()) {
          return finding;
        }
        // Two keys may share a key ID: the one that made the signature has more to say.
        if (best == null || best.rule() == Rule.BAD_SIGNATURE) {
          best = finding;
        }
      }
    }
    if (best != null) {
      return best;
    }
    Rules.Judgement judgement = Rules.unknown(signature);
    return new Finding(
        signature.issuer(),
        judgement.rule(),
        judgement.why(),
        "",
        "",
        "",
        signature.created(),
        index);
  }

  /** Any valid signature is enough, unless another one that claims a trusted key is a forgery. */
  private static Verdict conclude(
      String subject, String name, Instant now, List<Finding> findings) {
    Finding chosen = null;
    for (Finding finding : findings) {
      if (finding.rule() == Rule.BAD_SIGNATURE) {
        chosen = finding;
        break;
      }
      if (chosen == null
          || (chosen.rule() != Rule.VALID
              && (finding.rule() == Rule.VALID
                  // Of refusals, one about a trusted key says more.
                  || (chosen.key().isEmpty() && !finding.key().isEmpty())))) {
        chosen = finding;
      }
    }
    if (chosen == null) {
      return new Verdict(subject, name, now, Rule.UNSIGNED, "it has no signature", findings);
    }
    String why =
        chosen.rule() == Rule.VALID
            ? ""
            : "the signature by " + chosen.issuer() + " is refused: " + chosen.why();
    return new Verdict(subject, name, now, chosen.rule(), why, findings);
  }

  private Verified require(Candidate candidate, Verdict verdict) throws TrustException {
    if (!verdict.accepted()) {
      throw refusal(verdict, candidate.name().text(), purpose);
    }
    if (verdict.policy() != null && verdict.explanation() != null) {
      return byPolicy(candidate, verdict.policy(), verdict.explanation().decisive());
    }
    for (Finding finding : verdict.findings()) {
      if (finding.rule() == Rule.VALID) {
        return new Verified(
            candidate.id(),
            candidate.name(),
            false,
            finding.key(),
            finding.signingKey(),
            Instant.ofEpochSecond(finding.created()),
            finding.scope(),
            List.of(finding.key()),
            finding.index(),
            "");
      }
    }
    throw new IllegalStateException("accepted, and nothing accepts it: " + verdict);
  }

  private static Verified byPolicy(Candidate candidate, Policy policy, List<Claim> claims) {
    List<String> signers = new ArrayList<>();
    String key = "";
    String signingKey = "";
    String index = "";
    Instant signedAt = null;
    for (Claim claim : claims) {
      if (index.isEmpty() && !candidate.subjects().contains(claim.subject())) {
        index = claim.subject().toString();
      }
      String signer = claim.signer().text();
      if (!signers.contains(signer)) {
        signers.add(signer);
      }
      if (key.isEmpty() && claim.signer() instanceof Signer.OpenPgp pgp) {
        key = pgp.certificate();
        signingKey = pgp.key();
      } else if (key.isEmpty() && claim.signer() instanceof Signer.Key bare) {
        key = bare.fingerprint();
        signingKey = bare.fingerprint();
      }
      signedAt = signedAt == null ? claim.signedAt() : signedAt;
    }
    return new Verified(
        candidate.id(),
        candidate.name(),
        false,
        key,
        signingKey,
        signedAt,
        policy.scope().toString(),
        signers,
        index,
        policy.file().toString());
  }

  /** A clearer refusal if the key is in the trust store, but for other names. */
  private Verdict trustedElsewhere(ImageName name, Verdict verdict) throws RktException {
    List<TrustedKey> all;
    try {
      all = trust.list();
    } catch (TrustException e) {
      return verdict; // A broken file elsewhere in the trust store is not this image's matter.
    }
    for (TrustedKey trusted : all) {
      for (KeyFacts.Component component : trusted.facts().components()) {
        for (Finding finding : verdict.findings()) {
          if (finding.rule() == Rule.UNKNOWN_KEY
              && (finding.issuer().equals(component.fingerprint())
                  || finding.issuer().equals(component.keyId()))) {
            return new Verdict(
                verdict.subject(),
                name.text(),
                verdict.at(),
                Rule.OTHER_PREFIX,
                "it is signed by "
                    + trusted.facts().fingerprint()
                    + ", which is trusted for "
                    + trusted.scope()
                    + " and not for this name ("
                    + trusted.file()
                    + ")",
                verdict.findings());
          }
        }
      }
    }
    return verdict;
  }

  private static TrustException refusal(Verdict verdict, String name, Purpose purpose) {
    String what = verdict.name().isEmpty() ? verdict.subject() : verdict.name();
    boolean isUse = purpose == Purpose.USE;
    String fix =
        switch (verdict.rule()) {
          case UNSIGNED ->
              isUse
                  ? "give its signature with --signature=FILE"
                  : "rkt fetch --signature=FILE fetches it with a signature";
          case UNKNOWN_KEY, OTHER_PREFIX ->
              "rkt trust --prefix="
                  + name
                  + " KEYFILE   (the signature is by "
                  + verdict.findings().get(0).issuer()
                  + ")";
          case BAD_SIGNATURE -> "fetch image and signature again from a source that you trust";
          case POLICY -> "rkt trust policy check " + name + " shows each requirement";
          case REJECTED -> "use another image";
          default -> "ask its publisher for a new signature";
        };
    if (isUse && verdict.rule() != Rule.BAD_SIGNATURE) {
      fix += "; " + INSECURE;
    }
    String policy = verdict.policy() == null ? "" : verdict.policy().file().toString();
    String by = policy.isEmpty() ? "" : " (by the policy " + policy + ")";
    return new TrustException(
        verdict.rule(), "image " + what + " is not trusted: " + verdict.why() + by, fix, policy);
  }
}
