package rkt.spec.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.Vectors;
import rkt.spec.image.App;

class PodManifestVectorsTest {
  static List<Path> accepted() throws IOException {
    return Vectors.in("pod-manifest/accept");
  }

  static List<Path> refused() throws IOException {
    return Vectors.in("pod-manifest/refuse");
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void aManifestSurvivesBeingReadAndWritten(Path vector) throws Exception {
    PodManifest manifest = PodManifest.parse(Files.readAllBytes(vector), "the vector");
    assertThat(PodManifest.parse(manifest.toJson(), "the document")).isEqualTo(manifest);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aManifestThatBreaksARuleIsRefused(Path vector) {
    assertThatThrownBy(() -> PodManifest.parse(Files.readAllBytes(vector), "the vector"))
        .hasMessageContaining("the vector")
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY));
  }

  @Test
  void everyMemberIsRead() throws Exception {
    Path vector = Path.of("vectors/pod-manifest/accept/everything.json");
    PodManifest pod = PodManifest.parse(Files.readAllBytes(vector), "the vector");
    assertThat(pod.volumes())
        .containsExactly(
            new PodVolume.Host("data", true, "/srv/data", false),
            new PodVolume.Empty("scratch", false, 0755, 0, 0));
    assertThat(pod.isolators()).isEqualTo(Map.of("resource/cpu", "{\"limit\":\"2\"}"));
    assertThat(pod.annotations()).isEqualTo(Map.of("created", "2026-01-01T00:00:00Z"));
    assertThat(pod.ports())
        .containsExactly(
            new PodManifest.HostPort("http", 8080, Optional.empty(), Optional.empty()),
            new PodManifest.HostPort("other", 81, Optional.of("127.0.0.1"), Optional.of(82)));
    assertThat(pod.userAnnotations()).isEqualTo(Map.of("a", "b"));
    assertThat(pod.userLabels()).isEqualTo(Map.of("c", "d"));
    PodManifest.PodApp web = pod.apps().get(0);
    assertThat(web.image().text()).startsWith("sha512-abab");
    assertThat(web.readOnlyRootFs()).isTrue();
    assertThat(web.mounts())
        .containsExactly(
            new PodManifest.Mount("data", "/data", Optional.empty()),
            new PodManifest.Mount(
                "own", "/own", Optional.of(new PodVolume.Empty("own", false, 01777, 5, 6))));
    assertThat(web.annotations()).isEqualTo(Map.of("example.com/note", "x"));
    assertThat(web.app())
        .contains(
            new App(
                List.of("/bin/web", "--serve"),
                List.of(),
                "web",
                "100",
                List.of(5, 6),
                "/srv",
                Map.of("A", "1"),
                List.of(new App.MountPoint("data", "/data", true)),
                Map.of("resource/memory", "{\"request\":\"1G\",\"limit\":\"1G\"}"),
                3,
                List.of(new App.Port("http", "tcp", 80, 2, true)),
                List.of(
                    new App.EventHandler(App.EventHandler.Event.PRE_START, List.of("/bin/setup")),
                    new App.EventHandler(
                        App.EventHandler.Event.POST_STOP, List.of("/bin/sweep", "-a"))),
                Map.of("A B", "c"),
                Map.of("tier", "front"),
                Optional.empty()));
    PodManifest.PodApp side = pod.apps().get(1);
    assertThat(side.image().text()).isEqualTo("example.com/side");
    assertThat(side.app()).isEmpty();
    assertThat(side.readOnlyRootFs()).isFalse();
  }
}
