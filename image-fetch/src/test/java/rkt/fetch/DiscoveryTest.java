package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

/** Appc names, with a proxy in this process that plays every host of the world. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class DiscoveryTest {
  private static final String IMAGE = "/files/example.com/app-1.0.0-linux-amd64.aci";
  private static final String TEMPLATE =
      "http://files.example.com/files/{name}-{version}-{os}-{arch}.{ext}";

  @TempDir Path directory;
  private FakeRegistry world;
  private Store store;

  @BeforeEach
  void start() throws Exception {
    world = new FakeRegistry();
    store = Store.at(directory.resolve("data"));
    store.begin().close();
    world.serve(IMAGE, Fixtures.aci(), "application/octet-stream");
    world.serve(IMAGE + ".asc", Fixtures.utf8("a signature"), "text/plain");
  }

  @AfterEach
  void stop() {
    world.close();
  }

  private static String meta(String name, String content) {
    return "<meta name=\"" + name + "\" content=\"" + content + "\">";
  }

  private void page(String path, String... tags) {
    String html = "<!doctype html><html><head><title>x</title>" + String.join("", tags) + "</head>";
    world.serve(path, Fixtures.utf8(html + "<body>hello</body></html>"), "text/html");
  }

  @Test
  void theImageComesFromWhereThePageOfItsNameSays() throws Exception {
    page("/app", meta("ac-discovery", "example.com/app " + TEMPLATE));
    try (Fetched fetched = fetcher().fetch(reference("example.com/app:1.0.0"))) {
      assertThat(fetched.signature()).get().isEqualTo(Fixtures.utf8("a signature"));
      assertThat(fetched.source()).isEqualTo("http://files.example.com" + IMAGE);
      fetched.commit(false, Map.of());
      assertThat(store.find("example.com/app:1.0.0")).contains(fetched.image().id());
      assertThat(store.find("example.com/app")).contains(fetched.image().id());
    }
  }

  @Test
  void thePagesAboveAreAskedWhereOneSaysNothing() throws Exception {
    page("/team/app", meta("ac-discovery", "example.com/other " + TEMPLATE));
    page("/", meta("ac-discovery", "example.com " + TEMPLATE));
    refused("example.com/team/app/x:1.0.0", ErrorClass.NOT_FOUND); // its file is not there
    List<String> pages = new ArrayList<>(world.log);
    pages.removeIf(line -> line.startsWith("/files"));
    assertThat(pages).containsExactly("/team/app/x -", "/team/app -", "/team -", "/ -");
  }

  @Test
  void aPrefixCoversWholeComponentsOnly() throws Exception {
    page(
        "/app",
        meta("ac-discovery", "example.com/ap " + TEMPLATE),
        meta("ac-discovery", "example.com/app/x " + TEMPLATE),
        meta("ac-discovery", "example.org " + TEMPLATE),
        meta("ac-discovery", "../../etc " + TEMPLATE),
        meta("ac-discovery", "example.com/app"));
    refused("example.com/app:1.0.0", ErrorClass.NOT_FOUND);
  }

  @Test
  void whatStandsInTheBodyIsNotBelieved() throws Exception {
    String tag = meta("ac-discovery", "example.com/app " + TEMPLATE);
    world.serve(
        "/app",
        Fixtures.utf8("<html><head></head><body><p>" + tag + "</p></body></html>"),
        "text/html");
    world.serve("/", Fixtures.utf8("<!-- " + tag + " --><title>" + tag + "</title>"), "text/html");
    refused("example.com/app:1.0.0", ErrorClass.NOT_FOUND);
  }

  @Test
  void aTemplateWithAVariableThatNobodyGaveIsSkipped() throws Exception {
    page(
        "/app",
        meta("ac-discovery", "example.com/app http://files.example.com/{colour}.{ext}"),
        meta("ac-discovery", "example.com/app http://files.example.com/{name"),
        meta("ac-discovery", "example.com/app http://files.example.com/no-extension.aci"),
        meta("ac-discovery", "example.com/app http://files.example.com/none/{name}.{ext}"),
        meta("ac-discovery", "example.com/app " + TEMPLATE));
    assertThat(fetch("example.com/app:1.0.0")).isNotNull();
    assertThat(world.log).contains("/none/example.com/app.aci -");
  }

  @Test
  void aLabelOfTheReferenceFillsItsVariable() throws Exception {
    page("/app", meta("ac-discovery", "example.com/app http://f.example.com/{colour}.{ext}"));
    refused("example.com/app,colour=red", ErrorClass.NOT_FOUND);
    assertThat(world.log).contains("/red.aci -", "/red.aci.asc -");
  }

  @Test
  void nameAndLabelsMustBeThoseOfTheManifest() throws Exception {
    page("/", meta("ac-discovery", "example.com http://files.example.com" + fixed()));
    assertThat(fetch("example.com/app:1.0.0,os=linux")).isNotNull();
    for (String other :
        new String[] {
          "example.com/other:1.0.0", "example.com/app:2.0.0", "example.com/app:1.0.0,colour=red"
        }) {
      refused(other, ErrorClass.TRUST);
    }
  }

  private static String fixed() {
    return IMAGE.substring(0, IMAGE.length() - "aci".length()) + "{ext}";
  }

  @Test
  void aPageMayMoveAndAServerMayRecover() throws Exception {
    page("/new", meta("ac-discovery", "example.com/app " + TEMPLATE));
    world.on("/app", FakeRegistry.redirect("http://www.example.com/new"));
    assertThat(fetch("example.com/app:1.0.0")).isNotNull();
    world.on("/app", exchange -> FakeRegistry.answer(exchange, 503, new byte[0], "text/plain"));
    refused("example.com/app:1.0.0", ErrorClass.NETWORK);
    assertThat(world.requests("/")).as("the page above is not asked instead").isZero();
  }

  @Test
  void aPageWithoutEndIsRefusedAndAMonstrousOneRead() throws Exception {
    world.serve("/app", new byte[2 << 20], "text/html");
    refused("example.com/app:1.0.0", ErrorClass.INTEGRITY);
    world.serve("/app", Fixtures.utf8("<div>".repeat(150_000)), "text/html");
    refused("example.com/app:1.0.0", ErrorClass.NOT_FOUND);
  }

  @Test
  void aTemplateOfPlainHttpIsNotFollowedUnlessAllowed() throws Exception {
    page("/app", meta("ac-discovery", "example.com/app " + TEMPLATE));
    assertThatThrownBy(() ->
            new Fetcher(store, options().withInsecure(false, false))
                .fetch(reference("example.com/app:1.0.0")))
        .isInstanceOf(RktException.class);
    assertThat(world.requests("/app")).isZero();
  }

  @Test
  void aNameWithoutAHostIsNeverAskedFor() throws Exception {
    assertThat(refused("app", ErrorClass.NOT_FOUND).fix()).contains("docker://app");
    assertThat(world.log).isEmpty();
  }

  @Test
  void whatIsCurrentIsSeenThroughItsPage() throws Exception {
    page("/app", meta("ac-discovery", "example.com/app " + TEMPLATE));
    world.on(
        IMAGE,
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"1\"");
          FakeRegistry.answer(exchange, 200, Fixtures.aci(), "text/plain");
        });
    ImageId id = fetch("example.com/app:1.0.0");
    assertThat(fetcher().current(reference("example.com/app:1.0.0"))).contains(id);
    assertThat(world.requests(IMAGE + ".asc")).isEqualTo(1);
    page("/app", meta("ac-discovery", "example.com/app http://elsewhere.example.com/x.{ext}"));
    assertThat(fetcher().current(reference("example.com/app:1.0.0"))).isEmpty();
  }

  @Test
  void theSecondPlaceIsCurrentWhileTheFirstHasNothing() throws Exception {
    page(
        "/app",
        meta("ac-discovery", "example.com/app http://first.example.com/a/{version}.{ext}"),
        meta("ac-discovery", "example.com/app " + TEMPLATE));
    world.on(
        IMAGE,
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"1\"");
          FakeRegistry.answer(exchange, 200, Fixtures.aci(), "text/plain");
        });
    ImageId id = fetch("example.com/app:1.0.0");
    assertThat(fetcher().current(reference("example.com/app:1.0.0"))).contains(id);
    assertThat(world.requests(IMAGE + ".asc")).isEqualTo(1);
    world.serve("/a/1.0.0.aci", Fixtures.utf8("what the publisher prefers now"), "text/plain");
    assertThat(fetcher().current(reference("example.com/app:1.0.0"))).isEmpty();
  }

  @Test
  void howLongOneVersionIsFreshSaysNothingAboutAnotherName() throws Exception {
    page("/app", meta("ac-discovery", "example.com/app " + TEMPLATE));
    world.on(
        IMAGE,
        exchange -> {
          exchange.getResponseHeaders().set("Cache-Control", "max-age=3600");
          FakeRegistry.answer(exchange, 200, Fixtures.aci(), "text/plain");
        });
    ImageId id = fetch("example.com/app:1.0.0");
    long asked = world.log.size();
    assertThat(fetcher().current(reference("example.com/app:1.0.0"))).contains(id);
    assertThat(world.log).as("it is fresh").hasSize((int) asked);
    assertThat(fetcher().current(reference("example.com/app"))).isEmpty();
    assertThat(fetcher().current(reference("example.com/app,os=linux"))).isEmpty();
    assertThat(world.requests("/app")).isGreaterThan(1);
  }

  @Test
  void keysAreFoundAlikeAndNeverTakenInTheClear() throws Exception {
    page(
        "/",
        meta("ac-discovery-pubkeys", "example.com http://example.com/key.asc"),
        meta("ac-discovery-pubkeys", "example.com/ap http://example.com/other.asc"));
    world.serve("/key.asc", Fixtures.utf8("a key"), "text/plain");
    ImageName name = new ImageName("example.com/app");
    List<KeyDiscovery.Found> found = new KeyDiscovery(options(), true).find(name);
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().bytes()).isEqualTo(Fixtures.utf8("a key"));
    assertThatThrownBy(() -> new KeyDiscovery(options(), false).find(name))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.NETWORK));
    assertThatThrownBy(() -> new KeyDiscovery(options(), true).find(new ImageName("example.org/x")))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.NOT_FOUND));
  }

  @Test
  void aProxyForPlainHttpLearnsOurLoginFromTheRequestItself() throws Exception {
    List<String> logins = new CopyOnWriteArrayList<>();
    world.on(
        IMAGE,
        exchange -> {
          logins.add(exchange.getRequestHeaders().getFirst("Proxy-Authorization"));
          FakeRegistry.answer(exchange, 200, Fixtures.aci(), "application/octet-stream");
        });
    FetchOptions through =
        FetchOptions.of(Map.of("http_proxy", "http://user:p%40ss@" + world.authority()))
            .withInsecure(true, false)
            .withPatience(Fixtures.BRISK);
    ImageRef image = reference("http://files.example.com" + IMAGE);
    try (Fetched fetched = new Fetcher(store, through).fetch(image)) {
      assertThat(fetched.signedBytes()).hasBinaryContent(Fixtures.aci());
    }
    String pair = Base64.getEncoder().encodeToString(Fixtures.utf8("user:p@ss"));
    assertThat(logins).containsExactly("Basic " + pair);
  }

  @Test
  void aProxyThatIsAwayIsNamedWithoutItsPassword() throws Exception {
    int port;
    try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = unused.getLocalPort();
    }
    for (String scheme : List.of("http", "https")) {
      FetchOptions away =
          FetchOptions.of(Map.of(scheme + "_proxy", "http://user:secret-word@127.0.0.1:" + port))
              .withInsecure(true, false)
              .withPatience(Fixtures.BRISK);
      ImageRef image = reference(scheme + "://files.example.com" + IMAGE);
      assertThatThrownBy(() -> new Fetcher(store, away).fetch(image).close())
          .hasMessageContaining("cannot fetch from files.example.com: the proxy 127.0.0.1:" + port)
          .hasMessageNotContaining("secret-word");
    }
  }

  private FetchOptions options() {
    return FetchOptions.of(Map.of("http_proxy", "http://" + world.authority()))
        .withInsecure(true, false)
        .withPatience(Fixtures.BRISK);
  }

  private Fetcher fetcher() {
    return new Fetcher(store, options());
  }

  private ImageRef reference(String text) throws Exception {
    return ImageRef.parse(text, directory);
  }

  private ImageId fetch(String text) throws Exception {
    try (Fetched fetched = fetcher().fetch(reference(text))) {
      fetched.commit(false, Map.of());
      return fetched.image().id();
    }
  }

  private RktException refused(String text, ErrorClass expected) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = fetcher().fetch(reference(text))) {
      throw new AssertionError("was fetched: " + fetched.image());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
      return e;
    }
  }
}
