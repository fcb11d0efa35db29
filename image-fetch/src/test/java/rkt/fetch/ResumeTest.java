package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.store.Store;

/** Downloads that break, and servers that fail now and then. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class ResumeTest {
  private static final int SIZE = 300_000;

  @TempDir Path directory;
  private final Random random = new Random(4);
  private final AtomicLong sent = new AtomicLong();
  private byte[] layer;
  private FakeRegistry registry;
  private String blob;
  private int stores;

  @BeforeEach
  void start() throws Exception {
    layer = new byte[SIZE];
    random.nextBytes(layer);
    registry = new FakeRegistry(layer);
    blob = FakeRegistry.blob(layer);
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  /** Sends what is asked for, from where it is asked for, and breaks off {@code after} bytes. */
  private void serve(HttpExchange exchange, byte[] all, int after) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = 0;
    if (range != null) {
      from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (all.length - 1) + "/" + all.length);
    }
    exchange.sendResponseHeaders(range == null ? 200 : 206, all.length - from);
    int count = Math.min(after, all.length - from);
    exchange.getResponseBody().write(all, from, count);
    exchange.getResponseBody().flush();
    sent.addAndGet(count);
    if (count < all.length - from) {
      throw new IOException("cut");
    }
    exchange.close();
  }

  @Test
  void aCutAnywhereIsResumedAtTheNextByte() throws Exception {
    for (int i = 0; i < 25; i++) {
      int offset = i == 0 ? 0 : i == 1 ? SIZE - 1 : random.nextInt(SIZE);
      AtomicInteger calls = new AtomicInteger();
      registry.on(
          blob, exchange -> serve(exchange, layer, calls.incrementAndGet() == 1 ? offset : SIZE));
      sent.set(0);
      fetch();
      assertThat(calls).as("cut after %d", offset).hasValue(2);
      assertThat(sent).as("cut after %d", offset).hasValue(SIZE);
    }
  }

  @Test
  void anAnswerThatIsCutAgainAndAgainIsPutTogether() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    registry.on(
        blob, exchange -> serve(exchange, layer, calls.incrementAndGet() <= 4 ? 70_000 : SIZE));
    fetch();
    assertThat(sent).hasValue(SIZE);
  }

  @Test
  void aServerThatKnowsNoRangesSendsItAllAgain() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    registry.on(
        blob,
        exchange -> {
          exchange.sendResponseHeaders(200, SIZE);
          exchange.getResponseBody().write(layer, 0, calls.incrementAndGet() == 1 ? 1000 : SIZE);
          exchange.getResponseBody().flush();
          exchange.close();
        });
    fetch();
    assertThat(calls).hasValue(2);
  }

  @Test
  void aPartThatIsTooShortIsContinued() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    registry.on(
        blob,
        exchange -> {
          if (calls.incrementAndGet() != 2) {
            serve(exchange, layer, calls.get() == 1 ? 1000 : SIZE);
            return;
          }
          exchange.getResponseHeaders().set("Content-Range", "bytes 1000-1999/" + SIZE);
          exchange.sendResponseHeaders(206, 1000);
          exchange.getResponseBody().write(layer, 1000, 1000);
          exchange.close();
        });
    fetch();
    assertThat(calls).hasValue(3);
  }

  @Test
  void anotherPartThanTheOneAskedForIsNotTaken() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    registry.on(
        blob,
        exchange -> {
          if (calls.incrementAndGet() != 2) {
            serve(exchange, layer, calls.get() == 1 ? 1000 : SIZE);
            return;
          }
          exchange.getResponseHeaders().set("Content-Range", "bytes 0-999/" + SIZE);
          exchange.sendResponseHeaders(206, SIZE - 1000);
          exchange.getResponseBody().write(layer, 0, SIZE - 1000);
          exchange.close();
        });
    fetch();
    assertThat(calls).as("it began again").hasValue(3);
  }

  @Test
  void bitFlipsAreRefusedAndNotTriedAgain() throws Exception {
    for (int i = 0; i < 20; i++) {
      byte[] flipped = layer.clone();
      int bit = random.nextInt(8 * SIZE);
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      AtomicInteger calls = new AtomicInteger();
      registry.on(
          blob,
          exchange -> {
            calls.incrementAndGet();
            serve(exchange, flipped, SIZE);
          });
      refused(ErrorClass.INTEGRITY);
      assertThat(calls).hasValue(1);
    }
  }

  @Test
  void whatChangesWhileItIsDownloadedIsBegunAgain() throws Exception {
    byte[] first = Fixtures.aci();
    byte[] second =
        new Fixtures.Tar().file("manifest", Fixtures.MANIFEST).directory("rootfs").bytes();
    AtomicInteger calls = new AtomicInteger();
    registry.on(
        "/app.aci",
        exchange -> {
          boolean isFirst = calls.incrementAndGet() == 1;
          exchange.getResponseHeaders().set("ETag", isFirst ? "\"1\"" : "\"2\"");
          assertThat(exchange.getRequestHeaders().getFirst("If-Range"))
              .isEqualTo(calls.get() == 2 ? "\"1\"" : null);
          byte[] body = isFirst ? first : second;
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body, 0, isFirst ? 700 : body.length);
          exchange.getResponseBody().flush();
          exchange.close();
        });
    try (Fetched fetched = fetchAci()) {
      assertThat(fetched.signedBytes()).hasBinaryContent(second);
    }
    assertThat(calls).hasValue(3);
  }

  @Test
  void anAciIsResumedIfItsServerNamesItsState() throws Exception {
    byte[] aci = Fixtures.aci();
    for (boolean marked : new boolean[] {true, false}) {
      AtomicInteger calls = new AtomicInteger();
      sent.set(0);
      registry.on(
          "/app.aci",
          exchange -> {
            exchange.getResponseHeaders().set("ETag", marked ? "\"1\"" : "W/\"1\"");
            serve(exchange, aci, calls.incrementAndGet() == 1 ? 700 : aci.length);
          });
      try (Fetched fetched = fetchAci()) {
        assertThat(fetched.signedBytes()).hasBinaryContent(aci);
      }
      assertThat(sent).hasValue(marked ? aci.length : aci.length + 700);
    }
  }

  @Test
  void aServerThatFailsOneTimeInFiveIsNoTrouble() throws Exception {
    for (String path :
        new String[] {"/v2/app/manifests/1", FakeRegistry.blob(registry.config), blob}) {
      registry.flaky(path);
    }
    for (int i = 0; i < 60; i++) {
      fetch();
    }
  }

  @Test
  void resetsAreForgiven() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      AtomicInteger connections = new AtomicInteger();
      Thread.ofPlatform().daemon().start(() -> resetThenServe(socket, connections, 3));
      String text = "http://127.0.0.1:" + socket.getLocalPort() + "/app.aci";
      try (Fetched fetched = fetcher(newStore()).fetch(ImageRef.parse(text, directory))) {
        assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
      }
      assertThat(connections.get()).isGreaterThan(3);
    }
  }

  private static void resetThenServe(ServerSocket socket, AtomicInteger connections, int resets) {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept()) {
        if (connections.incrementAndGet() <= resets) {
          connection.setSoLinger(true, 0);
          continue;
        }
        byte[] request = new byte[4096];
        int read = connection.getInputStream().read(request);
        String line = new String(request, 0, Math.max(0, read), StandardCharsets.ISO_8859_1);
        boolean signature = line.startsWith("GET /app.aci.asc");
        byte[] body = signature ? new byte[0] : Fixtures.aci();
        String head =
            (signature ? "HTTP/1.1 404 Not Found" : "HTTP/1.1 200 OK")
                + "\r\nConnection: close\r\nContent-Length: "
                + body.length
                + "\r\n\r\n";
        connection.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
        connection.getOutputStream().write(body);
      } catch (IOException e) {
        assertThat(e).isNotNull(); // the other side went away, or the test is over
      }
    }
  }

  @Test
  void whatIsRefusedForGoodIsAskedForOnce() throws Exception {
    for (int status : new int[] {400, 403, 404, 410, 451, 501}) {
      AtomicInteger calls = new AtomicInteger();
      registry.on(
          blob,
          exchange -> {
            calls.incrementAndGet();
            FakeRegistry.answer(exchange, status, new byte[0], "text/plain");
          });
      try {
        fetch();
        throw new AssertionError("was fetched in spite of " + status);
      } catch (RktException e) {
        assertThat(calls).as("status %d: %s", status, e.getMessage()).hasValue(1);
      }
    }
  }

  private Store newStore() {
    return Store.at(directory.resolve("data-" + ++stores));
  }

  private Fetcher fetcher(Store store) {
    return new Fetcher(
        store, FetchOptions.of(Map.of()).withInsecure(true, false).withPatience(Fixtures.BRISK));
  }

  /** Fetches the image into a store of its own, and looks at the layer there. */
  private void fetch() throws Exception {
    Store store = newStore();
    try (Fetched fetched = fetcher(store).fetch(ImageRef.parse(registry.reference(), directory))) {
      fetched.commit(false, Map.of());
      byte[] stored = Files.readAllBytes(store.blob(Digest.sha256(layer)));
      assertThat(Arrays.equals(stored, layer)).isTrue();
    }
  }

  private Fetched fetchAci() throws Exception {
    String text = "http://" + registry.authority() + "/app.aci";
    return fetcher(newStore()).fetch(ImageRef.parse(text, directory));
  }

  private void refused(ErrorClass expected) throws Exception {
    Store store = newStore();
    store.begin().close();
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = fetcher(store).fetch(ImageRef.parse(registry.reference(), directory))) {
      throw new AssertionError("was fetched: " + fetched.image());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
    }
  }
}
