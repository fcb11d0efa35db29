package rkt.stage1.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import rkt.spec.ImageName;
import rkt.spec.SpecException;

/** More documents, good and bad: {@code PodVectorsTest}. */
class PodRecordTest {
  private static final PodRecord RECORD =
      PodSamples.record(PodSamples.ID, "sha256-aa", "sha256-bb");

  @Test
  void aRecordIsReadAsItWasWritten() throws Exception {
    assertThat(PodRecord.parse(RECORD.toJson())).isEqualTo(RECORD);
    PodRecord bypassed =
        new PodRecord(
            PodSamples.ID,
            "host",
            "host",
            List.of("image", "paths"),
            List.of(
                new PodRecord.App(
                    "a",
                    PodSamples.IMAGE,
                    new ImageName("example.com/a"),
                    List.of("https://id.example.com ci@example.com", "a".repeat(40)),
                    List.of(),
                    List.of(),
                    List.of())),
            List.of(),
            List.of(
                new PodRecord.Isolator("resource/cpu", "{}", "ignored", "no controller"),
                new PodRecord.Isolator("resource/memory", "{}", "enforced")));
    assertThat(PodRecord.parse(bypassed.toJson())).isEqualTo(bypassed);
  }

  @Test
  void aRecordTellsIdsAndWhatIsInMemory() throws Exception {
    PodRecord.App app = RECORD.apps().get(0);
    PodRecord record =
        new PodRecord(
            RECORD.id(),
            RECORD.hostname(),
            RECORD.network(),
            List.of(),
            List.of(
                new PodRecord.App(
                    app.name(),
                    app.image(),
                    app.imageName(),
                    app.signers(),
                    app.trees(),
                    app.isolators(),
                    List.of(),
                    List.of("/dev/fuse:/dev/fuse"),
                    new PodRecord.InMemory(Map.of("/run", 65_536L), OptionalLong.of(1_048_576)))),
            List.of(),
            List.of(),
            PodRecord.NAMESPACES,
            Optional.empty(),
            Optional.of(new PodRecord.IdRange(1_879_048_192, 65_536)),
            Optional.of(new PodRecord.DeviceRules("nothing", "no groups")));

    String json = new String(record.toJson(), StandardCharsets.UTF_8);

    assertThat(json)
        .contains("\"tmpfs\":{\"/run\":65536},\"rootfsSize\":1048576")
        .contains("\"ids\":{\"first\":1879048192,\"count\":65536}")
        .contains("\"deviceRules\":{\"by\":\"nothing\",\"reason\":\"no groups\"}");
    assertThat(PodRecord.parse(record.toJson())).isEqualTo(record);
  }

  @Test
  void equalRecordsAreEqualBytes() {
    assertThat(new String(RECORD.toJson(), StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"version\":1,\"id\":\"9c1e8f52-0d7a-4f6e-8b1d-3a5c7e9f1b2d\","
                + "\"hostname\":\"rkt-9c1e8f52-0d7a-4f6e-8b1d-3a5c7e9f1b2d\",\"network\":\"none\","
                + "\"insecure\":[],\"apps\":[{\"name\":\"web\",\"image\":\"sha256:"
                + "cd".repeat(32)
                + "\",\"imageName\":\"example.com/web\","
                + "\"signer\":\"0123456789abcdef0123456789abcdef01234567\","
                + "\"trees\":[\"sha256-aa\",\"sha256-bb\"],"
                + "\"isolators\":[{\"name\":\"resource/memory\",\"value\":\"1048576\","
                + "\"outcome\":\"enforced\"}],"
                + "\"endpoints\":[\"stdin\",\"stdout\"]}],"
                + "\"cgroups\":[\"/sys/fs/cgroup/rkt/9c1e8f52-0d7a-4f6e-8b1d-3a5c7e9f1b2d/web\"],"
                + "\"isolators\":[]}");
  }

  @Test
  void aRecordOfALaterVersionIsNotGuessedAt() {
    byte[] later =
        new String(RECORD.toJson(), StandardCharsets.UTF_8)
            .replace("\"version\":1", "\"version\":2")
            .getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> PodRecord.parse(later))
        .isInstanceOf(SpecException.class)
        .hasMessageContaining("version 2");
  }
}
