package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FetchCommandTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "docker://registry.example.com/app:1.4",
        "https://example.com/app.aci",
        "example.com/app:1.4",
        "example.com/app,os=linux"
      })
  void whatIsOnAServerIsPreparedFor(String word) {
    assertThat(FetchCommand.isElsewhere(word)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "app.aci",
        "./images/app.aci",
        "/images/app.aci",
        "file:///images/app.aci",
        "oci:layouts/app:1",
        "dir:images/app",
        "--dir=/var/lib/rkt",
        "--signature=https://example.com/app.asc",
        "sha256:0123456789ab"
      })
  void whatIsHereAndWhatIsAnOptionIsNot(String word) {
    assertThat(FetchCommand.isElsewhere(word)).isFalse();
  }
}
