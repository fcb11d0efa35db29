package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.fetch.transport.Patience;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.store.Store;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class RegistryFetchTest {
  private static final String PASSWORD = "hunter2-the-password";
  private static final String BASIC =
      "Basic "
          + Base64.getEncoder()
              .encodeToString(("user:" + PASSWORD).getBytes(StandardCharsets.UTF_8));

  @TempDir Path directory;
  private Patience patience = Fixtures.BRISK;
  private FakeRegistry registry;
  private Store store;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void start() throws Exception {
    registry = new FakeRegistry();
    store = Store.at(directory.resolve("data"));
    store.begin().close();
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  @Test
  void anImageIsFetchedByTagAndFoundUnderIt() throws Exception {
    ImageId id = fetch();
    assertThat(id.digest()).isEqualTo(Digest.sha256(registry.manifest));
    assertThat(store.find(registry.authority() + "/app:1")).contains(id);
    assertThat(Files.readAllBytes(store.blob(Digest.sha256(registry.layer))))
        .isEqualTo(registry.layer);
  }

  @Test
  void nothingIsSeenBeforeTheCommit() throws Exception {
    try (Fetched fetched = fetcher().fetch(reference(registry.reference()))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(registry.manifest);
      assertThat(store.list()).isEmpty();
    }
    assertThat(directory.resolve("data/store/tmp")).isEmptyDirectory();
  }

  @Test
  void aSecondFetchDownloadsNoBlobAgain() throws Exception {
    fetch();
    fetch();
    assertThat(registry.requests(FakeRegistry.blob(registry.layer))).isEqualTo(1);
  }

  @Test
  void anIndexIsFollowedToTheImageOfThisPlatform() throws Exception {
    registry.serve(
        "/v2/app/manifests/all",
        Fixtures.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s","manifests":[
             {"mediaType":"%s","digest":"sha256:%s","size":3,
              "platform":{"os":"linux","architecture":"s390x"}},
             {"mediaType":"%s","digest":"%s","size":%d,
              "platform":{"os":"linux","architecture":"amd64"}}]}\
            """
                .formatted(
                    MediaType.OCI_INDEX,
                    MediaType.OCI_MANIFEST,
                    "0".repeat(64),
                    MediaType.OCI_MANIFEST,
                    Digest.sha256(registry.manifest),
                    registry.manifest.length)),
        MediaType.OCI_INDEX);
    String text = "docker://" + registry.authority() + "/app:all";
    assertThat(fetch(text).digest()).isEqualTo(Digest.sha256(registry.manifest));
  }

  @Test
  void anAciInARegistryIsTheFileAndNothingElse() throws Exception {
    byte[] aci = Fixtures.aci();
    registry.serve(FakeRegistry.blob(aci), aci, "application/octet-stream");
    String text = "docker://" + registry.authority() + "/app:aci";
    String layer = layer(MediaType.ACI_LAYER, aci, aci.length);
    artifact(layer);
    ImageId id = fetch(text);
    assertThat(id.kind()).isEqualTo(ImageId.Kind.ACI);
    assertThat(store.image(id).name()).hasToString("example.com/app");
    assertThat(store.find(registry.authority() + "/app:aci")).contains(id);
    assertThat(store.find("example.com/app:1.0.0")).contains(id);
    fetch(text);
    assertThat(registry.requests(FakeRegistry.blob(aci))).isEqualTo(1);

    store = Store.at(directory.resolve("other"));
    store.begin().close();
    artifact(layer + "," + layer);
    refused(text, ErrorClass.INTEGRITY);
    artifact(layer(MediaType.OCI_LAYER, aci, aci.length));
    refused(text, ErrorClass.INTEGRITY);
    artifact(layer(MediaType.ACI_LAYER, aci, aci.length - 1));
    refused(text, ErrorClass.INTEGRITY);
    byte[] changed = aci.clone();
    changed[aci.length / 2] ^= 1;
    registry.serve(FakeRegistry.blob(aci), changed, "application/octet-stream");
    artifact(layer);
    refused(text, ErrorClass.INTEGRITY);
    byte[] none = Fixtures.utf8("no ACI");
    registry.serve(FakeRegistry.blob(none), none, "application/octet-stream");
    artifact(layer(MediaType.ACI_LAYER, none, none.length));
    refused(text, ErrorClass.INTEGRITY);
  }

  private static String layer(String type, byte[] bytes, int size) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(type, Digest.sha256(bytes), size);
  }

  /** What {@code rkt image push} makes of an ACI. */
  private void artifact(String layers) {
    byte[] manifest =
        Fixtures.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s","artifactType":"%s",
             "config":%s,"layers":[%s]}\
            """
                .formatted(
                    MediaType.OCI_MANIFEST,
                    MediaType.ACI,
                    layer(MediaType.ACI_MANIFEST, Fixtures.utf8(Fixtures.MANIFEST), 7),
                    layers));
    registry.serve("/v2/app/manifests/aci", manifest, MediaType.OCI_MANIFEST);
  }

  @Test
  void aTokenIsFetchedWithThePasswordAndSentToTheRegistryOnly() throws Exception {
    login(registry.authority());
    guardAll("http://" + registry.authority() + "/token");
    registry.on(
        "/token",
        exchange ->
            FakeRegistry.answer(
                exchange, 200, Fixtures.utf8("{\"token\":\"t0ken\"}"), "application/json"));
    try (FakeRegistry elsewhere = new FakeRegistry()) {
      registry.on(
          FakeRegistry.blob(registry.layer),
          FakeRegistry.redirect("http://" + elsewhere.authority() + "/hop"));
      String back = "http://" + registry.authority() + "/back";
      elsewhere.on("/hop", FakeRegistry.redirect(back));
      registry.serve("/back", registry.layer, "application/octet-stream");
      fetch();
      assertThat(elsewhere.log).containsExactly("/hop -");
      assertThat(registry.log)
          .contains("/token " + BASIC, "/v2/app/manifests/1 Bearer t0ken", "/back -");
    }
  }

  @Test
  void aForeignRealmIsRefusedAndSeesNoPassword() throws Exception {
    login(registry.authority());
    for (String realm :
        new String[] {
          "http://127.0.0.2:9/token",
          "http://169.254.169.254/latest",
          "https://stranger.example.com/token",
          "file:///etc/passwd",
          "http://user:pass@127.0.0.1/"
        }) {
      guardAll(realm);
      refused(ErrorClass.NETWORK);
    }
    assertThat(registry.log).noneMatch(line -> line.contains("Basic"));
  }

  @Test
  void aBasicChallengeGetsThePassword() throws Exception {
    login(registry.authority());
    registry.guard("/v2/app/manifests/1", BASIC, "Basic realm=\"registry\"");
    fetch();
    assertThat(registry.log).contains("/v2/app/manifests/1 " + BASIC);
  }

  @Test
  void aLoginForAnotherHostIsNeverUsed() throws Exception {
    login("other.example.com");
    registry.guard("/v2/app/manifests/1", BASIC, "Basic realm=\"registry\"");
    assertThat(refused(ErrorClass.NETWORK).fix()).contains("docker login");
    assertThat(registry.log).noneMatch(line -> line.contains("Basic"));
  }

  @Test
  void aBlobWithOtherBytesIsRefused() throws Exception {
    registry.serve(
        FakeRegistry.blob(registry.layer),
        Fixtures.utf8("a layer, which no fetch looks int0"),
        "application/octet-stream");
    assertThat(refused(ErrorClass.INTEGRITY)).hasMessageContaining("arrived as");
  }

  @Test
  void aManifestAskedForByDigestMustHaveIt() throws Exception {
    String digest = "sha256:" + "a".repeat(64);
    registry.serve("/v2/app/manifests/" + digest, registry.manifest, MediaType.OCI_MANIFEST);
    refused("docker://" + registry.authority() + "/app@" + digest, ErrorClass.INTEGRITY);
  }

  @Test
  void aBodyThatNeverEndsIsStoppedAtTheDeclaredSize() throws Exception {
    AtomicLong sent = new AtomicLong();
    registry.on(
        FakeRegistry.blob(registry.layer),
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream out = exchange.getResponseBody()) {
            for (int i = 0; i < 1 << 14; i++) {
              out.write(new byte[1 << 16]);
              sent.addAndGet(1 << 16);
            }
          }
        });
    refused(ErrorClass.INTEGRITY);
    assertThat(sent.get()).isLessThan(64 << 20); // what the sockets hold, of 1 GiB
  }

  @Test
  void aBodyOfAnotherLengthIsRefusedBeforeItIsRead() throws Exception {
    registry.serve("/v2/app/manifests/1", registry.manifest(7), MediaType.OCI_MANIFEST);
    assertThat(refused(ErrorClass.INTEGRITY)).hasMessageContaining("the manifest says 7");
  }

  @Test
  void aCutIsTriedFiveTimes() throws Exception {
    registry.on(
        FakeRegistry.blob(registry.layer),
        exchange -> {
          exchange.sendResponseHeaders(200, registry.layer.length);
          exchange.getResponseBody().write(registry.layer, 0, 5);
          exchange.getResponseBody().flush();
          throw new IOException("cut");
        });
    assertThat(refused(ErrorClass.NETWORK)).hasMessageContaining("tried 5 times");
    assertThat(registry.requests(FakeRegistry.blob(registry.layer))).isEqualTo(5);
  }

  @Test
  void aServerThatRecoversIsForgiven() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    registry.on(
        FakeRegistry.blob(registry.layer),
        exchange -> {
          switch (calls.incrementAndGet()) {
            case 1 -> FakeRegistry.answer(exchange, 503, new byte[0], "text/plain");
            case 2 -> {
              exchange.getResponseHeaders().set("Retry-After", "1");
              FakeRegistry.answer(exchange, 429, new byte[0], "text/plain");
            }
            default -> FakeRegistry.answer(exchange, 200, registry.layer, "text/plain");
          }
        });
    long start = System.nanoTime();
    fetch();
    assertThat(calls).hasValue(3);
    assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000L);
  }

  @Test
  void whatIsNotThereIsAskedForOnce() throws Exception {
    refused("docker://" + registry.authority() + "/app:none", ErrorClass.NOT_FOUND);
    assertThat(registry.requests("/v2/app/manifests/none")).isEqualTo(1);
  }

  @Test
  void aBodyThatStallsEndsTheFetch() throws Exception {
    patience = Fixtures.HASTY_BODY;
    registry.on(
        FakeRegistry.blob(registry.layer),
        exchange -> {
          exchange.sendResponseHeaders(200, registry.layer.length);
          exchange.getResponseBody().write(1);
          exchange.getResponseBody().flush();
          sleep(60_000);
        });
    refused(ErrorClass.NETWORK);
    assertThat(registry.requests(FakeRegistry.blob(registry.layer))).isEqualTo(1);
  }

  @Test
  void aBodyThatTricklesEndsTheFetch() throws Exception {
    patience = Fixtures.HASTY_BODY;
    registry.on(
        FakeRegistry.blob(registry.layer),
        exchange -> {
          exchange.sendResponseHeaders(200, registry.layer.length);
          for (byte b : registry.layer) {
            exchange.getResponseBody().write(b);
            exchange.getResponseBody().flush();
            sleep(100);
          }
        });
    assertThat(refused(ErrorClass.NETWORK)).hasMessageContaining("bytes came in");
  }

  @Test
  void aHeaderThatTricklesEndsTheFetch() throws Exception {
    patience = Fixtures.HASTY;
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread trickler = new Thread(() -> trickle(server));
      trickler.setDaemon(true);
      trickler.start();
      String text = "docker://127.0.0.1:" + server.getLocalPort() + "/app:1";
      assertThat(refused(text, ErrorClass.NETWORK)).hasMessageContaining("to answer");
    }
  }

  @Test
  void redirectsHaveAnEnd() throws Exception {
    registry.on(
        FakeRegistry.blob(registry.layer),
        FakeRegistry.redirect(
            "http://" + registry.authority() + FakeRegistry.blob(registry.layer)));
    assertThat(refused(ErrorClass.NETWORK)).hasMessageContaining("redirects more than 5 times");
    assertThat(registry.requests(FakeRegistry.blob(registry.layer))).isEqualTo(6);
  }

  @Test
  void theContentTypeMustAgreeWithTheDocument() throws Exception {
    registry.serve("/v2/app/manifests/1", registry.manifest, MediaType.DOCKER_MANIFEST);
    refused(ErrorClass.INTEGRITY);
    registry.serve("/v2/app/manifests/1", registry.manifest, MediaType.OCI_INDEX);
    refused(ErrorClass.INTEGRITY);
    registry.serve("/v2/app/manifests/1", registry.manifest, "text/html");
    refused(ErrorClass.INTEGRITY);
  }

  @Test
  void aBodyInAnEncodingThatNobodyAskedForIsRefused() throws Exception {
    registry.on(
        FakeRegistry.blob(registry.layer),
        exchange -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          FakeRegistry.answer(exchange, 200, registry.layer, "text/plain");
        });
    refused(ErrorClass.NETWORK);
  }

  @Test
  void plainHttpIsNotSpokenUnlessAllowed() throws Exception {
    FetchOptions secure = FetchOptions.of(environment).withPatience(Fixtures.HASTY);
    assertThatThrownBy(() -> new Fetcher(store, secure).fetch(reference(registry.reference())))
        .isInstanceOf(RktException.class);
    assertThat(registry.log).isEmpty();
  }

  private ImageId fetch() throws Exception {
    return fetch(registry.reference());
  }

  private ImageId fetch(String text) throws Exception {
    try (Fetched fetched = fetcher().fetch(reference(text))) {
      ImageId id = fetched.image().id();
      fetched.commit(false, Map.of());
      return id;
    }
  }

  private RktException refused(ErrorClass expected) throws Exception {
    return refused(registry.reference(), expected);
  }

  /** Fetching must fail in this way, leave the store as it was, and tell no secret. */
  private RktException refused(String text, ErrorClass expected) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = fetcher().fetch(reference(text))) {
      throw new AssertionError("was fetched: " + fetched.image());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      assertThat(e.getMessage() + e.fix()).doesNotContain(PASSWORD).doesNotContain("t0ken");
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
      return e;
    }
  }

  private Fetcher fetcher() {
    return new Fetcher(
        store, FetchOptions.of(environment).withInsecure(true, false).withPatience(patience));
  }

  private ImageRef reference(String text) throws Exception {
    return ImageRef.parse(text, directory);
  }

  private void login(String host) throws IOException {
    String auth = BASIC.substring("Basic ".length());
    Files.writeString(
        directory.resolve("config.json"),
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(host, auth));
    environment.put("DOCKER_CONFIG", directory.toString());
  }

  private void guardAll(String realm) {
    String challenge = "Bearer realm=\"" + realm + "\",service=\"a,b\"";
    registry.serve("/v2/app/manifests/1", registry.manifest, MediaType.OCI_MANIFEST);
    registry.guard("/v2/app/manifests/1", "Bearer t0ken", challenge);
  }

  private static void trickle(ServerSocket server) {
    try (Socket socket = server.accept()) {
      for (byte b : Fixtures.utf8("HTTP/1.1 200 OK\r\nX: " + "x".repeat(1000))) {
        socket.getOutputStream().write(b);
        socket.getOutputStream().flush();
        sleep(50);
      }
    } catch (IOException e) {
      return; // the client gave up, as it should
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
