package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "512Mi, 536870912",
    "2G, 2000000000",
    "1.5k, 1500",
    "1.5Ki, 1536",
    "1K, 1000",
    "0.5Mi, 524288",
    "1Ei, 1152921504606846976",
    "1500m, 2",
    "1m, 1",
    "007, 7",
  })
  void aQuantityIsANumberWithASuffixRoundedUp(String text, long units) throws Exception {
    assertThat(Quantity.units(text)).isEqualTo(units);
  }

  @ParameterizedTest
  @CsvSource({"1, 1000", "0.5, 500", "250m, 250", "2.0001, 2001", "0.1m, 1"})
  void processorsAreCountedInThousandths(String text, long thousandths) throws Exception {
    assertThat(Quantity.thousandths(text)).isEqualTo(thousandths);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "0", "-1", "-512Mi", "Mi", "512MB", "512mi", "512 Mi", "1Mii", "1i", "1mi", "0x10",
        "NaN", "8Ei", "1.2.3", " 1", "1 ", "1_000"
      })
  void whatIsNoQuantityAboveZeroIsAUsageError(String text) {
    assertThatThrownBy(() -> Quantity.units(text))
        .hasMessage("\"" + text + "\" is not a quantity above zero")
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @Test
  void ahugeExponentIsRefusedAtOnce() {
    assertThatThrownBy(() -> Quantity.units("1e999999999")).isInstanceOf(StageException.class);
    assertThatThrownBy(() -> Quantity.units("9".repeat(100_000)))
        .isInstanceOf(StageException.class);
  }
}
