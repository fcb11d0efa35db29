package rkt.verify.sigstore;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * An authority of the trusted root: one that issues certificates for signing, or timestamps.
 *
 * @param chain of certificates, the root of all last
 */
record Authority(String name, List<X509Certificate> chain, Validity validity) {
  private static final int MAX_CHAIN = 8;

  Authority {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("an authority has a certificate");
    }
  }

  static Authority of(JsonObject authority) throws SpecException, SigstoreException {
    List<JsonObject> certificates = authority.object("certChain").objects("certificates");
    if (certificates.isEmpty() || certificates.size() > MAX_CHAIN) {
      throw SigstoreException.malformed(
          authority.where() + ": an authority has one to eight certificates");
    }
    List<X509Certificate> chain = new ArrayList<>();
    for (JsonObject certificate : certificates) {
      chain.add(
          certificate(
              Encoding.base64(certificate.string("rawBytes"), "the certificate of an authority")));
    }
    return new Authority(authority.findString("uri").orElse(""), chain, Validity.of(authority));
  }

  /** One certificate in DER, and nothing after it. */
  static X509Certificate certificate(byte[] der) throws SigstoreException {
    ByteArrayInputStream bytes = new ByteArrayInputStream(der);
    try {
      if (CertificateFactory.getInstance("X.509").generateCertificate(bytes)
              instanceof X509Certificate certificate
          && bytes.available() == 0) {
        return certificate;
      }
    } catch (CertificateException | RuntimeException e) {
      throw new SigstoreException(Refusal.CERTIFICATE, "a certificate cannot be read");
    }
    throw new SigstoreException(Refusal.CERTIFICATE, "something follows a certificate");
  }

  X509Certificate root() {
    return chain.get(chain.size() - 1);
  }
}
