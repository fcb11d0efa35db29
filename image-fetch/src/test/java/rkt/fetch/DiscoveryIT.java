package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.store.Store;

/** Discovery over TLS from nginx, which a proxy on this machine makes example.com. */
@Tag("privileged")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class DiscoveryIT {
  @TempDir Path home;
  private Process nginx;
  private ServerSocket proxy;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private Store store;

  @BeforeEach
  void start() throws Exception {
    certificates();
    Files.createDirectories(home.resolve("www/images"));
    Files.write(home.resolve("www/images/app-1.0.0-linux-amd64.aci"), Fixtures.aci());
    Files.writeString(home.resolve("www/images/app-1.0.0-linux-amd64.aci.asc"), "a signature");
    Files.writeString(home.resolve("www/key.asc"), "a key");
    page(
        "https://example.com/images/app-{version}-{os}-{arch}.{ext}",
        "https://example.com/key.asc");
    int port = freePort();
    String config =
        """
        daemon off;
        pid HOME/nginx.pid;
        error_log stderr;
        events {}
        http {
          access_log off;
          client_body_temp_path HOME/body;
          proxy_temp_path HOME/proxy;
          fastcgi_temp_path HOME/fastcgi;
          uwsgi_temp_path HOME/uwsgi;
          scgi_temp_path HOME/scgi;
          server {
            listen 127.0.0.1:PORT ssl;
            ssl_certificate HOME/server.crt;
            ssl_certificate_key HOME/server.key;
            root HOME/www;
          }
        }
        """;
    Files.writeString(
        home.resolve("nginx.conf"),
        config.replace("HOME", home.toString()).replace("PORT", Integer.toString(port)));
    for (Path directory : List.of(home, home.resolve("www"), home.resolve("www/images"))) {
      run("chmod", "755", directory.toString()); // nginx reads as another user
    }
    nginx =
        new ProcessBuilder("nginx", "-c", home + "/nginx.conf", "-e", "stderr")
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("nginx.log").toFile())
            .start();
    awaitPort(port);
    proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(() -> proxy(port));
    store = Store.at(home.resolve("data"));
    store.begin().close();
  }

  @AfterEach
  void stop() throws Exception {
    nginx.destroy();
    nginx.waitFor();
    proxy.close();
  }

  private void page(String template, String key) throws IOException {
    Files.writeString(
        home.resolve("www/index.html"),
        "<!doctype html><html><head><meta name=\"ac-discovery\" content=\"example.com "
            + template
            + "\"><meta name=\"ac-discovery-pubkeys\" content=\"example.com "
            + key
            + "\"></head><body>welcome</body></html>");
  }

  private void certificates() throws Exception {
    run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj"
            + " /CN=test-ca -keyout HOME/ca.key -out HOME/ca.crt");
    run(
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=example.com"
            + " -keyout HOME/server.key -out HOME/server.csr");
    Files.writeString(home.resolve("ext"), "subjectAltName=DNS:example.com\n");
    run(
        "openssl x509 -req -days 2 -in HOME/server.csr -CA HOME/ca.crt -CAkey HOME/ca.key"
            + " -CAcreateserial -extfile HOME/ext -out HOME/server.crt");
  }

  private void run(String words) throws Exception {
    run(words.replace("HOME", home.toString()).split(" ", -1));
  }

  private static void run(String... command) throws Exception {
    Tool.Result result = Tool.run(new ArrayList<>(Arrays.asList(command)));
    assertThat(result.status()).as(result.output()).isZero();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitPort(int port) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(socket.isConnected()).isTrue();
        return;
      } catch (IOException e) {
        assertThat(nginx.isAlive()).as(Files.readString(home.resolve("nginx.log"))).isTrue();
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(50);
      }
    }
  }

  /** Connects whoever asks for any host to nginx. */
  private void proxy(int port) {
    while (!proxy.isClosed()) {
      try {
        Socket client = proxy.accept();
        Thread.ofPlatform().daemon().start(() -> tunnel(client, port));
      } catch (IOException e) {
        assertThat(proxy.isClosed()).isTrue();
      }
    }
  }

  private void tunnel(Socket client, int port) {
    try (client;
        Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
      InputStream in = client.getInputStream();
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        head.append((char) in.read());
      }
      asked.add(head.substring(0, head.indexOf("\r\n")));
      OutputStream out = client.getOutputStream();
      out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      Thread back = Thread.ofPlatform().daemon().start(() -> pump(server, client));
      pump(client, server);
      back.join();
    } catch (IOException | InterruptedException e) {
      assertThat(e).isNotNull(); // one of both went away
    }
  }

  private static void pump(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException e) {
      assertThat(e).isNotNull(); // one of both went away
    }
  }

  @Test
  void anImageAndItsKeyAreFoundOverTls() throws Exception {
    FetchOptions options = options(home.resolve("ca.crt"));
    try (Fetched fetched =
        new Fetcher(store, options)
            .fetch(ImageRef.parse("example.com/app:1.0.0,os=linux,arch=amd64", home))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
      assertThat(fetched.signature()).get().isEqualTo(Fixtures.utf8("a signature"));
      fetched.commit(true, Map.of());
    }
    assertThat(asked).isNotEmpty().allMatch(line -> line.startsWith("CONNECT example.com:443 "));
    List<KeyDiscovery.Found> keys =
        new KeyDiscovery(options, false).find(new ImageName("example.com/app"));
    assertThat(keys)
        .singleElement()
        .extracting(KeyDiscovery.Found::bytes)
        .isEqualTo(Fixtures.utf8("a key"));
    assertThat(new Fetcher(store, options).current(ImageRef.parse("example.com/app:1.0.0", home)))
        .as("nginx confirms its ETag")
        .isEqualTo(store.find("example.com/app:1.0.0"))
        .isPresent();
  }

  @Test
  void aHostThatNobodyVouchesForIsNotBelieved() throws Exception {
    refused(options(home.resolve("ca.crt")), "example.org/app:1.0.0");
    run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj"
            + " /CN=other-ca -keyout HOME/other.key -out HOME/other.crt");
    refused(options(home.resolve("other.crt")), "example.com/app:1.0.0");
  }

  @Test
  void plainHttpIsNotFollowedFromAnHonestPage() throws Exception {
    page("http://example.com/images/app-{version}-{os}-{arch}.{ext}", "http://example.com/key.asc");
    FetchOptions options = options(home.resolve("ca.crt"));
    try (Fetched fetched =
        new Fetcher(store, options).fetch(ImageRef.parse("example.com/app:1.0.0", home))) {
      throw new AssertionError("was fetched: " + fetched.source());
    } catch (RktException e) {
      assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE);
    }
    try {
      throw new AssertionError(
          new KeyDiscovery(options, false).find(new ImageName("example.com/app")).toString());
    } catch (RktException e) {
      assertThat(e.errorClass()).isEqualTo(ErrorClass.NETWORK);
    }
  }

  private void refused(FetchOptions options, String name) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = new Fetcher(store, options).fetch(ImageRef.parse(name, home))) {
      throw new AssertionError("was fetched: " + fetched.source());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(ErrorClass.NETWORK);
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
    }
  }

  private FetchOptions options(Path authority) {
    return FetchOptions.of(
        Map.of(
            "SSL_CERT_FILE",
            authority.toString(),
            "https_proxy",
            "http://127.0.0.1:" + proxy.getLocalPort()));
  }
}
