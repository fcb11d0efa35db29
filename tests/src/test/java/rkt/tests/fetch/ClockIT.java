package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Call;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/**
 * A machine whose clock is wrong, by faketime(1): some minutes do not matter; a date at which a
 * signature, a key or a certificate is not valid is refused; how long something takes is measured
 * by another clock.
 */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class ClockIT {
  private static final Path LIBRARY =
      Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1");

  private Rkt rkt;
  private Gpg gpg;
  private Path aci;

  /** An image that a key of twelve hours has signed, and a store in which it is. */
  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    Path key = gpg.key("short@example.com", "", "seconds=43200");
    Path made = Images.busybox().exec("/bin/sh").make();
    aci = Files.copy(made, rkt.home().resolve("x.aci"), StandardCopyOption.REPLACE_EXISTING);
    gpg.sign("short@example.com", aci);
    rkt.ok(
        "trust",
        "--prefix=example.com/it",
        "--fingerprint=" + gpg.fingerprint("short@example.com"),
        key.toString());
    rkt.ok("fetch", aci.toString());
  }

  @AfterAll
  void close() throws Exception {
    gpg.close();
    rkt.close();
  }

  private Rkt empty() throws Exception {
    return rkt.withData(Files.createTempDirectory(rkt.home(), "data-"));
  }

  private static Call at(Call call, String clock) {
    return call.under("faketime", "-f", clock);
  }

  private Call start(Rkt here) {
    return here.call("run", "--net=none", "example.com/it/busybox", "--", "-c", "exit 5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-4m", "+4m"})
  void someMinutesDoNotMatter(String clock) throws Exception {
    Rkt here = empty();
    Result fetched = at(here.call("fetch", aci.toString()), clock).run();
    assertThat(fetched.status()).as("%s", fetched).isZero();
    assertThat(at(start(here), clock).run().status()).isEqualTo(5);
    here.assertNothingIsLeftAfterGc();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-3650d", "-1d", "+1d", "+3650d"})
  void aDateAtWhichSignatureAndKeyAreNotValidIsRefused(String clock) throws Exception {
    Rkt here = empty();
    Tools.refuses(here, "trust", 254, at(here.call("fetch", aci.toString()), clock));
    rkt.refuses("trust", at(start(rkt), clock));
    Result right = start(rkt).run();
    assertThat(right.status()).as("by the right clock: %s", right).isEqualTo(5);
    rkt.ok("audit", "verify");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-3650d", "+3650d"})
  void aDateAtWhichACertificateIsNotValidIsRefused(String clock) throws Exception {
    Pki pki = Pki.make(rkt.home().resolve("pki" + clock));
    int port = Tools.freePort();
    Process server =
        Tools.server(
            rkt.home().resolve("server.log"),
            port,
            "openssl",
            "s_server",
            "-quiet",
            "-HTTP",
            "-accept",
            "127.0.0.1:" + port,
            "-cert",
            pki.certificate().toString(),
            "-key",
            pki.key().toString());
    try {
      Rkt here = empty();
      Call fetch =
          here.call("fetch", "https://127.0.0.1:" + port + "/x.aci")
              .env("SSL_CERT_FILE", pki.authority().toString());
      assertThat(Tools.refuses(here, "network", 254, at(fetch, clock)).err())
          .containsPattern("(?i)certificate|validity");
    } finally {
      Tools.stop(server, false);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1d", "+1d"})
  void aClockThatIsSetDuringADownloadDoesNotEndIt(String clock) throws Exception {
    byte[] bytes = Files.readAllBytes(aci);
    Path offset = rkt.home().resolve("offset" + clock);
    Files.writeString(offset, "+0");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/x.aci",
        exchange -> {
          exchange.sendResponseHeaders(200, bytes.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes, 0, bytes.length / 2);
            out.flush();
            Files.writeString(offset, clock);
            pause(); // for as long as it takes those who look at the clock to look
            out.write(bytes, bytes.length / 2, bytes.length - bytes.length / 2);
          }
        });
    server.start();
    try {
      Rkt here = empty();
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/x.aci";
      Result fetched =
          here.call("--insecure-options=http,image", "fetch", url)
              .env("LD_PRELOAD", LIBRARY.toString())
              .env("FAKETIME_TIMESTAMP_FILE", offset.toString())
              .env("FAKETIME_CACHE_DURATION", "1")
              .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
              .run();
      assertThat(fetched.status()).as("%s", fetched).isZero();
      here.ok("image", "verify");
      here.ok("audit", "verify");
    } finally {
      server.stop(0);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(1500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
