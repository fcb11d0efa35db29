package rkt.verify.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
  @ParameterizedTest
  @CsvSource({
    "a, a, true",
    "a, ab, false",
    "ab, a, false",
    "*, anything, true",
    "*, some/thing, false",
    "**, some/thing, true",
    "https://github.com/acme/*, https://github.com/acme/app, true",
    "https://github.com/acme/*, https://github.com/acme/app/.github/x, false",
    "https://github.com/acme/**, https://github.com/acme/app/.github/x, true",
    "https://github.com/acme/**, https://github.com/acme-evil/app, false",
    "https://github.com/acme/**, xhttps://github.com/acme/app, false",
    "https://*.example.com/x, https://a.example.com/x, true",
    "https://*.example.com/x, https://a/.example.com/x, false",
    "*@example.com, ci@example.com, true",
    "*@example.com, ci@example.com.evil.org, false",
    "*@example.com, ci@exampleXcom, false",
    "a**z, az, true",
    "a**b**c, a1/b/2c, true",
    "a**b**c, a1/c/2b, false",
    "***, x/y, true",
  })
  void aStarStandsForOneComponentAndTwoForAnything(String pattern, String text, boolean matches) {
    assertThat(Glob.pattern(pattern).matches(text)).isEqualTo(matches);
  }

  @Test
  void aTextWithoutPatternIsComparedAsItIs() {
    assertThat(Glob.exact("*").matches("a")).isFalse();
    assertThat(Glob.exact("*").matches("*")).isTrue();
  }

  @Test
  void noPatternTakesLong() {
    String hostile = "**a".repeat(340);
    assertTimeoutPreemptively(
        Duration.ofSeconds(60), () -> Glob.pattern(hostile).matches("a".repeat(100_000) + "b"));
  }
}
