package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

/** ACIs over TLS, from a server whose certificate nobody but its owner believes. */
final class HttpsAciTest {
  private static final String PASSWORD = "changeit";

  @TempDir Path directory;
  private HttpsServer server;
  private Path certificate;

  @BeforeEach
  void start() throws Exception {
    Path keys = directory.resolve("keys.p12");
    certificate = directory.resolve("server.pem");
    keytool(
        "-genkeypair -alias s -keyalg EC -dname CN=test -ext SAN=ip:127.0.0.1 -validity 2", keys);
    keytool("-exportcert -alias s -rfc -file " + certificate, keys);
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keys)) {
      store.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(store, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    serve("/app.aci", Fixtures.aci());
    serve("/app.aci.asc", Fixtures.utf8("a signature"));
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void theImageAndItsSignatureComeFromAServerWithABelievedCertificate() throws Exception {
    FetchOptions options = options(Map.of("SSL_CERT_FILE", certificate.toString()));
    try (Fetched fetched = fetcher(options).fetch(new ImageRef.AciUrl(url("/app.aci")))) {
      assertThat(fetched.signature()).get().isEqualTo(Fixtures.utf8("a signature"));
      fetched.commit(false, Map.of());
      ImageId id = fetched.image().id();
      assertThat(store().find(url("/app.aci").toString())).contains(id);
      assertThat(store().admission(id).source()).isEqualTo(url("/app.aci").toString());
    }
  }

  @Test
  void aStrangersCertificateIsRefusedUnlessTheUserInsists() throws Exception {
    FetchOptions options = options(Map.of());
    refused(options, "/app.aci", ErrorClass.NETWORK);
    try (Fetched fetched =
        fetcher(options.withInsecure(false, true)).fetch(new ImageRef.AciUrl(url("/app.aci")))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
    }
  }

  @Test
  void aRedirectToPlainHttpIsNeverFollowed() throws Exception {
    server.createContext("/down.aci", FakeRegistry.redirect("http://127.0.0.1:1/x")::handle);
    server.createContext("/down.aci.asc", FakeRegistry.redirect("http://127.0.0.1:1/x")::handle);
    FetchOptions options = options(Map.of("SSL_CERT_FILE", certificate.toString()));
    refused(options.withInsecure(true, false), "/down.aci", ErrorClass.NETWORK);
  }

  @Test
  void whatIsNotThereIsNotFoundAndALackingSignatureIsNone() throws Exception {
    FetchOptions options = options(Map.of("SSL_CERT_FILE", certificate.toString()));
    refused(options, "/none.aci", ErrorClass.NOT_FOUND);
    serve("/unsigned.aci", Fixtures.aci());
    try (Fetched fetched = fetcher(options).fetch(new ImageRef.AciUrl(url("/unsigned.aci")))) {
      assertThat(fetched.signature()).isEmpty();
    }
  }

  @Test
  void aSignatureThatIsMadeWhenTheFileIsFetchedIsAskedForAgain() throws Exception {
    FetchOptions options = options(Map.of("SSL_CERT_FILE", certificate.toString()));
    AtomicInteger patience = new AtomicInteger(1);
    serve("/late.aci", Fixtures.aci());
    server.createContext(
        "/late.aci.asc",
        exchange -> {
          boolean late = patience.getAndDecrement() > 0;
          FakeRegistry.answer(
              exchange, late ? 202 : 200, Fixtures.utf8(late ? "" : "a signature"), "text/plain");
        });
    try (Fetched fetched = fetcher(options).fetch(new ImageRef.AciUrl(url("/late.aci")))) {
      assertThat(fetched.signature()).get().isEqualTo(Fixtures.utf8("a signature"));
    }
    patience.set(2);
    refused(options, "/late.aci", ErrorClass.NETWORK);
  }

  @Test
  void anAuthorityForOneHostIsBelievedForThatHost() throws Exception {
    String host = "127.0.0.1:" + server.getAddress().getPort();
    Path config = directory.resolve("config");
    Path own = Files.createDirectories(config.resolve("containers/certs.d").resolve(host));
    Files.copy(certificate, own.resolve("ca.crt"));
    FetchOptions options = options(Map.of("XDG_CONFIG_HOME", config.toString()));
    try (Fetched fetched = fetcher(options).fetch(new ImageRef.AciUrl(url("/app.aci")))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
    }
    URI other = URI.create(url("/app.aci").toString().replace("127.0.0.1", "localhost"));
    assertThatThrownBy(() -> fetcher(options).fetch(new ImageRef.AciUrl(other)).close())
        .isInstanceOf(RktException.class);
    Files.writeString(own.resolve("me.cert"), Files.readString(certificate));
    refused(options, "/app.aci", ErrorClass.USAGE); // me.key is missing
    Files.writeString(own.resolve("me.key"), "-----BEGIN EC PRIVATE KEY-----");
    refused(options, "/app.aci", ErrorClass.USAGE);
  }

  @Test
  void aDirectoryOfAuthoritiesMayHoldOtherThingsToo() throws Exception {
    Path roots = Files.createDirectories(directory.resolve("roots"));
    Files.copy(certificate, roots.resolve("ca.pem"));
    Files.writeString(roots.resolve("README"), "not a certificate");
    FetchOptions options = options(Map.of("SSL_CERT_DIR", "/nonexistent-1:" + roots));
    refused(options, "/app.aci", ErrorClass.SYSTEM);
    options = options(Map.of("SSL_CERT_DIR", roots.toString()));
    try (Fetched fetched = fetcher(options).fetch(new ImageRef.AciUrl(url("/app.aci")))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
    }
  }

  @Test
  void aServerThatWantsToKnowUsSeesOurCertificate() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    server.stop(0);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(trusting(certificate)) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters wanted = getSSLContext().getDefaultSSLParameters();
            wanted.setNeedClientAuth(true);
            parameters.setSSLParameters(wanted);
          }
        });
    server.createContext(
        "/app.aci",
        exchange -> {
          SSLSession session = ((HttpsExchange) exchange).getSSLSession();
          seen.add(session.getPeerPrincipal().getName());
          FakeRegistry.answer(exchange, 200, Fixtures.aci(), "text/plain");
        });
    server.start();
    Path config = directory.resolve("config");
    String host = "127.0.0.1:" + server.getAddress().getPort();
    Path own = Files.createDirectories(config.resolve("containers/certs.d").resolve(host));
    Files.copy(certificate, own.resolve("ca.crt"));
    FetchOptions options = options(Map.of("XDG_CONFIG_HOME", config.toString()));
    refused(options, "/app.aci", ErrorClass.NETWORK);
    Files.copy(certificate, own.resolve("client.cert"));
    String key = Base64.getMimeEncoder().encodeToString(privateKey().getEncoded());
    Files.writeString(
        own.resolve("client.key"),
        "-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\n");
    try (Fetched fetched = fetcher(options).fetch(new ImageRef.AciUrl(url("/app.aci")))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
    }
    assertThat(seen).isNotEmpty().containsOnly("CN=test");
  }

  /** A server's context whose clients must be known by {@code authority}. */
  private SSLContext trusting(Path authority) throws Exception {
    KeyStore roots = KeyStore.getInstance("PKCS12");
    roots.load(null, null);
    try (InputStream in = Files.newInputStream(authority)) {
      roots.setCertificateEntry(
          "a", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(roots);
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keyStore(), PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private KeyStore keyStore() throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(directory.resolve("keys.p12"))) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }

  private Key privateKey() throws Exception {
    return keyStore().getKey("s", PASSWORD.toCharArray());
  }

  private void refused(FetchOptions options, String path, ErrorClass expected) {
    assertThatThrownBy(() -> fetcher(options).fetch(new ImageRef.AciUrl(url(path))).close())
        .isInstanceOfSatisfying(
            RktException.class,
            e -> assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected));
  }

  private void serve(String path, byte[] body) {
    server.createContext(
        path,
        exchange -> {
          boolean exact = exchange.getRequestURI().getPath().equals(path);
          FakeRegistry.answer(
              exchange, exact ? 200 : 404, exact ? body : new byte[0], "text/plain");
        });
  }

  private URI url(String path) {
    return URI.create("https://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private FetchOptions options(Map<String, String> environment) {
    return FetchOptions.of(environment).withPatience(Fixtures.BRISK);
  }

  private Fetcher fetcher(FetchOptions options) {
    return new Fetcher(store(), options);
  }

  private Store store() {
    return Store.at(directory.resolve("data"));
  }

  private static void keytool(String arguments, Path keys) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin/keytool").toString());
    command.addAll(List.of(arguments.split(" ", -1)));
    command.addAll(List.of("-keystore", keys.toString(), "-storepass", PASSWORD));
    Tool.Result result = Tool.run(command);
    assertThat(result.status()).as(result.output()).isZero();
  }
}
