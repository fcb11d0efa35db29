package rkt.verify.sigstore;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Whether an authority of the trusted root vouches for a certificate: by the JDK's PKIX. */
final class CertificateChains {
  static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
  static final String TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

  private static final String ANY_PURPOSE = "2.5.29.37.0";

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

  /**
   * Whether a chain of some of {@code links} leads from {@code leaf} to one of {@code roots}, with
   * all of it, the root included, valid at {@code time} and not for other purposes than code.
   */
  static boolean leads(
      X509Certificate leaf,
      List<X509Certificate> links,
      List<X509Certificate> roots,
      Instant time) {
    try {
      Set<TrustAnchor> anchors = new HashSet<>();
      for (X509Certificate root : roots) {
        if (mayIssue(root) && isValid(root, time)) {
          anchors.add(new TrustAnchor(root, null));
        }
      }
      if (anchors.isEmpty()) {
        return false;
      }
      List<X509Certificate> usable = new ArrayList<>();
      usable.add(leaf);
      for (X509Certificate link : links) {
        if (mayIssue(link)) {
          usable.add(link);
        }
      }
      X509CertSelector target = new X509CertSelector();
      target.setCertificate(leaf);
      PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
      parameters.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(usable)));
      parameters.setDate(Date.from(time));
      parameters.setRevocationEnabled(false);
      CertPathBuilder.getInstance("PKIX").build(parameters);
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }

  /** Whether it is the certificate of an authority that may certify those who sign code. */
  private static boolean mayIssue(X509Certificate certificate) throws CertificateException {
    List<String> purposes = certificate.getExtendedKeyUsage();
    return certificate.getBasicConstraints() != -1
        && (purposes == null || purposes.contains(CODE_SIGNING) || purposes.contains(ANY_PURPOSE));
  }

  private static boolean isValid(X509Certificate certificate, Instant time) {
    return new Validity(
            certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant())
        .covers(time);
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
