package rkt.fetch.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Surroundings;

/**
 * Who is believed on TLS: the root certificates of the system, since those inside a Java runtime
 * that is shipped grow old; {@code SSL_CERT_FILE} and {@code SSL_CERT_DIR} name others. For one
 * host also its own, see {@link HostCertificates}. docs/fetching.md#certificates
 */
final class Tls {
  private static final List<String> BUNDLES =
      List.of("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt");

  private final boolean insecure;
  private final Surroundings surroundings;

  /** Of the hosts with certificates of their own. */
  private final Map<Origin, SSLSocketFactory> factories = new HashMap<>();

  /** Of all others. */
  private @Nullable SSLSocketFactory common;

  Tls(boolean insecure, Surroundings surroundings) {
    this.insecure = insecure;
    this.surroundings = surroundings;
  }

  void apply(HttpsURLConnection connection, Origin origin) throws FetchException {
    connection.setSSLSocketFactory(factory(origin));
    if (insecure) {
      connection.setHostnameVerifier((host, session) -> true);
    }
  }

  private synchronized SSLSocketFactory factory(Origin origin) throws FetchException {
    SSLSocketFactory made = factories.get(origin);
    if (made != null) {
      return made;
    }
    Optional<HostCertificates> own = HostCertificates.find(origin, surroundings);
    if (own.isPresent()) {
      made = make(own.get().authorities(), own.get().clients());
      factories.put(origin, made);
      return made;
    }
    made = common != null ? common : make(List.of(), List.of());
    common = made;
    return made;
  }

  private SSLSocketFactory make(
      List<Certificate> authorities, List<HostCertificates.Client> clients) throws FetchException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          clients.isEmpty() ? null : keys(clients),
          insecure ? new TrustManager[] {new Anyone()} : roots(authorities),
          new SecureRandom());
      return context.getSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw FetchException.system("cannot set up TLS: " + e.getMessage(), e);
    }
  }

  private static KeyManager[] keys(List<HostCertificates.Client> clients)
      throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    for (int i = 0; i < clients.size(); i++) {
      HostCertificates.Client client = clients.get(i);
      keys.setKeyEntry(
          "client-" + i, client.key(), new char[0], client.chain().toArray(new Certificate[0]));
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, new char[0]);
    return managers.getKeyManagers();
  }

  /** The trust managers for all roots; null, which means Java's own, if there are none. */
  private TrustManager @Nullable [] roots(List<Certificate> more)
      throws GeneralSecurityException, IOException {
    List<Certificate> roots = new ArrayList<>(more);
    String file = surroundings.variable("SSL_CERT_FILE");
    if (!file.isEmpty()) {
      read(Path.of(file), roots);
    } else {
      for (String bundle : BUNDLES) {
        if (Files.isReadable(Path.of(bundle))) {
          read(Path.of(bundle), roots);
          break;
        }
      }
    }
    String directory = surroundings.variable("SSL_CERT_DIR");
    for (String one : directory.isEmpty() ? new String[0] : directory.split(":", -1)) {
      readAll(Path.of(one), roots);
    }
    if (roots.isEmpty()) {
      return null;
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int i = 0; i < roots.size(); i++) {
      store.setCertificateEntry("root-" + i, roots.get(i));
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    return managers.getTrustManagers();
  }

  /** Reads the file first: Java asks for the bytes of certificates one by one. */
  private static void read(Path file, List<Certificate> roots)
      throws GeneralSecurityException, IOException {
    InputStream in = new ByteArrayInputStream(Files.readAllBytes(file));
    roots.addAll(CertificateFactory.getInstance("X.509").generateCertificates(in));
  }

  /** Takes the certificates of a directory, as c_rehash keeps it; other files may lie there too. */
  private static void readAll(Path directory, List<Certificate> roots)
      throws GeneralSecurityException, IOException {
    Set<Path> seen = new HashSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        // Each certificate is there under two names, one of which is a link.
        if (Files.isRegularFile(file) && seen.add(file.toRealPath())) {
          readIfCertificates(file, roots);
        }
      }
    } catch (NoSuchFileException e) {
      throw new IOException("SSL_CERT_DIR names " + directory + ", which is not there", e);
    }
  }

  private static void readIfCertificates(Path file, List<Certificate> roots)
      throws GeneralSecurityException, IOException {
    try {
      read(file, roots);
    } catch (CertificateException e) {
      return; // a key, a list of revocations or a note
    }
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
