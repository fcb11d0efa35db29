package rkt.fetch.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** To whom a credential belongs, and who is this machine. */
final class OriginTest {
  private static Origin of(String uri) {
    return Origin.of(URI.create(uri));
  }

  @Test
  void schemeHostAndPortMakeAnOriginAndCaseDoesNot() {
    assertThat(of("HTTPS://Example.COM/a")).isEqualTo(of("https://example.com:443/b?c"));
    assertThat(of("https://example.com")).isNotEqualTo(of("http://example.com"));
    assertThat(of("https://example.com")).isNotEqualTo(of("https://example.com:8443"));
    assertThat(of("https://example.com")).isNotEqualTo(of("https://example.com.org"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1", "127.255.0.9", "[::1]", "LOCALHOST"})
  void thisMachineIsLoopback(String host) {
    assertThat(of("http://" + host + ":5000/").isLoopback()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1.example.com",
        "127.example.com",
        "localhost.example.com",
        "10.0.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "128.0.0.1",
        "0.0.0.0",
      })
  void whateverCouldMeanAnotherMachineIsNot(String host) {
    assertThat(of("http://" + host + "/").isLoopback()).isFalse();
  }
}
