package rkt.spec.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.Vectors;

final class JsonVectorsTest {

  static List<Path> accepted() throws IOException {
    return Vectors.in("json/accept");
  }

  static List<Path> refused() throws IOException {
    return Vectors.in("json/refuse");
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void strictJsonIsReadAndWrittenBackAsItMeans(Path vector) throws Exception {
    JsonObject read = JsonObject.parse(Files.readAllBytes(vector), "the vector");
    String again = read.json();
    assertThat(JsonObject.parse(again.getBytes(StandardCharsets.UTF_8), "it").json())
        .isEqualTo(again);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void anythingElseIsRefused(Path vector) throws Exception {
    byte[] document = Files.readAllBytes(vector);
    assertThatThrownBy(() -> JsonObject.parse(document, "the vector"))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY))
        .hasMessageContaining("the vector");
  }

  @Test
  void aDocumentOfMoreThanFourMebibytesIsRefused() {
    byte[] document = new byte[StrictJson.MAX_BYTES + 1];
    Arrays.fill(document, (byte) ' ');
    document[0] = '{';
    document[1] = '}';
    assertThatThrownBy(() -> JsonObject.parse(document, "the vector"))
        .hasMessageContaining("at most");
  }

  @Test
  void aDocumentOfMoreThanHalfAMillionTokensIsRefused() throws Exception {
    // { "a" [ ] and } are five, and each {} two.
    int most = (500_000 - 5) / 2;
    for (int count : new int[] {most, most + 1}) {
      String document = "{\"a\":[" + "{},".repeat(count - 1) + "{}]}";
      byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
      if (count == most) {
        assertThat(JsonObject.parse(bytes, "the vector").objects("a")).hasSize(most);
      } else {
        assertThatThrownBy(() -> JsonObject.parse(bytes, "the vector"))
            .isInstanceOf(SpecException.class);
      }
    }
  }

  @Test
  void prettyIsTheSameDocumentForPeople() {
    JsonWriter writer = JsonWriter.pretty().object().put("a", 1).array("b").add("x").add("y");
    assertThat(writer.end().array("none").end().object("o").end().end().toString())
        .isEqualTo(
            """
            {
              "a": 1,
              "b": [
                "x",
                "y"
              ],
              "none": [],
              "o": {}
            }\
            """);
  }
}
