package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimesTest {
  @ParameterizedTest
  @ValueSource(longs = {0, -1, 1, 951_782_399, 951_782_400, 1_795_839_605, 253_402_300_799L})
  void aTimeIsWrittenAsTheLibraryWritesIt(long second) {
    Times times = new Times();
    for (long at = second; at < second + 2 * 86_400; at += 43_199) {
      assertThat(times.text(at)).isEqualTo(Instant.ofEpochSecond(at).toString());
    }
  }
}
