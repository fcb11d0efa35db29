package rkt.verify.sigstore;

import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/**
 * Which claims of a statement hold, under some keys and a trusted root. Offline, without state;
 * whatever goes wrong is a refusal, never an exception. spec/sigstore.md#rules
 */
public final class SigstoreVerifier {
  private static final String SIGNATURE = "dev.cosignproject.cosign/signature";
  private static final Duration SKEW = Duration.ofMinutes(5);

  private final List<PublicKey> keys;
  private final @Nullable TrustedRoot root;
  private final Thresholds thresholds;

  /** The same with one witness of each kind. */
  public SigstoreVerifier(List<PublicKey> keys, @Nullable TrustedRoot root) {
    this(keys, root, Thresholds.DEFAULT);
  }

  /**
   * A verifier, which any thread may use.
   *
   * @param keys those that may have signed; one that is too weak signs nothing
   * @param root whom to believe about certificates and times; null for nobody, so that nothing
   *     signed with a certificate holds
   * @param thresholds how many witnesses of the root a signature with a certificate needs
   */
  public SigstoreVerifier(List<PublicKey> keys, @Nullable TrustedRoot root, Thresholds thresholds) {
    this.keys = List.copyOf(keys);
    this.root = root;
    this.thresholds = thresholds;
  }

  /**
   * What {@code statement} proves.
   *
   * @param now the moment of judgement
   */
  public Result check(Statement statement, Instant now) {
    try {
      return new Result.Holds(claims(statement, now.plus(SKEW)));
    } catch (SigstoreException | SpecException | RuntimeException e) {
      return Result.Refused.of(e);
    }
  }

  private List<Claim> claims(Statement statement, Instant latest)
      throws SpecException, SigstoreException {
    return switch (statement.kind()) {
      case COSIGN -> cosign(statement, latest);
      case DSSE -> envelope(statement, latest);
      case BUNDLE -> bundle(Bundle.parse(statement.body()), latest);
      case OPENPGP_MESSAGE ->
          throw new SigstoreException(
              Refusal.MALFORMED, "statements of type " + statement.kind().mediaType());
    };
  }

  private List<Claim> cosign(Statement statement, Instant latest)
      throws SpecException, SigstoreException {
    byte[] body = statement.body();
    List<byte[]> signature = List.of(signature(statement.annotations()));
    Material material = Material.ofAnnotations(statement.annotations());
    Verified verified = verify(Content.message(body), signature, material, latest);
    return verified.about(SimpleSigningPayload.parse(body), latest);
  }

  private List<Claim> envelope(Statement statement, Instant latest)
      throws SpecException, SigstoreException {
    byte[] body = statement.body();
    Envelope envelope = Envelope.parse(body);
    Material material = Material.ofAnnotations(statement.annotations());
    Content content = Content.envelopeIn(envelope, body);
    Verified verified = verify(content, envelope.signatures(), material, latest);
    return verified.about(InTotoStatement.parse(envelope));
  }

  private List<Claim> bundle(Bundle bundle, Instant latest) throws SigstoreException {
    Verified verified = verify(bundle, latest);
    Envelope envelope = bundle.subject().envelope();
    return envelope != null
        ? verified.about(InTotoStatement.parse(envelope))
        : verified.about(bundle.subject().subject());
  }

  /** A bundle says itself whether a bare key signed: no key is tried if it has a certificate. */
  private Verified verify(Bundle bundle, Instant latest) throws SigstoreException {
    List<byte[]> signature = List.of(bundle.signature().bytes());
    return bundle.material().certificate() == null
        ? byKeys(bundle.subject(), signature, bundle.material(), latest)
        : byCertificate(bundle.subject(), signature, bundle.material(), latest);
  }

  /** Annotations may hold the certificate of a key that is trusted by itself. */
  private Verified verify(
      Content content, List<byte[]> signatures, Material material, Instant latest)
      throws SigstoreException {
    if (material.certificate() == null) {
      return byKeys(content, signatures, material, latest);
    }
    try {
      return byCertificate(content, signatures, material, latest);
    } catch (SigstoreException e) {
      if (keys.isEmpty()) {
        throw e;
      }
      try {
        return byKeys(content, signatures, material, latest);
      } catch (SigstoreException byKey) {
        throw byKey.rule() == Refusal.UNKNOWN_KEY ? e : byKey;
      }
    }
  }

  private Verified byKeys(
      Content content, List<byte[]> signatures, Material material, Instant latest)
      throws SigstoreException {
    Verified verified = new Verified();
    SigstoreException weak = null;
    for (PublicKey key : keys) {
      VerifyingKey candidate;
      try {
        candidate = PublicKeyFile.verifying(key);
      } catch (SigstoreException e) {
        weak = e;
        continue;
      }
      byte[] signature = madeBy(candidate, content, signatures);
      if (signature != null) {
        Signer signer = new Signer.Key(candidate.fingerprint(), candidate.strength());
        LogBody body = LogBody.of(content, signature, candidate);
        Proof proof =
            root == null
                ? Proof.NONE
                : Proof.of(material, body, content.stamped(signature), root, latest);
        verified.add(signer, proof);
      }
    }
    if (!verified.isEmpty()) {
      return verified;
    }
    if (weak != null) {
      throw weak;
    }
    throw new SigstoreException(
        Refusal.UNKNOWN_KEY,
        keys.isEmpty()
            ? "no public key is trusted here"
            : "none of the trusted keys (" + keys.size() + ") made the signature");
  }

  private Verified byCertificate(
      Content content, List<byte[]> signatures, Material material, Instant latest)
      throws SigstoreException {
    if (root == null || material.certificate() == null) {
      throw new SigstoreException(
          Refusal.CERTIFICATE, "signed with a certificate, but no trusted root is installed");
    }
    SigningCertificate certificate = SigningCertificate.of(material.certificate().der());
    byte[] signature = madeBy(certificate.key(), content, signatures);
    if (signature == null) {
      throw new SigstoreException(
          Refusal.BAD_SIGNATURE, "the key of the certificate did not make the signature");
    }
    LogBody body = LogBody.ofCertificate(content, signature, certificate.der());
    Proof proof = Proof.of(material, body, content.stamped(signature), root, latest);
    if (proof.logs().size() < thresholds.logs()) {
      throw new SigstoreException(
          Refusal.LOG, "recorded by too few logs of the trusted root: " + proof.logs().size());
    }
    if (proof.witnesses() < thresholds.times()) {
      throw new SigstoreException(
          Refusal.TIMESTAMP,
          "too few logs and authorities of the trusted root vouch for the time: "
              + proof.witnesses());
    }
    Authority authority = certificate.vouchedBy(root, proof.times());
    Set<String> certificateLogs = certificate.logs(root, authority, latest);
    if (certificateLogs.size() < thresholds.certificateLogs()) {
      throw new SigstoreException(
          Refusal.CERTIFICATE_LOG,
          "the certificate was recorded by too few logs of the trusted root: "
              + certificateLogs.size());
    }
    Verified verified = new Verified();
    verified.add(certificate.identity(), proof);
    return verified;
  }

  private static byte @Nullable [] madeBy(
      VerifyingKey key, Content content, List<byte[]> signatures) {
    for (byte[] signature : signatures) {
      if (content.signedBy(key, signature)) {
        return signature;
      }
    }
    return null;
  }

  static byte[] signature(Map<String, String> annotations) throws SigstoreException {
    String text = annotations.get(SIGNATURE);
    if (text == null || text.isEmpty()) {
      throw SigstoreException.malformed("the annotation " + SIGNATURE + " is missing");
    }
    return Encoding.base64(text, "the annotation " + SIGNATURE);
  }
}
