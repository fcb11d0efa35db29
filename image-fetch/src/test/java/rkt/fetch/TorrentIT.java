package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.fetch.transport.Surroundings;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.store.Store;

/** A torrent that aria2 shares on this machine, with a tracker in this process. */
@Tag("privileged")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class TorrentIT {
  private static final int PIECE = 16 << 10;
  private static final Path PROGRAMS = Path.of("../rkt-cli/src/main/libexec").toAbsolutePath();

  @TempDir Path home;
  private FakeRegistry server;
  private Process seeder;
  private int port;
  private byte[] aci;
  private byte[] info;
  private Store store;

  @BeforeEach
  void share() throws Exception {
    byte[] noise = new byte[300_000];
    new Random(1).nextBytes(noise);
    aci =
        new Fixtures.Tar()
            .file("manifest", Fixtures.MANIFEST)
            .directory("rootfs")
            .file("rootfs/noise", HexFormat.of().formatHex(noise))
            .bytes();
    Path shared = Files.createDirectories(home.resolve("shared"));
    Files.write(shared.resolve("app.aci"), aci);
    server = new FakeRegistry();
    info = info("app.aci", aci);
    byte[] torrent = join("d8:announce", string(tracker()), "4:info", info, "e");
    Files.write(home.resolve("app.torrent"), torrent);
    server.serve("/app.aci.torrent", torrent, "application/x-bittorrent");
    server.serve("/app.aci.asc", Fixtures.utf8("a signature"), "text/plain");
    port = freePort();
    server.on(
        "/announce",
        exchange ->
            FakeRegistry.answer(
                exchange,
                200,
                join(
                    "d8:intervali5e5:peers6:",
                    new byte[] {127, 0, 0, 1, (byte) (port >> 8), (byte) port},
                    "e"),
                "text/plain"));
    seeder =
        new ProcessBuilder(
                "aria2c",
                "--no-conf",
                "--quiet",
                "--dir=" + shared,
                "--check-integrity=true",
                "--seed-ratio=0.0",
                "--seed-time=30",
                "--enable-dht=false",
                "--bt-enable-lpd=false",
                "--interface=127.0.0.1",
                "--listen-port=" + port,
                home.resolve("app.torrent").toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("seeder.log").toFile())
            .start();
    awaitPort();
    store = Store.at(home.resolve("data"));
    store.begin().close();
  }

  @AfterEach
  void stop() throws Exception {
    seeder.destroyForcibly().waitFor();
    server.close();
  }

  private String tracker() {
    return "http://" + server.authority() + "/announce";
  }

  private void awaitPort() throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(socket.isConnected()).isTrue();
        return;
      } catch (IOException e) {
        assertThat(System.nanoTime()).as("the seeder listens").isLessThan(end);
        assertThat(seeder.isAlive()).as(Files.readString(home.resolve("seeder.log"))).isTrue();
        Thread.sleep(50);
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      return socket.getLocalPort();
    }
  }

  private static byte[] string(String text) {
    byte[] bytes = Fixtures.utf8(text);
    return join(bytes.length + ":", bytes);
  }

  private static byte[] join(Object... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (Object part : parts) {
      all.writeBytes(part instanceof byte[] bytes ? bytes : Fixtures.utf8(part.toString()));
    }
    return all.toByteArray();
  }

  private static byte[] info(String name, byte[] content) throws Exception {
    ByteArrayOutputStream pieces = new ByteArrayOutputStream();
    for (int at = 0; at < content.length; at += PIECE) {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      sha1.update(content, at, Math.min(PIECE, content.length - at));
      pieces.writeBytes(sha1.digest());
    }
    return join(
        "d6:lengthi" + content.length + "e4:name",
        string(name),
        "12:piece lengthi" + PIECE + "e6:pieces" + pieces.size() + ":",
        pieces.toByteArray(),
        "e");
  }

  @Test
  void anImageComesFromItsPeersWithTheSignatureFromItsServer() throws Exception {
    String url = "http://" + server.authority() + "/app.aci.torrent";
    try (Fetched fetched = fetcher(Duration.ZERO).fetch(reference(url))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(aci);
      assertThat(fetched.signature()).get().isEqualTo(Fixtures.utf8("a signature"));
    }
    assertThat(home.resolve("data/store/tmp")).isEmptyDirectory();
  }

  @Test
  void aMagnetIsEnough() throws Exception {
    String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(info));
    String url = "magnet:?xt=urn:btih:" + hash + "&dn=app.aci&tr=" + tracker().replace("/", "%2F");
    try (Fetched fetched = fetcher(Duration.ZERO).fetch(reference(url))) {
      assertThat(fetched.signedBytes()).hasBinaryContent(aci);
      assertThat(fetched.signature()).isEmpty();
    }
  }

  @Test
  void aDiscoveredNameMayLeadToATorrent() throws Exception {
    server.serve(
        "/app",
        Fixtures.utf8(
            "<head><meta name='ac-discovery' content='example.com/app http://"
                + server.authority()
                + "/app.{ext}.torrent'></head>"),
        "text/html");
    try (Fetched fetched = fetcher(Duration.ZERO).fetch(reference("example.com/app:1.0.0"))) {
      assertThat(fetched.image().name().text()).isEqualTo("example.com/app");
      assertThat(fetched.signature()).isPresent();
    }
  }

  @Test
  void anImageIsSharedUntilItIsClosed() throws Exception {
    String url = "http://" + server.authority() + "/app.aci.torrent";
    try (Fetched fetched = fetcher(Duration.ofMinutes(5)).fetch(reference(url))) {
      fetched.commit(true, Map.of());
      assertThat(descendants()).as("aria2 goes on").isPositive();
      fetched.share(Duration.ofMillis(10));
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (descendants() > 0) {
      assertThat(System.nanoTime()).as("aria2 ends").isLessThan(end);
      Thread.sleep(50);
    }
    assertThat(store.find("example.com/app:1.0.0")).isPresent();
    assertThat(home.resolve("data/store/tmp")).isEmptyDirectory();
  }

  private long descendants() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.pid() != seeder.pid() && process.isAlive())
        .count();
  }

  @Test
  void aTorrentOfOtherBytesThanItPromisesBringsNothing() throws Exception {
    byte[] other = aci.clone();
    other[PIECE + 1] ^= 1;
    byte[] wrong = join("d8:announce", string(tracker()), "4:info", info("app.aci", other), "e");
    server.serve("/app.aci.torrent", wrong, "application/x-bittorrent");
    refused("http://" + server.authority() + "/app.aci.torrent", ErrorClass.NETWORK);
    server.serve("/app.aci.torrent", Arrays.copyOf(wrong, 100), "application/x-bittorrent");
    refused("http://" + server.authority() + "/app.aci.torrent", ErrorClass.NETWORK);
  }

  private void refused(String url, ErrorClass expected) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = fetcher(Duration.ZERO).fetch(reference(url))) {
      throw new AssertionError("was fetched: " + fetched.image());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
    }
  }

  private ImageRef reference(String text) throws Exception {
    return ImageRef.parse(text, home);
  }

  private Fetcher fetcher(Duration seed) {
    Map<String, String> environment =
        Map.of(
            "PATH",
            Objects.requireNonNull(System.getenv("PATH")),
            "http_proxy",
            "http://" + server.authority(),
            "no_proxy",
            "127.0.0.1",
            "RKT_TORRENT_OPTIONS",
            "--enable-dht=false --interface=127.0.0.1 --bt-stop-timeout=5");
    return new Fetcher(
        store,
        FetchOptions.of(environment)
            .withInsecure(true, false)
            .withSeed(seed)
            .withSurroundings(
                new Surroundings(environment, home.resolve("etc"), List.of(), List.of(PROGRAMS))));
  }
}
