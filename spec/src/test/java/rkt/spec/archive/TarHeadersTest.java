package rkt.spec.archive;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.SpecException;

class TarHeadersTest {
  private static final int CHECKSUM = 148;

  @ParameterizedTest
  @ValueSource(strings = {"000000\0 ", "601 0111", "x", "99999999"})
  void aChecksumThatIsWrongOrNoNumberIsRefused(String checksum) {
    byte[] tar = new byte[1024];
    tar[0] = 'a';
    byte[] field = checksum.getBytes(US_ASCII);
    System.arraycopy(field, 0, tar, CHECKSUM, field.length);
    TarHeaders headers = new TarHeaders(new ByteArrayInputStream(tar), "a.tar");
    assertThatThrownBy(headers::next)
        .isInstanceOf(SpecException.class)
        .hasMessage("a.tar has a tar header with a wrong checksum");
  }

  @Test
  void aTarThatEndsWithinAHeaderIsRefused() {
    TarHeaders headers = new TarHeaders(new ByteArrayInputStream(new byte[100]), "a.tar");
    assertThatThrownBy(headers::next).hasMessage("a.tar ends within a tar entry");
  }
}
