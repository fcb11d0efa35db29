package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.stage1.StageException;

/** What is a name and what is not: {@link PodVectorsTest}. */
class AcNameTest {
  @ParameterizedTest
  @CsvSource({
    "App, app",
    "my_app, my-app",
    "a--b, a-b",
    "-a-, a",
    "1.4, 1-4",
    "Über, ber",
    "'', app",
    "___, app",
    "a/../b, a-b",
  })
  void theNearestNameIsAlwaysAName(String text, String nearest) {
    assertThat(AcName.nearest(text)).isEqualTo(nearest);
    assertThat(AcName.isValid(AcName.nearest(text))).isTrue();
  }

  @Test
  void theNearestNameOfALongTextIsAName() {
    assertThat(AcName.nearest("a".repeat(62) + "-b")).hasSize(62);
    assertThat(AcName.isValid(AcName.nearest("a".repeat(62) + "-b"))).isTrue();
    assertThat(AcName.isValid(AcName.nearest("a-".repeat(99)))).isTrue();
  }

  @Test
  void aUserIsToldWhatANameIs() {
    assertThatThrownBy(() -> AcName.checked("Web"))
        .isInstanceOf(StageException.class)
        .hasMessage("\"Web\" cannot be the name of an app");
  }
}
