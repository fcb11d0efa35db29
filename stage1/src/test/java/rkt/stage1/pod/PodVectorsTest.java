package rkt.stage1.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.spec.ErrorClass;
import rkt.spec.SpecException;

class PodVectorsTest {
  private static final Path VECTORS = Path.of(System.getProperty("vectors", "../spec/vectors"));

  private static List<Path> cases(String kind) throws IOException {
    try (Stream<Path> cases = Files.list(VECTORS.resolve("pod").resolve(kind))) {
      return cases.map(directory -> directory.resolve(PodRecord.FILE)).sorted().toList();
    }
  }

  static List<Path> accepted() throws IOException {
    return cases("accept");
  }

  static List<Path> refused() throws IOException {
    return cases("refuse");
  }

  private static void checkSchema(byte[] document) throws IOException {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(
                Files.readString(VECTORS.resolveSibling("schemas/pod.schema.json")),
                InputFormat.JSON);
    assertThat(schema.validate(new String(document, StandardCharsets.UTF_8), InputFormat.JSON))
        .isEmpty();
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void aRecordFollowsItsSchemaIsReadAndComesBackTheSame(Path vector) throws Exception {
    byte[] document = Files.readAllBytes(vector);
    checkSchema(document);
    PodRecord record = PodRecord.parse(document);
    assertThat(PodRecord.parse(record.toJson())).isEqualTo(record);
    checkSchema(record.toJson());
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aDamagedRecordIsRefused(Path vector) throws Exception {
    byte[] document = Files.readAllBytes(vector);
    assertThatThrownBy(() -> PodRecord.parse(document))
        .isInstanceOfSatisfying(
            SpecException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY));
  }

  @Test
  void ourOwnRecordsFollowTheSchema() throws Exception {
    checkSchema(PodSamples.record(PodSamples.ID, "sha256-aa").toJson());
  }
}
