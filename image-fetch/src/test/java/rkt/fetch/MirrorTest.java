package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.fetch.transport.Progress;
import rkt.fetch.transport.Surroundings;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.store.Store;

/** registries.conf: mirrors, blocks, other places, short names. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class MirrorTest {
  @TempDir Path home;
  private FakeRegistry registry;
  private FakeRegistry mirror;
  private Store store;
  private final Map<String, String> environment = new HashMap<>();
  private final List<String> notes = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    registry = new FakeRegistry();
    mirror = new FakeRegistry();
    store = Store.at(home.resolve("data"));
  }

  @AfterEach
  void stop() {
    registry.close();
    mirror.close();
  }

  private void conf(String text) throws IOException {
    Files.createDirectories(home.resolve("etc/containers"));
    Files.writeString(
        home.resolve("etc/containers/registries.conf"),
        text.replace("HOME", registry.authority()).replace("MIRROR", mirror.authority()));
  }

  private void mirrored() throws IOException {
    conf(
        """
        [[registry]]
        location = "HOME"
        [[registry.mirror]]
        location = "MIRROR"
        """);
  }

  @Test
  void aMirrorIsAskedFirstAndTheNameStaysTheOneThatWasAsked() throws Exception {
    mirrored();
    try (Fetched fetched = fetcher().fetch(reference(registry.reference()))) {
      assertThat(fetched.image().name()).isEqualTo(new ImageName(registry.authority() + "/app"));
      assertThat(fetched.source()).isEqualTo("docker://" + mirror.authority() + "/app:1");
      fetched.commit(false, Map.of());
    }
    assertThat(registry.log)
        .as("what is signed about it, which the mirror has not")
        .noneMatch(line -> line.contains("/blobs/") || line.contains("/manifests/1 "));
    assertThat(store.find(registry.authority() + "/app:1")).isPresent();
    assertThat(store.find(mirror.authority() + "/app:1")).isEmpty();
  }

  @Test
  void aMirrorThatLacksTheImageOrIsAwayOrLiesIsPassedOver() throws Exception {
    mirrored();
    mirror.on(
        "/v2/app/manifests/1",
        exchange -> FakeRegistry.answer(exchange, 404, new byte[0], "text/plain"));
    fetch(registry.reference());
    mirror.serve(FakeRegistry.blob(mirror.layer), new byte[mirror.layer.length], "text/plain");
    mirror.serve("/v2/app/manifests/1", mirror.manifest, MediaType.OCI_MANIFEST);
    store = Store.at(home.resolve("second"));
    ImageId id = fetch(registry.reference());
    assertThat(Files.readAllBytes(store.blob(Digest.sha256(registry.layer))))
        .isEqualTo(registry.layer);
    assertThat(notes).hasSize(2).allMatch(note -> note.contains("trying " + registry.authority()));
    mirror.close();
    assertThat(fetch(registry.reference())).isEqualTo(id);
  }

  @Test
  void whatIsSignedComesFromHomeWhereTheMirrorHasNothing() throws Exception {
    mirrored();
    byte[] signature = Fixtures.utf8("a signature");
    registry.refer(signature);
    try (Fetched fetched = fetcher().fetch(reference(registry.reference()))) {
      assertThat(fetched.source()).isEqualTo("docker://" + mirror.authority() + "/app:1");
      assertThat(fetched.signature()).contains(signature);
    }
    assertThat(registry.log).noneMatch(line -> line.startsWith("/v2/app/manifests/1 "));
    mirror.refer(Fixtures.utf8("the mirror's own"));
    int asked = registry.log.size();
    try (Fetched fetched = fetcher().fetch(reference(registry.reference()))) {
      assertThat(fetched.signature()).contains(Fixtures.utf8("the mirror's own"));
    }
    assertThat(registry.log).hasSize(asked);
  }

  @Test
  void anImageOfAMirrorIsThereWithoutSignaturesIfItsHomeIsAway() throws Exception {
    mirrored();
    registry.close();
    try (Fetched fetched = fetcher().fetch(reference(registry.reference()))) {
      assertThat(fetched.signature()).isEmpty();
    }
    assertThat(notes).hasSize(1).allMatch(note -> note.contains(registry.authority()));
  }

  @Test
  void aMirrorSeesNoLoginButItsOwn() throws Exception {
    mirrored();
    Files.createDirectories(home.resolve(".docker"));
    Files.writeString(
        home.resolve(".docker/config.json"),
        "{\"auths\":{\"%s\":{\"auth\":\"dXNlcjpzZWNyZXQ=\"}}}".formatted(registry.authority()));
    environment.put("HOME", home.toString());
    mirror.guard("/v2/app/manifests/1", "Basic dXNlcjpzZWNyZXQ=", "Basic realm=\"mirror\"");
    registry.guard("/v2/app/manifests/1", "Basic dXNlcjpzZWNyZXQ=", "Basic realm=\"registry\"");
    fetch(registry.reference());
    assertThat(mirror.log).isNotEmpty().allMatch(line -> line.endsWith(" -"));
    assertThat(registry.log).contains("/v2/app/manifests/1 Basic dXNlcjpzZWNyZXQ=");
  }

  @Test
  void aMirrorForDigestsIsNotAskedForTags() throws Exception {
    conf(
        """
        [[registry]]
        prefix = "HOME"
        location = "HOME"
        [[registry.mirror]]
        location = "MIRROR"
        pull-from-mirror = "digest-only"
        """);
    fetch(registry.reference());
    assertThat(mirror.log).isEmpty();
    fetch("docker://" + registry.authority() + "/app@" + Digest.sha256(registry.manifest));
    assertThat(mirror.log).isNotEmpty();
  }

  @Test
  void aPrefixLeadsToAnotherPlaceComponentByComponent() throws Exception {
    conf(
        """
        [[registry]]
        prefix = "registry.example.com/team"
        location = "HOME"
        [[registry]]
        prefix = "registry.example.com/tea"
        blocked = true
        location = "registry.example.com/tea"
        [[registry]]
        prefix = "*.example.org"
        blocked = true
        """);
    try (Fetched fetched = fetcher().fetch(reference("docker://registry.example.com/team/app:1"))) {
      assertThat(fetched.image().name()).isEqualTo(new ImageName("registry.example.com/team/app"));
    }
    refused("docker://registry.example.com/tea/app:1", ErrorClass.USAGE);
    refused("docker://a.b.example.org/app:1", ErrorClass.USAGE);
  }

  @Test
  void theLongestPrefixCountsAndALaterFileWins() throws Exception {
    conf(
        """
        [[registry]]
        location = "HOME"
        blocked = true
        [[registry]]
        location = "HOME/app"
        """);
    assertThat(fetch(registry.reference())).isNotNull();
    Files.createDirectories(home.resolve("etc/containers/registries.conf.d"));
    Files.writeString(
        home.resolve("etc/containers/registries.conf.d/10.conf"),
        "[[registry]]\nlocation = \"" + registry.authority() + "/app\"\nblocked = true\n");
    assertThat(refused(registry.reference(), ErrorClass.USAGE)).hasMessageContaining("10.conf");
  }

  @Test
  void onlyAnInsecurePlaceIsSpokenToInPlainHttp() throws Exception {
    conf("[[registry]]\nlocation = \"HOME\"\n");
    // TLS is tried first, and this server says nothing to that.
    FetchOptions secure = options().withInsecure(false, false).withPatience(Fixtures.HASTY);
    try (Fetched fetched = new Fetcher(store, secure).fetch(reference(registry.reference()))) {
      throw new AssertionError("was fetched: " + fetched.source());
    } catch (RktException e) {
      assertThat(e.errorClass()).isEqualTo(ErrorClass.NETWORK);
    }
    assertThat(registry.log).isEmpty();
    conf("[[registry]]\nlocation = \"HOME\"\ninsecure = true\n");
    // Here too, and then plain HTTP, which has to succeed.
    FetchOptions patient = secure.withPatience(Fixtures.HASTY_BODY);
    try (Fetched fetched = new Fetcher(store, patient).fetch(reference(registry.reference()))) {
      assertThat(fetched.image().id().digest()).isEqualTo(Digest.sha256(registry.manifest));
    }
  }

  @Test
  void aShortNameIsWhatItsAliasSays() throws Exception {
    conf("[aliases]\n\"tool\" = \"HOME/app\"\n\"bad\" = \"nothing\"\n");
    Fetcher fetcher = fetcher();
    ImageRef expanded = fetcher.expand(reference("tool:1"));
    assertThat(expanded)
        .isEqualTo(new ImageRef.Registry(registry.authority(), "app", "1", Optional.empty()));
    assertThat(fetcher.expand(reference("example.com/tool:1")))
        .isEqualTo(reference("example.com/tool:1"));
    assertThat(fetcher.expand(reference("other"))).isEqualTo(reference("other"));
    try (Fetched fetched = fetcher.fetch(expanded)) {
      assertThat(fetched.image().name()).isEqualTo(new ImageName(registry.authority() + "/app"));
    }
    for (String bad : List.of("bad", "tool:1,os=linux")) {
      try {
        throw new AssertionError("was expanded: " + fetcher.expand(reference(bad)));
      } catch (RktException e) {
        assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE);
      }
    }
  }

  @Test
  void aFileThatMakesNoSenseIsNamed() throws Exception {
    for (String text :
        List.of(
            "[[registry",
            "[[registry]]\nprefix = 3\n",
            "[[registry]]\nprefix = \"a.com\"\n",
            "[registries.search]\nregistries = []\n",
            "[[registry]]\nlocation = \"HOME\"\n[[registry.mirror]]\nlocation = \"https://x/y\"\n",
            "[[registry]]\nlocation = \"HOME\"\n[[registry.mirror]]\n"
                + "location = \"x\"\npull-from-mirror = \"never\"\n")) {
      conf(text);
      assertThat(refused(registry.reference(), ErrorClass.USAGE))
          .as(text)
          .hasMessageContaining("registries.conf");
    }
    environment.put("CONTAINERS_REGISTRIES_CONF", home.resolve("none").toString());
    refused(registry.reference(), ErrorClass.USAGE);
  }

  private FetchOptions options() {
    return FetchOptions.of(environment)
        .withSurroundings(new Surroundings(environment, home.resolve("etc"), List.of()))
        .withInsecure(true, false)
        .withPatience(Fixtures.BRISK)
        .withProgress(
            new Progress() {
              @Override
              public void finished(String what, long bytes, boolean reused) {}

              @Override
              public void note(String message) {
                notes.add(message);
              }
            });
  }

  private Fetcher fetcher() {
    return new Fetcher(store, options());
  }

  private ImageRef reference(String text) throws Exception {
    return ImageRef.parse(text, home);
  }

  private ImageId fetch(String text) throws Exception {
    try (Fetched fetched = fetcher().fetch(reference(text))) {
      fetched.commit(false, Map.of());
      return fetched.image().id();
    }
  }

  private RktException refused(String text, ErrorClass expected) throws Exception {
    try (Fetched fetched = fetcher().fetch(reference(text))) {
      throw new AssertionError("was fetched: " + fetched.image());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      return e;
    }
  }
}
