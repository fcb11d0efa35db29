package rkt.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void columnsAreAsWideAsTheyNeedToBe() {
    assertThat(printed(new String[] {"A", "B"}, new String[] {"long", "b"}))
        .isEqualTo("A     B\nlong  b\n");
  }

  @Test
  void whatAnImageSaysCannotSteerTheTerminal() {
    assertThat(printed(new String[] {"1.0\u001b]0;x\u0007\nforged", "\u009b31m", "b"}))
        .isEqualTo("1.0\\x1b]0;x\\x07\\x0aforged  \\x9b31m  b\n");
  }

  private static String printed(String[]... rows) {
    Table table = new Table();
    for (String[] row : rows) {
      table.row(row);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    table.print(new PrintStream(out, true, UTF_8));
    return out.toString(UTF_8);
  }
}
