package rkt.verify.sigstore;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.SpecException;

/** Certificates of authorities in PEM, as a policy names them. spec/policy.md#certificates */
public final class CertificateFile {
  private static final int MAX_BYTES = 256 << 10;
  private static final int MOST = 32;

  private CertificateFile() {}

  /**
   * Reads all certificates of a file.
   *
   * @param file PEM of type {@code CERTIFICATE}, and nothing else
   * @param what names the file in errors
   * @throws SpecException of class integrity if it is not 1 to 32 certificates
   */
  public static List<X509Certificate> parse(byte[] file, String what) throws SpecException {
    if (file.length > MAX_BYTES) {
      throw SpecException.integrity(what + " is too large for certificates");
    }
    try {
      List<X509Certificate> certificates =
          pem(new String(file, StandardCharsets.ISO_8859_1), MOST, "it");
      if (certificates.isEmpty()) {
        throw SigstoreException.malformed("there is no certificate in it");
      }
      return certificates;
    } catch (SigstoreException e) {
      throw SpecException.integrity(
          what + ": " + e.getMessage(),
          "give 1 to 32 certificates as \"-----BEGIN CERTIFICATE-----\", and nothing else");
    }
  }

  /** The certificates of a text, at most {@code most}. */
  static List<X509Certificate> pem(String text, int most, String what) throws SigstoreException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (byte[] der : Encoding.pem(text, "CERTIFICATE", most, what)) {
      certificates.add(Authority.certificate(der));
    }
    return certificates;
  }
}
