package rkt.verify.sigstore;

import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;

/** The subject alternative names of a certificate, of one kind. */
final class AlternativeNames {
  private AlternativeNames() {}

  /**
   * Those of a kind, as the certificate spells them.
   *
   * @param kind by the number of RFC 5280
   */
  static List<String> of(X509Certificate certificate, int kind) throws SigstoreException {
    Collection<List<?>> names;
    try {
      names = certificate.getSubjectAlternativeNames();
    } catch (CertificateParsingException e) {
      throw new SigstoreException(Refusal.CERTIFICATE, "the certificate's name cannot be read");
    }
    List<String> found = new ArrayList<>();
    if (names != null) {
      for (List<?> name : names) {
        if (name.get(0).equals(kind) && name.get(1) instanceof String text) {
          found.add(text);
        }
      }
    }
    return found;
  }

  /**
   * Whether one of them is {@code host}, a name or an address; {@code *} stands for its first
   * label.
   */
  static boolean cover(X509Certificate certificate, String host) throws SigstoreException {
    InetAddress address = address(host);
    if (address != null) {
      for (String name : of(certificate, GeneralName.iPAddress)) {
        if (address.equals(address(name))) {
          return true;
        }
      }
      return false;
    }
    for (String name : of(certificate, GeneralName.dNSName)) {
      if (covers(name.toLowerCase(Locale.ROOT), host.toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }

  private static boolean covers(String name, String host) {
    String wanted = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    if (wanted.isEmpty() || wanted.startsWith(".") || wanted.contains("*")) {
      return false;
    }
    int dot = wanted.indexOf('.');
    return name.equals(wanted)
        || (name.startsWith("*.") && dot > 0 && name.substring(1).equals(wanted.substring(dot)));
  }

  /** The address that a text is; null if it is none. Nobody is asked. */
  private static @Nullable InetAddress address(String text) {
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
