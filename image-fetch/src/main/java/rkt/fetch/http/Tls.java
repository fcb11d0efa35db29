package rkt.fetch.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;

/**
 * Who is believed on TLS: the root certificates of the system, since those inside a Java runtime
 * that is shipped grow old; {@code SSL_CERT_FILE} names another file of them.
 */
final class Tls {
  private static final List<String> BUNDLES =
      List.of("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt");

  private final boolean insecure;
  private final Map<String, String> environment;
  private @Nullable SSLSocketFactory factory;

  Tls(boolean insecure, Map<String, String> environment) {
    this.insecure = insecure;
    this.environment = environment;
  }

  void apply(HttpsURLConnection connection) throws FetchException {
    connection.setSSLSocketFactory(factory());
    if (insecure) {
      connection.setHostnameVerifier((host, session) -> true);
    }
  }

  private synchronized SSLSocketFactory factory() throws FetchException {
    SSLSocketFactory made = factory;
    if (made == null) {
      try {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
            null, insecure ? new TrustManager[] {new Anyone()} : roots(), new SecureRandom());
        made = context.getSocketFactory();
        factory = made;
      } catch (GeneralSecurityException | IOException e) {
        throw FetchException.system("cannot set up TLS: " + e.getMessage(), e);
      }
    }
    return made;
  }

  /** The trust managers for the system's roots; null, which means Java's own, if there are none. */
  private TrustManager @Nullable [] roots() throws GeneralSecurityException, IOException {
    String chosen = environment.get("SSL_CERT_FILE");
    List<String> candidates = chosen != null && !chosen.isEmpty() ? List.of(chosen) : BUNDLES;
    for (String candidate : candidates) {
      Path file = Path.of(candidate);
      if (Files.isReadable(file) || candidates.size() == 1) {
        return managers(file);
      }
    }
    return null;
  }

  private static TrustManager[] managers(Path file) throws GeneralSecurityException, IOException {
    KeyStore roots = KeyStore.getInstance("PKCS12");
    roots.load(null, null);
    try (InputStream in = Files.newInputStream(file)) {
      int number = 0;
      for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        roots.setCertificateEntry("root-" + number++, root);
      }
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(roots);
    return managers.getTrustManagers();
  }

  /** Believes everybody: {@code --insecure-options=tls}. */
  private static final class Anyone implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
