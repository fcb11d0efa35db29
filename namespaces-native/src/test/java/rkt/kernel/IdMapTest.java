package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdMapTest {
  private static final IdMap ROOTLESS = IdMap.parse("0 1000 1\n1 100000 65536\n");

  @Test
  void aMapIsReadAndWrittenAsTheKernelDoes() {
    assertThat(IdMap.parse("         0       1000          1\n         1     100000      65536\n"))
        .isEqualTo(ROOTLESS);
    assertThat(ROOTLESS.text()).isEqualTo("0 1000 1\n1 100000 65536\n");
    assertThat(IdMap.of(1_879_048_192L, 65_536).text()).isEqualTo("0 1879048192 65536\n");
  }

  @Test
  void everyIdInsideIsOneOutsideOrNone() {
    assertThat(ROOTLESS.outside(0)).hasValue(1000);
    assertThat(ROOTLESS.outside(1)).hasValue(100_000);
    assertThat(ROOTLESS.outside(65_536)).hasValue(165_535);
    assertThat(ROOTLESS.outside(65_537)).isEmpty();
  }

  @Test
  void aChildMayHaveTheIdsThatItsParentHas() {
    assertThat(ROOTLESS.unchanged().text()).isEqualTo("0 0 1\n1 1 65536\n");
    IdMap all = IdMap.parse("0 0 4294967295");
    assertThat(all.unchanged()).isEqualTo(all);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0 1000",
        "0 1000 0",
        "0 -1 1",
        "a b c",
        "0 0 4294967296",
        "0 0 10\n9 100 1",
        "0 0 10\n10 9 1",
        "4294967295 0 1"
      })
  void whatIsNoMapIsRefused(String text) {
    assertThatThrownBy(() -> IdMap.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noMoreExtentsThanTheKernelTakes() {
    List<IdMap.Extent> many = new java.util.ArrayList<>();
    for (int i = 0; i < 341; i++) {
      many.add(new IdMap.Extent(i, 2L * i, 1));
    }
    assertThatThrownBy(() -> new IdMap(many)).isInstanceOf(IllegalArgumentException.class);
    assertThat(new IdMap(many.subList(0, 340)).outside(339)).hasValue(678);
  }
}
