package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import rkt.fetch.display.Display;
import rkt.fetch.transport.Meter;
import rkt.spec.json.JsonObject;

/** What is seen of a fetch. */
final class DisplayTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private String seen() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static void fetch(Display display) {
    display.expected(3_000_000);
    display.finished("layer 1/2 sha256:00", 1_000_000, true);
    Meter meter = display.started("layer 2/2 sha256:11", 2_000_000);
    meter.advanced(1_500_000);
    display.note("a mirror \u001b[2J failed");
    meter.advanced(500_000);
    display.finished("layer 2/2 sha256:11", 2_000_000, false);
  }

  @Test
  void elsewhereThanOnATerminalThereIsALineForEachLayer() {
    for (Map<String, String> environment :
        List.of(Map.<String, String>of(), Map.of("TERM", "dumb"))) {
      bytes.reset();
      boolean terminal = !environment.isEmpty();
      try (Display display = Display.of(Display.Form.TEXT, err, terminal, environment)) {
        fetch(display);
      }
      assertThat(seen())
          .isEqualTo(
              """
              layer 1/2 sha256:00: 1000000 bytes, here already
              note: a mirror \\x1b[2J failed
              layer 2/2 sha256:11: 2000000 bytes
              """);
    }
  }

  @Test
  void nothingButNotesIsSeenWhenQuiet() {
    try (Display display = Display.of(Display.Form.QUIET, err, true, Map.of("TERM", "xterm"))) {
      fetch(display);
    }
    assertThat(seen()).isEqualTo("note: a mirror \\x1b[2J failed\n");
  }

  @Test
  void aProgramReadsAnObjectForEachEvent() throws Exception {
    try (Display display = Display.of(Display.Form.JSON, err, true, Map.of("TERM", "xterm"))) {
      fetch(display);
    }
    List<String> lines = seen().lines().filter(line -> !line.contains("\"progress\"")).toList();
    assertThat(lines).hasSize(5);
    for (String line : lines) {
      JsonObject event = JsonObject.parse(line.getBytes(StandardCharsets.UTF_8), "an event");
      assertThat(event.integer("version")).isEqualTo(1);
    }
    assertThat(lines.getFirst())
        .isEqualTo("{\"version\":1,\"event\":\"expected\",\"bytes\":3000000}");
    assertThat(lines.getLast()).contains("\"finished\"", "\"bytes\":2000000", "\"reused\":false");
  }

  @Test
  void onATerminalTheBarsEndAndTheLinesStay() {
    Map<String, String> environment = Map.of("TERM", "xterm", "COLUMNS", "60");
    try (Display display = Display.of(Display.Form.TEXT, err, true, environment)) {
      fetch(display);
    }
    String screen = screen(seen());
    assertThat(screen)
        .isEqualTo(
            """
            layer 1/2 sha256:00: 1000000 bytes, here already
            note: a mirror \\x1b[2J failed
            layer 2/2 sha256:11: 2000000 bytes
            """);
    assertThat(seen()).contains("[", "1.5/2.0 MB", "2.5/3.0 MB", "MB/s", " left");
    for (String line : seen().replaceAll("\u001b\\[[0-9]*[AJ]|\r", "").split("\n", -1)) {
      if (line.contains("] ")) {
        assertThat(line.length()).isLessThan(60);
      }
    }
  }

  /** What a terminal shows in the end: the only commands are "up n lines" and "clear below". */
  private static String screen(String output) {
    StringBuilder screen = new StringBuilder();
    String rest = output;
    while (!rest.isEmpty()) {
      int escape = rest.indexOf('\u001b');
      screen.append(escape < 0 ? rest : rest.substring(0, escape));
      if (escape < 0) {
        break;
      }
      int end = rest.indexOf("\r\u001b[J", escape);
      int up = Integer.parseInt(rest.substring(escape + 2, end - 1));
      for (int i = 0; i < up; i++) {
        screen.setLength(screen.lastIndexOf("\n", screen.length() - 2) + 1);
      }
      rest = rest.substring(end + 4);
    }
    return screen.toString();
  }
}
