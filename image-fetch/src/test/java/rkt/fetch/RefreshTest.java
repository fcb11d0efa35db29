package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;

/** Whether what is stored is still what its source has. */
final class RefreshTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path directory;
  private FakeRegistry server;
  private Store store;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private String etag = "\"one\"";
  private String cacheControl = "no-cache";

  @BeforeEach
  void start() throws Exception {
    server = new FakeRegistry();
    store = Store.at(directory.resolve("data"));
    server.on("/app.aci", this::aci);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void aci(HttpExchange exchange) throws IOException {
    asked.add(exchange.getRequestMethod());
    exchange.getResponseHeaders().set("ETag", etag);
    exchange.getResponseHeaders().set("Cache-Control", cacheControl);
    boolean same = etag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
    FakeRegistry.answer(
        exchange, same ? 304 : 200, same ? new byte[0] : Fixtures.aci(), "text/plain");
  }

  @Test
  void anAciThatIsUnchangedIsNotDownloadedAgain() throws Exception {
    ImageId id = fetch(aciUrl());
    assertThat(at(NOW).current(reference(aciUrl()))).contains(id);
    etag = "\"two\"";
    assertThat(at(NOW).current(reference(aciUrl()))).isEmpty();
    assertThat(asked).containsExactly("GET", "HEAD", "HEAD");
  }

  @Test
  void anAciIsNotAskedForWhileItsAnswerIsFresh() throws Exception {
    cacheControl = "public, max-age=600";
    ImageId id = fetch(aciUrl());
    assertThat(at(NOW.plusSeconds(599)).current(reference(aciUrl()))).contains(id);
    assertThat(asked).containsExactly("GET");
    assertThat(at(NOW.plusSeconds(601)).current(reference(aciUrl()))).contains(id);
    assertThat(at(NOW.plusSeconds(1199)).current(reference(aciUrl()))).contains(id);
    assertThat(asked).containsExactly("GET", "HEAD");
    assertThat(at(NOW.minusSeconds(1)).current(reference(aciUrl()))).contains(id);
    assertThat(asked).as("a clock that went back").hasSize(3);
  }

  /** Another process that fetches from a source, until its standard input ends, and fails. */
  static final class Failing {
    private Failing() {}

    public static void main(String[] arguments) throws Exception {
      try (Transaction transaction = Store.at(Path.of(arguments[0])).begin()) {
        transaction.claimSource(arguments[1]);
        System.out.write('.');
        System.out.flush();
        assertThat(System.in.read()).isNegative();
      }
    }
  }

  @Test
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void whoWaitedForAFetchThatFailedFetchesItself() throws Exception {
    fetch(aciUrl());
    etag = "\"two\"";
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Failing.class.getName(), store.root().toString(), aciUrl()));
    Process failing = Tool.start(command);
    try {
      assertThat(failing.getInputStream().read()).isEqualTo('.');
      FutureTask<ImageId> fetch = new FutureTask<>(() -> fetch(aciUrl()));
      Thread thread = Thread.ofPlatform().daemon().start(fetch);
      while (thread.getState() != Thread.State.TIMED_WAITING && !fetch.isDone()) {
        Thread.onSpinWait();
      }
      assertThat(asked).as("it waits").containsExactly("GET");
      failing.getOutputStream().close();
      assertThat(fetch.get()).isNotNull();
    } finally {
      failing.destroyForcibly().waitFor();
    }
    assertThat(asked).containsExactly("GET", "GET");
  }

  @Test
  void aFileThatIsLongerThanItMayBeIsNotTakenToItsEnd() throws Exception {
    byte[] piece = new byte[64 << 10];
    AtomicLong sent = new AtomicLong();
    server.on(
        "/endless.aci",
        exchange -> {
          exchange.sendResponseHeaders(200, 0); // in chunks: nobody knows how many
          try (OutputStream body = exchange.getResponseBody()) {
            for (int i = 0; i < 4096; i++) {
              body.write(piece);
              sent.addAndGet(piece.length);
            }
          }
        });
    for (String file : List.of("/endless.aci", "/app.aci")) {
      ImageRef reference = reference("http://" + server.authority() + file);
      Fetcher fetcher = new Fetcher(store, options().withMostBytes(1000), clock(NOW));
      assertThatThrownBy(() -> fetcher.fetch(reference))
          .isInstanceOfSatisfying(
              RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY))
          .hasMessageContaining("1000");
    }
    assertThat(sent).hasValueLessThan(128L << 20);
    assertThat(store.ids()).isEmpty();
  }

  @Test
  void noServerSaysForMoreThanADay() throws Exception {
    cacheControl = "max-age=2000000000";
    fetch(aciUrl());
    etag = "\"two\"";
    Instant later = NOW.plus(Duration.ofDays(1)).plusSeconds(1);
    assertThat(at(later).current(reference(aciUrl()))).isEmpty();
  }

  @Test
  void aDamagedBlobIsFetchedAgain() throws Exception {
    ImageId id = fetch(aciUrl());
    Path blob = store.blob(store.image(id).signed());
    byte[] bytes = Files.readAllBytes(blob);
    bytes[0] ^= 1;
    Files.write(blob, bytes);
    assertThat(at(NOW).current(reference(aciUrl()))).isEmpty();
  }

  @Test
  void aTagIsAskedForWhatItStandsForAndWhatIsSignedAboutThat() throws Exception {
    ImageId id = fetch(server.reference());
    serveTag(Digest.sha256(server.manifest).toString());
    int before = server.log.size();
    assertThat(at(NOW).current(reference(server.reference()))).contains(id);
    // The tag; what refers to its image, in two ways; what cosign attaches, in two.
    assertThat(server.log).hasSize(before + 5);
    assertThat(server.log.subList(before, before + 5)).noneMatch(line -> line.contains("/blobs/"));
    serveTag("sha256:" + "a".repeat(64));
    assertThat(at(NOW).current(reference(server.reference()))).isEmpty();
    serveTag("../../etc/passwd");
    assertThat(at(NOW).current(reference(server.reference()))).isEmpty();
  }

  @Test
  void aTagOfAnIndexIsRememberedByTheIndex() throws Exception {
    byte[] index =
        Fixtures.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s","manifests":[
             {"mediaType":"%s","digest":"%s","size":%d,
              "platform":{"os":"linux","architecture":"amd64"}}]}\
            """
                .formatted(
                    MediaType.OCI_INDEX,
                    MediaType.OCI_MANIFEST,
                    Digest.sha256(server.manifest),
                    server.manifest.length));
    server.on(
        "/v2/app/manifests/1",
        exchange -> {
          exchange
              .getResponseHeaders()
              .set("Docker-Content-Digest", Digest.sha256(index).toString());
          FakeRegistry.answer(exchange, 200, index, MediaType.OCI_INDEX);
        });
    ImageId id = fetch(server.reference());
    assertThat(at(NOW).current(reference(server.reference()))).contains(id);
    Fetcher arm = new Fetcher(store, options().withPlatform("linux", "arm64", ""), clock(NOW));
    assertThat(arm.current(reference(server.reference())))
        .as("what was chosen for another platform")
        .isEmpty();
  }

  @Test
  void aDigestNeedsNoRegistry() throws Exception {
    String text = "docker://" + server.authority() + "/app@" + Digest.sha256(server.manifest);
    ImageId id = fetch(text);
    long before = server.log.size();
    assertThat(at(NOW).current(reference(text))).contains(id);
    assertThat(server.log).hasSize((int) before);
  }

  @Test
  void anImageWithoutAnIndexIsCurrentForItsOwnPlatformAlone() throws Exception {
    String digest = Digest.sha256(server.manifest).toString();
    serveTag(digest);
    Fetcher arm = new Fetcher(store, options().withPlatform("linux", "arm64", ""), clock(NOW));
    for (String text :
        List.of(server.reference(), "docker://" + server.authority() + "/app@" + digest)) {
      ImageId id = fetch(text);
      assertThat(at(NOW).current(reference(text))).contains(id);
      assertThat(arm.current(reference(text))).isEmpty();
      assertThatThrownBy(() -> arm.fetch(reference(text)))
          .hasMessageEndingWith(" is made for linux/amd64, not for linux/arm64/v8");
    }
  }

  @Test
  void whatWasNeverFetchedIsNotCurrent() throws Exception {
    assertThat(at(NOW).current(reference(aciUrl()))).isEmpty();
    assertThat(asked).isEmpty();
  }

  private void serveTag(String digest) {
    server.on(
        "/v2/app/manifests/1",
        exchange -> {
          exchange.getResponseHeaders().set("Docker-Content-Digest", digest);
          FakeRegistry.answer(exchange, 200, server.manifest, MediaType.OCI_MANIFEST);
        });
  }

  private String aciUrl() {
    return "http://" + server.authority() + "/app.aci";
  }

  private ImageRef reference(String text) throws Exception {
    return ImageRef.parse(text, directory);
  }

  private ImageId fetch(String text) throws Exception {
    try (Fetched fetched = at(NOW).fetch(reference(text))) {
      fetched.commit(false, Map.of());
      return fetched.image().id();
    }
  }

  private Fetcher at(Instant now) {
    return new Fetcher(store, options(), clock(now));
  }

  private static FetchOptions options() {
    return FetchOptions.of(Map.of()).withInsecure(true, false).withPatience(Fixtures.BRISK);
  }

  private static Clock clock(Instant now) {
    return Clock.fixed(now, ZoneOffset.UTC);
  }
}
