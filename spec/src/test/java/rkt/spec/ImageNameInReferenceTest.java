package rkt.spec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** spec/image.md#names */
final class ImageNameInReferenceTest {
  @ParameterizedTest
  @CsvSource({
    "example.com/app:1.4, example.com/app",
    "example.com/app, example.com/app",
    "localhost:5000/team/app:1@sha256:00ff, localhost:5000/team/app",
    "localhost:5000/team/app, localhost:5000/team/app",
    "app:latest, app",
    "sha256:00ff,",
    "sha512-00ff,",
    "Example.com/App:1,",
    "a//b,",
    "'',",
  })
  void aReferenceHasTheNameBeforeItsTagAndDigest(String reference, String name) {
    ImageName found = ImageName.inReference(reference);
    assertThat(found == null ? null : found.text()).isEqualTo(name);
  }
}
