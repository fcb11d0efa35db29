package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Whoever adds a key at a terminal is shown its fingerprint, and asked. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class TrustReviewIT {
  private static final String ASKED = "is this the fingerprint that its owner told you? [yes/no] ";
  private static final String PREFIX = "--prefix=example.com/reviewed";

  private Rkt rkt;
  private HttpServer server;
  private String url;
  private String file;
  private String fingerprint;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    Path key = Images.key();
    file = key.toString();
    byte[] bytes = Files.readAllBytes(key);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/key.asc",
        exchange -> {
          exchange.sendResponseHeaders(200, bytes.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
          }
        });
    server.start();
    url = "http://127.0.0.1:" + server.getAddress().getPort() + "/key.asc";
    fingerprint = rkt.ok("trust", "--prefix=example.com/script", file).out().strip();
  }

  @AfterAll
  void close() throws Exception {
    server.stop(0);
    rkt.close();
  }

  private Call trust(String... more) {
    String[] words = new String[more.length + 3];
    words[0] = "--insecure-options=pubkey";
    words[1] = "trust";
    words[2] = PREFIX;
    System.arraycopy(more, 0, words, 3, more.length);
    return rkt.call(words);
  }

  private void assertTrusted(boolean expected) throws Exception {
    assertThat(rkt.ok("trust", "list").out().contains("example.com/reviewed ")).isEqualTo(expected);
    if (expected) {
      rkt.ok("trust", "remove", PREFIX, fingerprint);
    }
  }

  private void answers(String source) throws Exception {
    try (Console console = Console.of(trust(source))) {
      console.await(fingerprint).await(ASKED).type("what?\r");
      console.await(ASKED + "what?").type("no\r").await("status=254.");
    }
    assertTrusted(false);
    try (Console console = Console.of(trust(source))) {
      console.await(fingerprint).await(ASKED).type("yes\r").await("status=0.");
    }
    assertTrusted(true);
  }

  @Test
  void aKeyInAFileIsTrustedByYesAlone() throws Exception {
    answers(file);
  }

  @Test
  void aKeyAtAUrlIsTrustedByYesAlone() throws Exception {
    answers(url);
  }

  @Test
  void whoNamesTheFingerprintIsNotAsked() throws Exception {
    for (String source : new String[] {file, url}) {
      try (Console console = Console.of(trust("--fingerprint=" + fingerprint, source))) {
        console.await("status=0.");
      }
      assertTrusted(true);
      Result wrong = trust("--fingerprint=" + "0".repeat(40), source).run();
      Rkt.assertRefusalText("usage", wrong);
      assertTrusted(false);
    }
  }

  @Test
  void aScriptNamesTheFileOrTheFingerprintOfWhatIsNoFile() throws Exception {
    assertThat(trust(file).run().status()).isZero();
    assertTrusted(true);
    Rkt.assertRefusalText("usage", trust(url).run());
    assertTrusted(false);
  }
}
