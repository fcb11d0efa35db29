package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import rkt.spec.json.JsonObject;

/** That our names of the kernel's numbers are the kernel's. */
class KernelVectorsTest {
  private static final Path VECTORS = Path.of("../spec/vectors");

  private static List<String> lines(String file) throws IOException {
    return Files.readAllLines(VECTORS.resolve(file)).stream()
        .filter(line -> !line.startsWith("#"))
        .toList();
  }

  @Test
  void everyCapabilityHasItsNumberAndItsMask() throws Exception {
    byte[] document = Files.readAllBytes(VECTORS.resolve("capabilities/names.json"));
    List<JsonObject> known = JsonObject.parse(document, "names.json").objects("capabilities");
    assertThat(known).hasSameSizeAs(Capability.values());
    for (JsonObject vector : known) {
      Capability capability = Capability.parse(vector.string("name"));
      assertThat(capability).hasToString(vector.string("name"));
      assertThat(capability.number()).isEqualTo((int) vector.integer("number"));
      assertThat("%016x".formatted(CapabilitySet.of(capability).mask()))
          .isEqualTo(vector.string("mask"));
    }
  }

  @Test
  void whatIsNoCapabilityIsRefused() throws Exception {
    assertThatThrownBy(() -> Capability.parse("")).isInstanceOf(IllegalArgumentException.class);
    for (String text : lines("capabilities/refuse.txt")) {
      assertThatThrownBy(() -> Capability.parse(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no such capability: " + text);
    }
  }

  @Test
  void everyErrorNumberHasItsName() throws Exception {
    for (String line : lines("errno/names.txt")) {
      String[] words = line.split(" ", -1);
      assertThat(Errno.of(Integer.parseInt(words[0]))).hasToString(words[1]);
    }
    assertThat(Errno.of(4095)).hasToString("errno 4095");
  }
}
