package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import rkt.spec.Phases;
import rkt.stage1.main.BothCompilers;

class MainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int rkt(String... args) {
    var caller =
        new Caller(
            InputStream.nullInputStream(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            Map.of(),
            Clock.systemUTC(),
            Path.of("/"),
            new Phases(),
            BothCompilers.here(),
            () -> {});
    return Main.run(List.of(args), caller);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void versionIsPrintedAsText() {
    assertThat(rkt("version")).isZero();
    assertThat(out()).matches("rkt \\d+\\.\\d+\\.\\d+\njava 25.*\n");
    assertThat(err()).isEmpty();
  }

  @Test
  void theVersionIsThatOfTheBuild() {
    assertThat(VersionCommand.VERSION).isEqualTo(System.getProperty("rkt.version"));
  }

  @Test
  void versionIsPrintedAsJson() {
    assertThat(rkt("version", "--format=json")).isZero();
    assertThat(out()).matches("\\{\"rkt\":\"[0-9.]+\",\"java\":\"25.*\"}\n");
  }

  @Test
  void commonOptionsStandBeforeOrAfterTheCommand() {
    assertThat(rkt("--debug", "--dir", "/x", "--local-config=/y", "version")).isZero();
    assertThat(rkt("version", "--debug", "--dir", "/x", "--local-config=/y")).isZero();
  }

  @Test
  void aCommandIsFoundByTheStartOfItsName() {
    assertThat(rkt("ver")).isZero();
    assertThat(out()).startsWith("rkt ");
  }

  @Test
  void anUnknownCommandIsAUsageErrorOfTwoLines() {
    assertThat(rkt("fly")).isEqualTo(254);
    assertThat(out()).isEmpty();
    assertThat(err())
        .isEqualTo("usage: no such command: fly\n  fix: rkt help lists the commands\n");
  }

  @Test
  void noCommandIsAUsageError() {
    assertThat(rkt()).isEqualTo(254);
    assertThat(err()).startsWith("usage: no command given\n");
  }

  @Test
  void anUnknownOptionNamesTheHelpThatWouldSayMore() {
    assertThat(rkt("version", "--fast")).isEqualTo(254);
    assertThat(err()).isEqualTo("usage: unknown option: '--fast'\n  fix: see rkt help version\n");
    assertThat(rkt("--fast", "version")).isEqualTo(254);
  }

  @Test
  void anUnknownInsecureOptionIsRefused() {
    assertThat(rkt("--insecure-options=everything", "version")).isEqualTo(254);
    assertThat(err())
        .isEqualTo(
            """
            usage: --insecure-options does not know "everything"
              fix: rkt help run lists the checks
            """);
  }

  @Test
  void theStackIsShownOnlyForDebug() {
    rkt("version", "--format=xml");
    assertThat(err()).isEqualTo("usage: --format takes text or json\n");
    rkt("--debug", "version", "--format=xml");
    assertThat(err()).contains("\tat rkt.cli.VersionCommand.run");
  }

  @Test
  void helpListsEveryCommandInALine() {
    assertThat(rkt("--help")).isZero();
    for (CommandName name : CommandName.values()) {
      assertThat(out()).containsPattern("(?m)^  " + name.words() + " +" + "\\S");
    }
  }

  @Test
  void everyCommandExplainsItself() {
    for (CommandName name : CommandName.values()) {
      out.reset();
      assertThat(rkt(("help " + name.words()).split(" "))).isZero();
      assertThat(out()).startsWith("Usage: rkt " + name.words()).contains("--insecure-options");
    }
  }
}
