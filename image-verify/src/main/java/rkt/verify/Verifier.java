package rkt.verify;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.verify.Verdict.Finding;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.Rules;
import rkt.verify.openpgp.SignatureFacts;
import rkt.verify.openpgp.TrustException;
import rkt.verify.trust.TrustStore;
import rkt.verify.trust.TrustedKey;

/**
 * Says whether an image may run: its evidence against the trust store of this moment. The cost does
 * not depend on the image's size. spec/trust.md#verdict
 */
public final class Verifier {
  private static final String INSECURE =
      "--insecure-options=image accepts it without any verification";

  private final TrustStore trust;
  private final InstantSource clock;

  public Verifier(TrustStore trust, InstantSource clock) {
    this.trust = trust;
    this.clock = clock;
  }

  /**
   * Proves that {@code image} is signed by a key that is trusted for {@code name}.
   *
   * @param signed the digest of the bytes that the signature covers: {@code Image.signed()}
   * @throws TrustException if it is not; it says which rule refused, and what to do
   */
  public Verified verify(ImageId image, ImageName name, Digest signed, Evidence evidence)
      throws RktException {
    return require(image, name, judge(image, name, signed, evidence));
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
    if (!image.steps().isEmpty()) {
      for (ImageId dependency : image.dependencies()) {
        verify(store, store.image(dependency).alone());
      }
    }
    return verify(image.id(), image.name(), image.signed(), StoredEvidence.of(store, image));
  }

  /** The same as a report, which does not throw when the image is refused. */
  public Verdict judge(ImageId image, ImageName name, Digest signed, Evidence evidence)
      throws RktException {
    requireSubject(signed, evidence);
    Instant now = clock.instant();
    List<TrustedKey> keys = trust.keysFor(name);
    List<Finding> findings = examine(evidence, keys, now);
    Verdict verdict = conclude(image.toString(), name.text(), now, findings);
    return verdict.rule() == Rule.UNKNOWN_KEY ? trustedElsewhere(name, verdict) : verdict;
  }

  /**
   * Proves that some trusted key, whatever its scope, signed these bytes: for an image whose name
   * is inside it and must not be read before. {@link Authenticated#as} then judges the name.
   */
  public Authenticated authenticate(Digest signed, Evidence evidence) throws RktException {
    requireSubject(signed, evidence);
    Instant now = clock.instant();
    List<Finding> findings = examine(evidence, trust.list(), now);
    Verdict verdict = conclude(signed.toString(), "", now, findings);
    if (!verdict.accepted()) {
      throw refusal(verdict, "NAME");
    }
    return new Authenticated(signed, evidence);
  }

  /** Bytes that some trusted key signed, and that may therefore be parsed. */
  public final class Authenticated {
    private final Digest signed;
    private final Evidence evidence;

    private Authenticated(Digest signed, Evidence evidence) {
      this.signed = signed;
      this.evidence = evidence;
    }

    /** Proves that a key which signed them is trusted for {@code name}. */
    public Verified as(ImageId image, ImageName name) throws RktException {
      return verify(image, name, signed, evidence);
    }
  }

  /** Accepts {@code image} unseen, because the user said so; the result remembers it. */
  public static Verified bypass(ImageId image, ImageName name) {
    return new Verified(image, name, true, "", "", Instant.EPOCH, "");
  }

  private static void requireSubject(Digest signed, Evidence evidence) throws TrustException {
    if (!signed.equals(evidence.subject())) {
      throw new TrustException(
          Rule.EVIDENCE,
          "the signature was made over " + evidence.subject() + ", the image is " + signed,
          "fetch the image again");
    }
  }

  /** Judges every signature: one finding each, in their order. */
  private static List<Finding> examine(Evidence evidence, List<TrustedKey> keys, Instant now) {
    List<Finding> findings = new ArrayList<>();
    for (SignatureFacts signature : evidence.signatures()) {
      findings.add(examine(signature, keys, now));
    }
    return findings;
  }

  /** The best finding over all trusted keys that the signature may be by. */
  private static Finding examine(SignatureFacts signature, List<TrustedKey> keys, Instant now) {
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
                signature.created());
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
        signature.issuer(), judgement.rule(), judgement.why(), "", "", "", signature.created());
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

  private static Verified require(ImageId image, ImageName name, Verdict verdict)
      throws TrustException {
    for (Finding finding : verdict.findings()) {
      if (verdict.accepted() && finding.rule() == Rule.VALID) {
        return new Verified(
            image,
            name,
            false,
            finding.key(),
            finding.signingKey(),
            Instant.ofEpochSecond(finding.created()),
            finding.scope());
      }
    }
    throw refusal(verdict, name.text());
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

  private static TrustException refusal(Verdict verdict, String name) {
    String what = verdict.name().isEmpty() ? verdict.subject() : verdict.name();
    String fix =
        switch (verdict.rule()) {
          case UNSIGNED -> "give its signature with --signature=FILE; " + INSECURE;
          case UNKNOWN_KEY, OTHER_PREFIX ->
              "rkt trust --prefix="
                  + name
                  + " KEYFILE   (the signature is by "
                  + verdict.findings().get(0).issuer()
                  + "), or "
                  + INSECURE;
          case BAD_SIGNATURE -> "fetch image and signature again from a source that you trust";
          default -> "ask its publisher for a new signature; " + INSECURE;
        };
    return new TrustException(
        verdict.rule(), "image " + what + " is not trusted: " + verdict.why(), fix);
  }
}
