package rkt.spec.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class JsonWriterTest {
  @Test
  void nestsObjectsAndArraysWithCommasBetween() {
    String json =
        new JsonWriter()
            .object()
            .put("a", "x")
            .put("n", -3)
            .put("t", true)
            .put("list", List.of("p", "q"))
            .array("objects")
            .object()
            .end()
            .object()
            .put("b", 1)
            .end()
            .end()
            .object("o")
            .end()
            .putJson("raw", "[1]")
            .end()
            .toString();
    assertThat(json)
        .isEqualTo(
            "{\"a\":\"x\",\"n\":-3,\"t\":true,\"list\":[\"p\",\"q\"],"
                + "\"objects\":[{},{\"b\":1}],\"o\":{},\"raw\":[1]}");
  }

  @Test
  void whatIsWrittenReadsBackEvenWithControlsQuotesAndSurrogates() throws Exception {
    String nasty = "\"\\\n\r\t\u0000\u001f\u007f\u2028é\ud83d\ude00";
    byte[] json = new JsonWriter().object().put(nasty, nasty).end().bytes();
    assertThat(JsonObject.parse(json, "test").string(nasty)).isEqualTo(nasty);
  }

  @Test
  void callsOutOfOrderAreBugs() {
    assertThatThrownBy(() -> new JsonWriter().put("a", 1))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new JsonWriter().object().add("x"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new JsonWriter().object().toString())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new JsonWriter().object().end().object())
        .isInstanceOf(IllegalStateException.class);
  }
}
