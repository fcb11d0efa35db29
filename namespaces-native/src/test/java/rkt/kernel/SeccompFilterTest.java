package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeccompFilterTest {
  @TempDir Path cache = Path.of("");

  @Test
  void theStandardProfileIsWellFormedAndNamesNothingTwice() {
    var allowed = new java.util.HashSet<String>();
    var refused = new java.util.HashSet<String>();
    for (var rule : SeccompProfile.standard().rules()) {
      for (String call : rule.calls()) {
        if (rule.condition() == null) {
          var names = rule.action().equals(SeccompProfile.Action.ALLOW) ? allowed : refused;
          assertThat(names.add(call)).as(call + " is named once").isTrue();
        }
      }
    }
    assertThat(allowed).doesNotContainAnyElementsOf(refused).doesNotContain("clone3");
    assertThat(allowed).hasSizeGreaterThan(300);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "deny mount",
        "EPERM",
        "EPERM x a0",
        "EPERM x a0 < 1",
        "allow x a0 == 1",
        "EPERM x a6 == 1"
      })
  void whatIsNoRuleIsRefusedWithItsLine(String line) {
    assertThatThrownBy(() -> new SeccompProfile("# head\n" + line).rules())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("line 2 of the profile: " + line);
  }

  @Test
  void aSecondLoadReadsTheCacheAndADamagedFileIsCompiledAgain() throws Exception {
    var profile = SeccompProfile.standard();
    byte[] program = SeccompFilter.load(cache, profile);
    Path file = onlyFile();
    byte[] good = Files.readAllBytes(file);
    var modified = Files.getLastModifiedTime(file);
    assertThat(SeccompFilter.load(cache, profile)).isEqualTo(program);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(modified);

    for (int at = 0; at < good.length; at += 997) {
      byte[] bad = good.clone();
      bad[at] ^= 1;
      Files.write(file, bad);
      assertThat(SeccompFilter.load(cache, profile)).as("flipped at " + at).isEqualTo(program);
      assertThat(file).hasBinaryContent(good);
    }
    Files.write(file, java.util.Arrays.copyOf(good, good.length / 2));
    assertThat(SeccompFilter.load(cache, profile)).isEqualTo(program);
    assertThat(file).hasBinaryContent(good);
  }

  @Test
  void aCacheThatCannotBeWrittenIsNoFailure() throws Exception {
    Path inTheWay = Files.writeString(cache.resolve("file"), "");
    assertThat(SeccompFilter.load(inTheWay.resolve("x"), SeccompProfile.standard())).isNotEmpty();
  }

  private Path onlyFile() throws Exception {
    try (var files = Files.list(cache)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }
}
