package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Running;
import rkt.tests.Scale;

/** Many commands at once in one data directory. */
@Tag("crash")
@TestInstance(Lifecycle.PER_CLASS)
class ConcurrentFetchCrashIT {
  private static final int PROCESSES = Scale.of(8, 32);
  private static final int ROUNDS = Scale.of(1, 20);
  private static final int RUNNERS = Scale.of(2, 8);
  private static final int STARTS = Scale.of(5, 250);
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Less than the 30 seconds for which rkt waits for an answer. */
  private static final Duration HOLD = Duration.ofSeconds(15);

  private static final String BLOBS = "\"GET /v2/team/app0/blobs/";
  private static final String BYPASS = "--insecure-options=image,http";

  private Rkt rkt;
  private Registry registry;
  private final List<String> digests = new ArrayList<>();

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    registry = Registry.plain(rkt.home().resolve("registry"));
    Random random = new Random(1);
    for (int i = 0; i < 2; i++) {
      byte[] noise = new byte[4 << 20];
      random.nextBytes(noise);
      Path layout = rkt.home().resolve("layout-" + i);
      digests.add(
          OciImage.ordinary()
              .gzip(new OciImage.Tar().program("noise", noise).bytes())
              .write(layout, "1"));
      registry.push(layout, "1", "team/app" + i + ":1");
    }
  }

  @AfterAll
  void close() throws Exception {
    registry.close();
    rkt.close();
  }

  private String[] fetch(int image) {
    return new String[] {BYPASS, "fetch", registry.reference("team/app" + image + ":1")};
  }

  @Test
  void manyFetchesOfOneImageShareTheWork() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Rkt here = rkt.withData(rkt.home().resolve("data-shared-" + round));
      int before = downloads().size();
      List<Callable<Result>> fetches = new ArrayList<>();
      for (int i = 0; i < PROCESSES; i++) {
        fetches.add(() -> here.call(fetch(0)).within(PATIENCE).run());
      }
      try (ExecutorService pool = Executors.newFixedThreadPool(PROCESSES)) {
        for (Future<Result> fetch : pool.invokeAll(fetches)) {
          Result result = fetch.get();
          assertThat(result.status()).as("%s", result).isZero();
          assertThat(result.out()).isEqualTo(digests.get(0) + "\n");
        }
      }
      List<String> sent = downloads().subList(before, downloads().size());
      List<Path> blobs = files(here.data().resolve("store/blobs/sha256"));
      assertThat(sent).doesNotHaveDuplicates().hasSizeGreaterThan(2);
      assertThat(blobs).as("the manifest, and each blob once").hasSize(sent.size() + 1);
      assertThat(here.ok("image", "verify").out()).isEqualTo(digests.get(0) + " intact\n");
      here.assertNothingIsLeftAfterGc();
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  /** The digests of the blobs that the registry sent, each as often as it did. */
  private List<String> downloads() throws IOException {
    return registry
        .log()
        .lines()
        .filter(line -> line.contains(BLOBS))
        .map(line -> line.substring(line.indexOf(BLOBS) + BLOBS.length()))
        .map(line -> line.substring(0, line.indexOf(' ')))
        .toList();
  }

  @Test
  void manyFetchesOfOneAciShareTheWork() throws Exception {
    Path aci = Images.busybox().file("noise", 0644, new byte[1 << 20]).exec("/bin/sh").make();
    Rkt here = rkt.withData(rkt.home().resolve("data-aci"));
    Images.trust(here);
    List<Running> fetches = new ArrayList<>();
    AtomicInteger downloads = new AtomicInteger();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"1\"");
          boolean known = "\"1\"".equals(exchange.getRequestHeaders().getFirst("If-None-Match"));
          if (known || exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(known ? 304 : 200, -1);
          } else {
            String name = exchange.getRequestURI().getPath();
            if (name.endsWith(".aci")) {
              downloads.incrementAndGet();
              awaitThatAllUse(fetches, here.data().resolve("locks/store"));
            }
            byte[] file = Files.readAllBytes(aci.resolveSibling(name.substring(1)));
            exchange.sendResponseHeaders(200, file.length);
            exchange.getResponseBody().write(file);
          }
          exchange.close();
        });
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/" + aci.getFileName();
    try {
      synchronized (fetches) {
        for (int i = 0; i < PROCESSES; i++) {
          fetches.add(here.call("--insecure-options=http", "fetch", url).within(PATIENCE).start());
        }
      }
      Set<String> ids = new HashSet<>();
      for (Running fetch : fetches) {
        Result result = fetch.await();
        assertThat(result.status()).as("%s", result).isZero();
        ids.add(result.out());
      }
      assertThat(ids).hasSize(1);
      assertThat(downloads).hasValue(1);
    } finally {
      fetches.forEach(Running::close);
      server.stop(0);
    }
    here.ok("image", "verify");
    here.assertNothingIsLeftAfterGc();
  }

  /**
   * Holds the first download until all have begun, so that they have something to wait for; not for
   * as long as would make who downloads ask again.
   */
  private static void awaitThatAllUse(List<Running> processes, Path file) throws IOException {
    long end = System.nanoTime() + HOLD.toNanos();
    synchronized (processes) {
      for (Running process : processes) {
        while (process.isAlive() && !isOpen(process.pid(), file) && System.nanoTime() < end) {
          pause();
        }
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isOpen(long pid, Path file) throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        if (Files.exists(descriptor) && Files.isSameFile(descriptor, file)) {
          return true;
        }
      }
      return false;
    } catch (NoSuchFileException e) {
      return false; // it has ended, or closed that one
    }
  }

  @Test
  void collectingAndRemovingDisturbsNobody() throws Exception {
    Rkt here = rkt.withData(rkt.home().resolve("data-busy"));
    here.ok(fetch(0));
    String[] run = {BYPASS, "run", "--net=none", digests.get(0)};
    here.ok(run);
    AtomicBoolean done = new AtomicBoolean();
    List<Callable<Void>> disturbers =
        List.of(
            until(done, here, new String[] {"gc", "--grace-period=0"}),
            until(done, here, new String[] {"image", "gc", "--grace-period=1h"}),
            until(done, here, fetch(1), new String[] {"image", "rm", digests.get(1)}));
    List<Callable<Void>> runners = new ArrayList<>();
    for (int i = 0; i < RUNNERS; i++) {
      runners.add(() -> {
        for (int start = 0; start < STARTS; start++) {
          Result result = here.call(run).within(PATIENCE).run();
          assertThat(result.status()).as("start %d: %s", start, result).isZero();
          assertThat(result.out()).isEqualTo("words:usual words\n");
        }
        return null;
      });
    }
    try (ExecutorService pool = Executors.newCachedThreadPool()) {
      List<Future<Void>> disturbing = new ArrayList<>();
      disturbers.forEach(disturber -> disturbing.add(pool.submit(disturber)));
      try {
        for (Future<Void> runner : pool.invokeAll(runners)) {
          runner.get();
        }
      } finally {
        done.set(true);
      }
      for (Future<Void> disturber : disturbing) {
        disturber.get();
      }
    }
    here.ok("image", "verify");
    here.assertNothingIsLeftAfterGc();
  }

  /** Runs command lines one after the other, each of which has to succeed, again and again. */
  private static Callable<Void> until(AtomicBoolean done, Rkt rkt, String[]... lines) {
    return () -> {
      while (!done.get()) {
        for (String[] line : lines) {
          Result result = rkt.call(line).within(PATIENCE).run();
          assertThat(result.status()).as("%s", result).isZero();
        }
      }
      return null;
    };
  }
}
