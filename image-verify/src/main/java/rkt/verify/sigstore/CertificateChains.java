package rkt.verify.sigstore;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;

/** Whether an authority of the trusted root vouches for a certificate: by the JDK's PKIX. */
final class CertificateChains {
  static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
  static final String TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

  private CertificateChains() {}

  /**
   * Whether, at {@code time}, {@code authority} was believed and every certificate from {@code
   * leaf} to its root was valid. Nothing that came with the signature serves as a link.
   */
  static boolean vouches(Authority authority, X509Certificate leaf, Instant time) {
    if (!authority.validity().covers(time)) {
      return false;
    }
    try {
      List<X509Certificate> path = new ArrayList<>();
      path.add(leaf);
      for (X509Certificate link : authority.chain()) {
        if (!link.equals(authority.root()) && !link.equals(leaf)) {
          path.add(link);
        }
      }
      Date date = Date.from(time);
      // PKIX takes the anchor as given, dates and all.
      authority.root().checkValidity(date);
      PKIXParameters parameters =
          new PKIXParameters(Set.of(new TrustAnchor(authority.root(), null)));
      parameters.setDate(date);
      parameters.setRevocationEnabled(false);
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }

  /** The certificate after {@code leaf} on the way to the root. */
  static X509Certificate issuer(Authority authority, X509Certificate leaf) {
    List<X509Certificate> chain = authority.chain();
    return chain.get(0).equals(leaf) && chain.size() > 1 ? chain.get(1) : chain.get(0);
  }

  /** Whether it is the certificate of somebody who signs, for {@code purpose} and no authority. */
  static boolean isFor(String purpose, X509Certificate certificate) {
    try {
      boolean[] usage = certificate.getKeyUsage();
      List<String> purposes = certificate.getExtendedKeyUsage();
      return certificate.getBasicConstraints() == -1
          && (usage == null || usage[0])
          && purposes != null
          && purposes.contains(purpose);
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }
}
