package rkt.spec.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.SpecException;

class AdmissionTest {
  private static Admission read(String imported) throws SpecException {
    String document =
        "{\"admissionVersion\":1,\"imported\":\"" + imported + "\",\"source\":\"\",\"blobs\":[]}";
    return Admission.read(document.getBytes(StandardCharsets.UTF_8), "admission");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-20T09:08:57Z",
        "2026-11-20T09:08:57.5Z",
        "2026-11-20T09:08:57.123Z",
        "2026-11-20T09:08:57.123456789Z",
        "2024-02-29T23:59:59.000001Z",
        "1970-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "+12345-01-01T00:00:00.1Z"
      })
  void timesAreReadAsTheyWereWritten(String time) throws SpecException {
    Instant instant = Instant.parse(time);
    assertThat(read(time).imported()).isEqualTo(instant);
    Admission written = new Admission(instant, "", false, List.of(), List.of());
    assertThat(Admission.read(written.json(), "admission").imported()).isEqualTo(instant);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Z",
        "yesterday, about noon, Z",
        "2026-11-20T09:08:57",
        "2026-13-20T09:08:57Z",
        "2026-02-30T09:08:57Z",
        "2026-11-20T25:08:57Z",
        "2026-11-20T09:08:5xZ",
        "2026-11-20T09:08:57.1234567890Z",
        "2026-11-20T09:08:57.12+5Z",
        "2026-11-20T09:08:57.999999999999999999Z"
      })
  void whatIsNoTimeIsRefused(String time) {
    assertThatThrownBy(() -> read(time)).isInstanceOf(SpecException.class);
  }

  @Test
  void versionsThatNobodyKnowsAreRefused() {
    byte[] document =
        "{\"admissionVersion\":2,\"imported\":\"1970-01-01T00:00:00Z\",\"source\":\"\"}"
            .getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Admission.read(document, "admission"))
        .isInstanceOf(SpecException.class);
  }

  @Test
  void everyPlaceThatAnImageWasLetInFromUnderANameIsRemembered() throws SpecException {
    List<Admission.Place> places = List.of();
    for (String source :
        List.of("docker://a.b/c:1", "oci:/srv/c", "docker://mirror.b/c:2", "oci:/srv/d")) {
      places = Admission.places(places, new Admission.Place("a.b/c", source));
    }
    places = Admission.places(places, new Admission.Place("a.b/d", "docker://a.b/d:1"));
    places = Admission.places(places, new Admission.Place("a.b/c", "oci:/srv/c"));
    Admission written = new Admission(Instant.EPOCH, "dir:/x", true, places, List.of());
    Admission read = Admission.read(written.json(), "admission");
    assertThat(read.places()).isEqualTo(places);
    assertThat(read.sources("a.b/c"))
        .containsExactly("docker://mirror.b/c:2", "oci:/srv/d", "oci:/srv/c");
    assertThat(read.sources("a.b/d")).containsExactly("docker://a.b/d:1");
    assertThat(read.sources("a.b/e")).as("never let in under that name").isEmpty();
    for (int i = 0; i < 40; i++) {
      places = Admission.places(places, new Admission.Place("a.b/c", "oci:/srv/" + i));
    }
    assertThat(places).hasSize(32).endsWith(new Admission.Place("a.b/c", "oci:/srv/39"));
  }
}
