package rkt.fetch.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import rkt.fetch.transport.Patience;

/** When a connection may be used again after an answer that nobody has read. */
final class BodyStreamTest {
  @Test
  void aShortBodyThatHasComeIsReadToItsEnd() throws Exception {
    assertThat(body(100, 100, 100).ends()).isTrue();
  }

  @Test
  void nobodyWaitsForTheRestOfABody() throws Exception {
    assertThat(body(100, 100, 99).ends()).isFalse();
  }

  @Test
  void aLongBodyIsGivenUpAndSoIsOneOfUnknownLength() throws Exception {
    assertThat(body(5000, 5000, 5000).ends()).isFalse();
    assertThat(body(100, -1, 100).ends()).isFalse();
  }

  @Test
  void whatWasReadToItsEndHasEnded() throws Exception {
    BodyStream body = body(5000, 5000, 0);
    body.readAllBytes();
    assertThat(body.ends()).isTrue();
  }

  /** A body of {@code size} bytes that is said to have {@code length}. */
  private static BodyStream body(int size, long length, int available) {
    FilterInputStream connection =
        new FilterInputStream(new ByteArrayInputStream(new byte[size])) {
          @Override
          public int available() throws IOException {
            return Math.min(available, in.available());
          }
        };
    return new BodyStream(connection, length, Patience.DEFAULT);
  }
}
