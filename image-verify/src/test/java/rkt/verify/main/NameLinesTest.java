package rkt.verify.main;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import org.junit.jupiter.api.Test;
import rkt.spec.SpecException;

class NameLinesTest {
  private static NameLines of(byte[] bytes) {
    return new NameLines(new ByteArrayInputStream(bytes));
  }

  @Test
  void aNameIsWhateverIsBetweenLineEnds() throws Exception {
    NameLines lines = of("a b\n\n\n \t\r\n\u00e4\nlast".getBytes(UTF_8));
    assertThat(lines.next()).isEqualTo("a b");
    assertThat(lines.next()).isEqualTo(" \t\r");
    assertThat(lines.next()).isEqualTo("\u00e4");
    assertThat(lines.next()).isEqualTo("last");
    assertThat(lines.next()).isNull();
    assertThat(of(new byte[0]).next()).isNull();
  }

  @Test
  void aNameThatCannotBeOneDoesNotEndTheOthers() throws Exception {
    NameLines lines = of(("\u00e4\n" + "x".repeat(70_000) + "\ngood\n").getBytes(ISO_8859_1));
    assertThatThrownBy(lines::next)
        .isInstanceOf(SpecException.class)
        .hasMessageContaining("\"\\xe4\" is not UTF-8");
    assertThatThrownBy(lines::next)
        .isInstanceOf(SpecException.class)
        .hasMessageContaining("70000 bytes");
    assertThat(lines.next()).isEqualTo("good");
    assertThat(lines.next()).isNull();
  }
}
