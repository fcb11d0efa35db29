package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

/** The values that flags and manifests share with every implementation: names and quantities. */
class ValueVectorsTest {
  private static final Path VECTORS = Path.of(System.getProperty("vectors", "../spec/vectors"));

  private static List<String> lines(String file) throws IOException {
    return Files.readAllLines(VECTORS.resolve(file)).stream()
        .filter(line -> !line.startsWith("#"))
        .toList();
  }

  @Test
  void quantitiesAreReadAsTheSpecSays() throws Exception {
    for (String line : lines("quantities/accept.txt")) {
      String[] words = line.split(" ", -1);
      assertThat(Quantity.units(words[0])).as(line).isEqualTo(Long.parseLong(words[1]));
      assertThat(Quantity.thousandths(words[0])).as(line).isEqualTo(Long.parseLong(words[2]));
    }
  }

  @Test
  void whatIsNoQuantityIsRefused() throws Exception {
    for (String text : lines("quantities/refuse.txt")) {
      assertThatThrownBy(() -> Quantity.units(text))
          .as(text)
          .isInstanceOfSatisfying(
              StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
    }
  }

  @Test
  void namesAreAcNames() throws Exception {
    for (String name : lines("names/accept.txt")) {
      assertThat(AcName.isValid(name)).as(name).isTrue();
      assertThat(AcName.nearest(name)).isEqualTo(name);
    }
    assertThat(AcName.isValid("")).isFalse();
    for (String name : lines("names/refuse.txt")) {
      assertThat(AcName.isValid(name)).as(name).isFalse();
    }
  }
}
