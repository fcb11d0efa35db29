package rkt.tests.fetch;

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
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Call;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** ACIs from nginx, by https. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class HttpsAciIT {
  private Rkt rkt;
  private Path served;
  private Pki pki;
  private Process nginx;
  private String url;
  private byte[] aci;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    Images.trust(rkt);
    pki = Pki.make(rkt.home().resolve("pki"));
    Tools.ok("chmod", "711", rkt.home().toString()); // nginx reads as another user
    served = Files.createDirectory(rkt.home().resolve("served"));
    Path made = Images.busybox().exec("/bin/sh").make();
    aci = Files.readAllBytes(made);
    Files.copy(made, served.resolve("x.aci"));
    Files.copy(Path.of(made + ".asc"), served.resolve("x.aci.asc"));
    int port = Tools.freePort();
    url = "https://127.0.0.1:" + port;
    Path config = rkt.home().resolve("nginx.conf");
    Files.writeString(
        config,
        """
        daemon off;
        pid HOME/nginx.pid;
        error_log stderr;
        events {}
        http {
          access_log off;
          client_body_temp_path HOME/nginx-body;
          proxy_temp_path HOME/nginx-proxy;
          fastcgi_temp_path HOME/nginx-fastcgi;
          uwsgi_temp_path HOME/nginx-uwsgi;
          scgi_temp_path HOME/nginx-scgi;
          server {
            listen 127.0.0.1:PORT ssl;
            ssl_certificate CERTIFICATE;
            ssl_certificate_key KEY;
            root HOME/served;
            if ($http_proxy_authorization) { return 418; }
            location /moved/ { rewrite ^/moved/(.*) /$1 redirect; }
            location /asks/ {
              add_header Proxy-Authenticate 'Basic realm="x"' always;
              return 407;
            }
            location /told/ {
              if ($http_authorization) { return 418; }
              alias HOME/served/;
            }
            location /plain/ { return 302 http://127.0.0.1:1/x.aci; }
          }
        }
        """
            .replace("HOME", rkt.home().toString())
            .replace("PORT", Integer.toString(port))
            .replace("CERTIFICATE", pki.certificate().toString())
            .replace("KEY", pki.key().toString()));
    nginx =
        Tools.server(
            rkt.home().resolve("nginx.log"),
            port,
            "nginx",
            "-c",
            config.toString(),
            "-e",
            "stderr");
  }

  @AfterAll
  void close() throws Exception {
    Tools.stop(nginx, true);
    rkt.close();
  }

  private Rkt empty() throws Exception {
    return rkt.withData(Files.createTempDirectory(rkt.home(), "data-"));
  }

  private Call fetch(Rkt here, String path) {
    return here.call("fetch", path).env("SSL_CERT_FILE", pki.authority().toString());
  }

  private Result refuses(String errorClass, String path) throws Exception {
    Rkt here = empty();
    return Tools.refuses(here, errorClass, 254, fetch(here, path));
  }

  @Test
  void anImageWithItsSignatureBesideIt() throws Exception {
    Rkt here = empty();
    Result fetched = fetch(here, url + "/x.aci").run();
    assertThat(fetched.status()).as("%s", fetched).isZero();
    Result run = here.run("run", "--net=none", url + "/x.aci", "--", "-c", "exit 5");
    assertThat(run.status()).as("%s", run).isEqualTo(5);
    assertThat(fetch(empty(), url + "/moved/x.aci").run().status()).isZero();
    here.assertNothingIsLeftAfterGc();
  }

  @Test
  void aServerThatNobodyVouchesForIsNotBelieved() throws Exception {
    Rkt here = empty();
    assertThat(Tools.refuses(here, "network", "fetch", url + "/x.aci").err())
        .contains("  fix: SSL_CERT_FILE=");
    Pki foreign = Pki.make(rkt.home().resolve("pki-foreign"));
    Tools.refuses(
        here,
        "network",
        254,
        here.call("fetch", url + "/x.aci").env("SSL_CERT_FILE", foreign.authority().toString()));
    refuses("network", url.replace("127.0.0.1", "localhost") + "/x.aci");
    here.ok("--insecure-options=tls", "fetch", url + "/x.aci");
  }

  @Test
  void aLoginIsForAServerThatProvesWhoItIs() throws Exception {
    Path logins = Files.createDirectories(rkt.home().resolve("local/auth.d"));
    Files.writeString(
        logins.resolve("web.json"),
        """
        {"rktKind":"auth","rktVersion":"v1","domains":["origin.test"],"type":"basic",
         "credentials":{"user":"user","password":"secret-word"}}\
        """);
    int port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
    String told = "https://origin.test/told/x.aci";
    try (FakeProxy proxy = new FakeProxy("proxy:pass", port)) {
      String through = "http://proxy:pass@127.0.0.1:" + proxy.port();
      Rkt proven = empty();
      // The server answers 418 to whoever tells it the password.
      Call honest = fetch(proven, told).env("HTTPS_PROXY", through);
      assertThat(Tools.refuses(proven, "network", 254, honest).err()).contains("418");
      Rkt unproven = empty();
      Result fetched =
          unproven.call("--insecure-options=tls", "fetch", told).env("HTTPS_PROXY", through).run();
      assertThat(fetched.status()).as("%s", fetched).isZero();
      assertThat(fetched.err()).doesNotContain("secret-word");
    } finally {
      Files.delete(logins.resolve("web.json"));
    }
  }

  @Test
  void thePasswordInTheUrlOfAProxyIsForTheProxyAlone() throws Exception {
    int port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
    String far = "https://origin.test/x.aci";
    try (FakeProxy proxy = new FakeProxy("user:p@ss", port)) {
      String right = "http://user:p%40ss@127.0.0.1:" + proxy.port();
      Rkt here = empty();
      Result fetched = fetch(here, far).env("HTTPS_PROXY", right).run();
      assertThat(fetched.status()).as("%s", fetched).isZero();
      assertThat(fetched.err()).doesNotContain("p@ss", "p%40ss");
      assertThat(proxy.requests())
          .isNotEmpty()
          .allMatch("CONNECT origin.test:443 HTTP/1.1"::equals);
      Rkt asked = empty();
      Result refusal =
          Tools.refuses(
              asked,
              "network",
              254,
              fetch(asked, "https://origin.test/asks/x.aci").env("HTTPS_PROXY", right));
      // The server answers 418 to whoever tells it the password.
      assertThat(refusal.err()).contains("407").doesNotContain("418");
      String wrong = "http://user:secret-word@127.0.0.1:" + proxy.port();
      Rkt other = empty();
      Result refused =
          Tools.refuses(other, "network", 254, fetch(other, far).env("HTTPS_PROXY", wrong));
      assertThat(refused.err()).doesNotContain("secret-word");
    }
  }

  @Test
  void aMaskedKeyIsNotTrustedBecauseItCameByHttps() throws Exception {
    Files.copy(Images.key(), served.resolve("key.asc"));
    Files.writeString(
        served.resolve("index.html"),
        "<html><head><meta name=\"ac-discovery-pubkeys\""
            + " content=\"origin.test https://origin.test/key.asc\"></head></html>");
    int port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
    try (Rkt here = Rkt.fresh();
        FakeProxy proxy = new FakeProxy("user:pass", port)) {
      String fingerprint = here.ok("trust", "--root", Images.key().toString()).out().strip();
      here.ok("trust", "mask", "--prefix=origin.test", fingerprint);
      here.ok("trust", "remove", "--root", fingerprint);
      Call published =
          here.call("fetch", "--trust-keys-from-https", "origin.test/app")
              .env("SSL_CERT_FILE", pki.authority().toString())
              .env("HTTPS_PROXY", "http://user:pass@127.0.0.1:" + proxy.port());
      assertThat(published.run().err())
          .contains("which is masked for origin.test\n")
          .contains("rkt trust mask --undo --prefix=origin.test " + fingerprint);
      assertThat(here.ok("trust", "list", "--format=json").out()).isEmpty();
      here.ok("trust", "mask", "--undo", "--prefix=origin.test", fingerprint);
      assertThat(published.run().err()).contains("trusted for origin.test/app: " + fingerprint);
    }
  }

  @Test
  void aKeyAtAUrlIsTrustedIfItsFingerprintIsTheOneThatWasGiven() throws Exception {
    Files.copy(Images.key(), served.resolve("given.asc"));
    try (Rkt here = Rkt.fresh()) {
      Call wrong =
          here.call("trust", "--root", "--fingerprint=" + "0".repeat(40), url + "/given.asc")
              .env("SSL_CERT_FILE", pki.authority().toString());
      assertThat(wrong.run().status()).isEqualTo(254);
      assertThat(here.ok("trust", "list", "--format=json").out()).isEmpty();
      String listed = rkt.ok("trust", "list").out();
      String fingerprint = listed.replaceFirst("(?s).*?([0-9a-f]{40}).*", "$1");
      Result trusted =
          here.call("trust", "--root", "--fingerprint=" + fingerprint, url + "/given.asc")
              .env("SSL_CERT_FILE", pki.authority().toString())
              .run();
      assertThat(trusted.status()).as("%s", trusted).isZero();
      assertThat(here.ok("trust", "list").out()).contains(fingerprint);
      Tools.refuses(
          here,
          "network",
          254,
          here.call(
              "trust", "--root", "--fingerprint=" + fingerprint, "http://127.0.0.1:1/given.asc"));
    }
  }

  @Test
  void aPodManifestFromAPipeIsNotLostWhenItsImageIsFetched() throws Exception {
    Path page = Files.createDirectories(served.resolve("it/busybox")).resolve("index.html");
    Files.writeString(
        page,
        "<html><head><meta name=\"ac-discovery\" content=\"example.com/it"
            + " https://origin.test/x.{ext}\"></head></html>");
    byte[] manifest =
        """
        {"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"piped",
         "image":{"name":"example.com/it/busybox"},
         "app":{"exec":["/bin/sh","-c","echo $AC_APP_NAME"],"user":"0","group":"0"}}]}\
        """
            .getBytes(StandardCharsets.UTF_8);
    int port = Integer.parseInt(url.substring(url.lastIndexOf(':') + 1));
    try (FakeProxy proxy = new FakeProxy("proxy:pass", port)) {
      Rkt here = empty();
      Result run =
          here.call("--insecure-options=tls", "run", "--pod-manifest=-")
              .env("HTTPS_PROXY", "http://proxy:pass@127.0.0.1:" + proxy.port())
              .stdin(manifest)
              .run();
      assertThat(run.out()).as("%s", run).isEqualTo("piped\n");
    }
  }

  @Test
  void plainHttpIsNeitherAskedNorFollowed() throws Exception {
    refuses("usage", url.replace("https", "http") + "/x.aci");
    refuses("network", url + "/plain/x.aci");
  }

  @Test
  void anImageWithoutASignatureIsRefusedWithTheWayOut() throws Exception {
    Files.write(served.resolve("unsigned.aci"), aci);
    assertThat(refuses("trust", url + "/unsigned.aci").err())
        .contains("  fix: ")
        .contains("--signature");
    refuses("not-found", url + "/nothing.aci");
  }

  @Test
  void anImageThatWasCutIsRefused() throws Exception {
    Files.copy(served.resolve("x.aci.asc"), served.resolve("cut.aci.asc"));
    for (int length : new int[] {0, 1, 600, aci.length / 2, aci.length - 1}) {
      Files.write(served.resolve("cut.aci"), Arrays.copyOf(aci, length));
      refuses("trust|integrity", url + "/cut.aci");
    }
  }

  @Test
  void aConnectionThatEndsEarlyIsRefused() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread.ofPlatform().daemon().start(() -> serveHalf(socket));
      Rkt here = empty();
      Result refused =
          Tools.refuses(
              here,
              "network",
              "--insecure-options=http",
              "fetch",
              "http://127.0.0.1:" + socket.getLocalPort() + "/x.aci");
      assertThat(refused.err()).contains("tried");
    }
  }

  /** Answers each request with a length, and half of what it promised. */
  private void serveHalf(ServerSocket socket) {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept();
          InputStream in = connection.getInputStream();
          OutputStream out = connection.getOutputStream()) {
        byte[] request = new byte[4096];
        String text = new String(request, 0, in.read(request), StandardCharsets.ISO_8859_1);
        boolean whole = text.startsWith("GET /x.aci.asc");
        byte[] body = whole ? Files.readAllBytes(served.resolve("x.aci.asc")) : aci;
        String head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + body.length;
        out.write((head + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.write(body, 0, whole ? body.length : body.length / 2);
      } catch (IOException e) {
        assertThat(e).isNotNull(); // the other side gave up, or the test is over
      }
    }
  }
}
