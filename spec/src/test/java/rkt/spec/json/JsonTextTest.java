package rkt.spec.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import rkt.spec.SpecException;

final class JsonTextTest {
  @Test
  void membersAndNumbersStayAsTheyAre() throws SpecException {
    assertThat(
            indented(
                "{\"b\":[1,{\"a\":null},[],-2.50e+3,12345678901234567890],\"a\":{},\"t\":\"\\u00e9\\n\"}"))
        .isEqualTo(
            """
            {
              "b" : [ 1, {
                "a" : null
              }, [ ], -2.50e+3, 12345678901234567890 ],
              "a" : { },
              "t" : "é\\n"
            }\
            """);
  }

  @Test
  void aDocumentNeedNotBeAnObject() throws SpecException {
    assertThat(indented(" true ")).isEqualTo("true");
  }

  @Test
  void whatIsNotStrictIsRefused() {
    assertThatThrownBy(() -> indented("{\"a\":1,\"a\":2}")).hasMessageContaining("strict JSON");
    assertThatThrownBy(() -> indented("{\"a\":[")).hasMessageContaining("strict JSON");
  }

  private static String indented(String document) throws SpecException {
    return JsonText.indent(document.getBytes(StandardCharsets.UTF_8), "it");
  }
}
