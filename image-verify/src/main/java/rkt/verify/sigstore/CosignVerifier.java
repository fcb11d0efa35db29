package rkt.verify.sigstore;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import rkt.spec.SpecException;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/**
 * Which cosign signatures hold by the rules of containers-policy.json(5), which know no trusted
 * root: the promise of a log beside the signature is the only witness. Offline, without state;
 * whatever goes wrong is a refusal, never an exception. spec/policy.md#certificates
 */
public final class CosignVerifier {
  private static final String CHAIN = "dev.sigstore.cosign/chain";
  private static final int MAX_CHAIN = 8;
  private static final Duration SKEW = Duration.ofMinutes(5);

  private final CosignTrust trust;

  /** A verifier, which any thread may use. */
  public CosignVerifier(CosignTrust trust) {
    this.trust = trust;
  }

  /**
   * What {@code statement} proves: nothing if it is no cosign signature.
   *
   * @param now the moment of judgement
   */
  public Result check(Statement statement, Instant now) {
    try {
      if (statement.kind() != Statement.Kind.COSIGN) {
        throw SigstoreException.malformed("statements of type " + statement.kind().mediaType());
      }
      return new Result.Holds(claims(statement, now));
    } catch (SigstoreException | SpecException | RuntimeException e) {
      return Result.Refused.of(e);
    }
  }

  private List<Claim> claims(Statement statement, Instant now)
      throws SpecException, SigstoreException {
    Instant latest = now.plus(SKEW);
    byte[] signature = SigstoreVerifier.signature(statement.annotations());
    Material material = Material.ofAnnotations(statement.annotations());
    Content content = Content.message(statement.body());
    Verified verified = new Verified();
    switch (trust) {
      case CosignTrust.Recorded keys -> {
        VerifyingKey key = signing(keys.keys(), content, signature);
        LogBody body = LogBody.of(content, signature, key);
        Proof proof = recorded(material, body, content.stamped(signature), keys.logs(), latest);
        verified.add(new Signer.Key(key.fingerprint(), key.strength()), proof);
      }
      case CosignTrust.Fulcio fulcio -> {
        SigningCertificate certificate = signing(material, content, signature);
        LogBody body = LogBody.ofCertificate(content, signature, certificate.der());
        Proof proof = recorded(material, body, content.stamped(signature), fulcio.logs(), latest);
        if (proof.witnesses() == 0) {
          throw new SigstoreException(Refusal.TIMESTAMP, "no log vouches for the time");
        }
        certificate.requireIssuedBy(fulcio.roots(), chain(statement.annotations()), proof.times());
        verified.add(certificate.identity(fulcio.issuer(), fulcio.email()), proof);
      }
      case CosignTrust.Pki pki -> {
        SigningCertificate certificate = signing(material, content, signature);
        List<X509Certificate> links = chain(statement.annotations());
        links.addAll(pki.intermediates());
        certificate.requireIssuedBy(pki.roots(), links, List.of(now));
        verified.add(certificate.identity(pki), Proof.NONE);
      }
    }
    return verified.about(SimpleSigningPayload.parse(statement.body()), latest);
  }

  private static VerifyingKey signing(List<PublicKey> keys, Content content, byte[] signature)
      throws SigstoreException {
    for (PublicKey key : keys) {
      VerifyingKey candidate = PublicKeyFile.verifying(key);
      if (content.signedBy(candidate, signature)) {
        return candidate;
      }
    }
    throw new SigstoreException(
        Refusal.UNKNOWN_KEY, "none of the trusted keys (" + keys.size() + ") made the signature");
  }

  private static SigningCertificate signing(Material material, Content content, byte[] signature)
      throws SigstoreException {
    if (material.certificate() == null) {
      throw new SigstoreException(Refusal.CERTIFICATE, "no certificate is beside the signature");
    }
    SigningCertificate certificate = SigningCertificate.of(material.certificate().der());
    if (!content.signedBy(certificate.key(), signature)) {
      throw new SigstoreException(
          Refusal.BAD_SIGNATURE, "the key of the certificate did not make the signature");
    }
    return certificate;
  }

  private static Proof recorded(
      Material material, LogBody body, byte[] stamped, List<PublicKey> logs, Instant latest)
      throws SigstoreException {
    Proof proof = Proof.of(material, body, stamped, TrustedRoot.ofLogs(logs), latest);
    if (proof.logs().isEmpty()) {
      throw new SigstoreException(Refusal.LOG, "no log that the policy names has recorded it");
    }
    return proof;
  }

  /** What may lead from the certificate to a root, and proves nothing by itself. */
  private static List<X509Certificate> chain(Map<String, String> annotations)
      throws SigstoreException {
    List<X509Certificate> chain =
        CertificateFile.pem(
            annotations.getOrDefault(CHAIN, ""), MAX_CHAIN, "the annotation " + CHAIN);
    if (!chain.isEmpty()) {
      // The last is the root, as whoever signed sees it.
      chain.remove(chain.size() - 1);
    }
    return chain;
  }
}
