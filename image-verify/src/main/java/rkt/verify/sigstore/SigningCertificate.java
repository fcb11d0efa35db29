package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;
import rkt.verify.claim.Signer;

/**
 * A certificate for a short-lived key, which says whom an identity provider knew.
 * spec/sigstore.md#certificates
 */
final class SigningCertificate {
  private static final String ISSUER = "1.3.6.1.4.1.57264.1.8";
  private static final String OLD_ISSUER = "1.3.6.1.4.1.57264.1.1";
  private static final int MAX_DER = 64 << 10;

  private final byte[] der;
  private final X509Certificate certificate;
  private final VerifyingKey key;

  private SigningCertificate(byte[] der, X509Certificate certificate, VerifyingKey key) {
    this.der = der;
    this.certificate = certificate;
    this.key = key;
  }

  static SigningCertificate of(byte[] der) throws SigstoreException {
    if (der.length > MAX_DER) {
      throw new SigstoreException(Refusal.LIMIT, "a certificate of " + der.length + " bytes");
    }
    X509Certificate certificate = Authority.certificate(der);
    if (!CertificateChains.isFor(CertificateChains.CODE_SIGNING, certificate)) {
      throw new SigstoreException(
          Refusal.CERTIFICATE, "the certificate is not one for signing code");
    }
    return new SigningCertificate(
        der, certificate, VerifyingKey.of(certificate.getPublicKey().getEncoded()));
  }

  byte[] der() {
    return der;
  }

  VerifyingKey key() {
    return key;
  }

  /**
   * The authority that vouches for it at each of {@code times}; one that does at some of them only
   * does not.
   */
  Authority vouchedBy(TrustedRoot root, List<Instant> times) throws SigstoreException {
    boolean known = false;
    for (Authority authority : root.certificateAuthorities()) {
      boolean always = true;
      for (Instant time : times) {
        always &= CertificateChains.vouches(authority, certificate, time);
      }
      if (always) {
        return authority;
      }
      known |=
          authority
              .chain()
              .get(0)
              .getSubjectX500Principal()
              .equals(certificate.getIssuerX500Principal());
    }
    throw new SigstoreException(
        Refusal.CERTIFICATE,
        known
            ? "the certificate, or one above it, is not valid at " + times + ", or not genuine"
            : "no authority of the trusted root issued the certificate");
  }

  /**
   * Refuses unless a chain leads to one of {@code roots} that was valid at each of {@code times}.
   *
   * @param links what the chain may be made of
   */
  void requireIssuedBy(
      List<X509Certificate> roots, List<X509Certificate> links, List<Instant> times)
      throws SigstoreException {
    for (Instant time : times) {
      if (!CertificateChains.leads(certificate, links, roots, time)) {
        throw new SigstoreException(
            Refusal.CERTIFICATE,
            "no authority of the policy vouches for the certificate at " + time);
      }
    }
  }

  /** The distinct logs that promised to record it. */
  Set<String> logs(TrustedRoot root, Authority authority, Instant latest) throws SigstoreException {
    return CertificateTimestamps.logs(
        certificate,
        CertificateChains.issuer(authority, certificate),
        root.certificateLogs(),
        latest);
  }

  /** Whom it names. */
  Signer.Identity identity() throws SigstoreException {
    return new Signer.Identity(issuer(), subject());
  }

  /** Whom it names, if that is this user of this identity provider. */
  Signer.Identity identity(String issuer, String email) throws SigstoreException {
    if (!issuer().equals(issuer)) {
      throw new SigstoreException(
          Refusal.CERTIFICATE, "the certificate is for a user of " + issuer() + ", not " + issuer);
    }
    requireEmail(email);
    return new Signer.Identity(issuer, email);
  }

  /** Whom it names, if that is who is asked for; the issuer is who issued the certificate. */
  Signer.Identity identity(CosignTrust.Pki pki) throws SigstoreException {
    if (pki.email() != null) {
      requireEmail(pki.email());
    }
    if (pki.host() != null && !AlternativeNames.cover(certificate, pki.host())) {
      throw new SigstoreException(
          Refusal.CERTIFICATE, "the certificate is not for the host " + pki.host());
    }
    return new Signer.Identity(certificate.getIssuerX500Principal().getName(), pki.subject());
  }

  private void requireEmail(String email) throws SigstoreException {
    if (!AlternativeNames.of(certificate, GeneralName.rfc822Name).contains(email)) {
      throw new SigstoreException(
          Refusal.CERTIFICATE, "the certificate is not for the address " + email);
    }
  }

  private String issuer() throws SigstoreException {
    try {
      byte[] old = extension(OLD_ISSUER);
      byte[] current = extension(ISSUER);
      String oldName = old == null ? null : new String(old, UTF_8);
      String name = current == null ? oldName : ASN1UTF8String.getInstance(current).getString();
      if (name != null && !name.isEmpty() && (oldName == null || oldName.equals(name))) {
        return name;
      }
    } catch (IllegalArgumentException e) {
      throw new SigstoreException(
          Refusal.CERTIFICATE, "the certificate's identity provider cannot be read");
    }
    throw new SigstoreException(
        Refusal.CERTIFICATE, "the certificate names no identity provider, or two");
  }

  private byte @Nullable [] extension(String oid) {
    byte[] value = certificate.getExtensionValue(oid);
    return value == null ? null : ASN1OctetString.getInstance(value).getOctets();
  }

  private String subject() throws SigstoreException {
    Collection<List<?>> names;
    try {
      names = certificate.getSubjectAlternativeNames();
    } catch (CertificateParsingException e) {
      throw new SigstoreException(Refusal.CERTIFICATE, "the certificate's name cannot be read");
    }
    if (names != null && names.size() == 1) {
      List<?> name = names.iterator().next();
      boolean understood =
          name.get(0).equals(GeneralName.rfc822Name)
              || name.get(0).equals(GeneralName.uniformResourceIdentifier);
      if (understood && name.get(1) instanceof String text && !text.isEmpty()) {
        return text;
      }
    }
    throw new SigstoreException(
        Refusal.CERTIFICATE, "the certificate does not name exactly one address or URI");
  }
}
