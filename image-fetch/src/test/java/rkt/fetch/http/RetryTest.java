package rkt.fetch.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.fetch.Fixtures;
import rkt.fetch.transport.FetchException;

/** Which failures of the JDK's client another try may mend. */
final class RetryTest {
  private final Retry retry = new Retry(Fixtures.BRISK, "example.com");

  @ParameterizedTest
  @ValueSource(
      strings = {"Error writing to server", "Premature EOF", "Unexpected end of file from server"})
  void aConnectionThatWasClosedAtAnyMomentIsTriedAgain(String message) throws Exception {
    AtomicInteger tries = new AtomicInteger();
    String result =
        retry.run(() -> {
          if (tries.incrementAndGet() < 3) {
            throw tries.get() == 1 ? new IOException(message) : new SocketException("reset");
          }
          return "done";
        });
    assertThat(result).isEqualTo("done");
  }

  @Test
  void whatAnotherTryDoesNotMendIsTriedOnce() {
    AtomicInteger tries = new AtomicInteger();
    assertThatThrownBy(() ->
            retry.run(() -> {
              tries.incrementAndGet();
              throw new ConnectException("refused");
            }))
        .isInstanceOf(FetchException.class);
    assertThat(tries).hasValue(1);
  }
}
