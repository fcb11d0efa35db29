package rkt.spec.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import rkt.spec.ErrorClass;
import rkt.spec.SpecException;

class ErrorReportTest {
  private static String printed(ErrorReport report, boolean json) {
    var err = new ByteArrayOutputStream();
    report.print(new PrintStream(err, true, StandardCharsets.UTF_8), json);
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void anErrorIsALineAndItsFixAnother() {
    var report = ErrorReport.of(SpecException.notFound("no image \"a\"", "rkt fetch a"));
    assertThat(printed(report, false)).isEqualTo("not-found: no image \"a\"\n  fix: rkt fetch a\n");
    assertThat(printed(report, true))
        .isEqualTo(
            "{\"error\":{\"class\":\"not-found\",\"message\":\"no image \\\"a\\\"\","
                + "\"fix\":\"rkt fetch a\"}}\n");
  }

  @Test
  void whatNobodyCanFixHasNoFix() {
    var report = ErrorReport.of(ErrorClass.SYSTEM, "the disk is full", null);
    assertThat(printed(report, false)).isEqualTo("system: the disk is full\n");
    assertThat(printed(report, true))
        .isEqualTo("{\"error\":{\"class\":\"system\",\"message\":\"the disk is full\"}}\n");
  }

  @Test
  void textFromOutsideCannotAddLinesOrMoveTheCursor() {
    var report =
        ErrorReport.of(ErrorClass.INTEGRITY, "name \"a\ntrust: \033[2J\u202e\"", "rm \033");
    assertThat(printed(report, false))
        .isEqualTo("integrity: name \"a\\x0atrust: \\x1b[2J\\u202e\"\n  fix: rm \\x1b\n");
    assertThat(printed(report, true))
        .isEqualTo(
            "{\"error\":{\"class\":\"integrity\","
                + "\"message\":\"name \\\"a\\\\x0atrust: \\\\x1b[2J\\\\u202e\\\"\","
                + "\"fix\":\"rm \\\\x1b\"}}\n");
  }

  @Test
  void aBugIsItsOwnClass() {
    assertThat(printed(ErrorReport.bug(new IllegalStateException("odd")), false))
        .isEqualTo(
            """
            internal: java.lang.IllegalStateException: odd
              fix: this is a bug of rkt: report it with what --debug prints
            """);
  }
}
