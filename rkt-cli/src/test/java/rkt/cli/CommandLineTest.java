package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the words of a command line mean, whatever the command then does. */
class CommandLineTest {
  @ParameterizedTest
  @CsvSource({
    "im li, IMAGE_LIST",
    "image list, IMAGE_LIST",
    "i l, IMAGE_LIST",
    "image cat, IMAGE_CAT_MANIFEST",
    "i rm, IMAGE_RM",
    "tr, TRUST",
    "trust list, TRUST_LIST",
    "trust li, TRUST",
    "trust x.asc, TRUST",
    "trust policy check, TRUST_POLICY_CHECK",
    "tr po ch, TRUST_POLICY_CHECK",
    "t l, TRUST_LIST",
    "rm, RM",
    "ru x, RUN",
    "f x, FETCH",
    "l, LIST",
    "e x, ENTER",
    "sta x, STATUS",
    "sto x, STOP",
    "g, GC",
    "h run, HELP",
    "v, VERSION",
  })
  void aCommandMayBeCutShort(String words, CommandName name) throws Exception {
    assertThat(CommandName.find(List.of(words.split(" ", -1)))).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "s|\"s\" could be status, stop",
        "r|\"r\" could be run, rm",
        "image|no such command: image",
        "image fly|no such command: image fly",
        "RUN|no such command: RUN",
        "runs|no such command: runs",
      })
  void whatFitsNoneOrSeveralIsRefused(String words, String message) {
    assertThatThrownBy(() -> CommandName.find(List.of(words.split(" ", -1))))
        .isInstanceOf(UsageException.class)
        .hasMessage(message);
  }

  @Test
  void theFirstWordOfSeveralCommandsIsExplained() {
    Cli cli = new Cli(Path.of("/nonexistent"));
    for (String[] words : new String[][] {{"help", "image"}, {"image", "--help"}}) {
      Cli.Result help = cli.rkt(words);
      assertThat(help.status()).isZero();
      assertThat(help.out())
          .startsWith("Usage: rkt image COMMAND [ARGS]\n\nCommands:\n  image list ")
          .endsWith("\nrkt help image COMMAND explains one of them and lists the options.\n")
          .doesNotContain("  fetch ");
    }
    assertThat(cli.rkt("image").err())
        .isEqualTo(
            "usage: no such command: image\n  fix: rkt help image lists those that there are\n");
    assertThat(cli.rkt("help", "trust").out()).startsWith("Usage: rkt trust [-h]");
    assertThat(cli.rkt("image", "export", "--help").out())
        .contains(" IMAGE OUT\n")
        .doesNotContain("(IMAGE OUT");
    assertThat(cli.rkt("image", "export", "x").err())
        .startsWith("usage: 1 arguments given, and it takes IMAGE and OUT\n");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0s, 0",
    "90s, 90000",
    "1m30s, 90000",
    "24h, 86400000",
    "250ms, 250",
    "1h1m1s1ms, 3661001",
    "1s1s, 2000",
  })
  void aDurationIsNumbersWithUnits(String text, long millis) throws Exception {
    assertThat(Durations.parse("--wait", text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "s",
        "1d",
        "-1s",
        "1.5h",
        " 1s",
        "1s ",
        "1 s",
        "9999999999s",
        "0x1s",
        "1m30"
      })
  void whatIsNoDurationIsRefused(String text) {
    assertThatThrownBy(() -> Durations.parse("--wait", text))
        .isInstanceOf(UsageException.class)
        .hasMessage("--wait does not understand \"" + text + "\"");
  }

  @Test
  void aTableIsAsWideAsItNeedsToBe() {
    Table table = new Table();
    table.row("A", "LONG HEADING", "C");
    table.row("longer", "b");
    table.row("", "x", "y");
    var out = new ByteArrayOutputStream();
    table.print(new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            A       LONG HEADING  C
            longer  b
                    x             y
            """);
  }

  @Test
  void jsonIsAskedForInTwoWays() {
    assertThat(Format.wantsJson(List.of("list", "--format=json"))).isTrue();
    assertThat(Format.wantsJson(List.of("--format", "json-pretty", "list"))).isTrue();
    assertThat(Format.wantsJson(List.of("list", "--format=text", "--fast"))).isFalse();
    assertThat(Format.wantsJson(List.of("list", "--format"))).isFalse();
    assertThat(Format.wantsJson(List.of("json", "--formatter=json"))).isFalse();
  }

  @Test
  void anErrorIsJsonWhereTheDataWouldBe(@TempDir Path directory) throws Exception {
    Cli cli = new Cli(directory);
    Cli.Result result = cli.rkt("list", "--format=json", "--fast");
    assertThat(result)
        .isEqualTo(
            new Cli.Result(
                254,
                "",
                "{\"error\":{\"class\":\"usage\",\"message\":\"unknown option: '--fast'\","
                    + "\"fix\":\"see rkt help list\"}}\n"));
    Schemas.check("error", result.err());
    Schemas.check("version", cli.rkt("version", "--format=json").out());
  }

  @Test
  void theWordsOfAnAppDoNotSpeakForRkt(@TempDir Path directory) {
    Cli cli = new Cli(directory);
    String[] enter = {"enter", "none", "sh", "--format=json", "--debug"};
    assertThat(cli.rkt(enter).err())
        .isEqualTo("not-found: no pod \"none\"\n  fix: rkt list shows the pods\n");
    String[] run = {
      "run", "--pull-policy=never", "example.com/x", "--", "--format=json", "--debug"
    };
    assertThat(cli.rkt(run).err()).startsWith("not-found: no image").hasLineCount(2);
  }

  @Test
  void textFromOutsideIsEscapedInErrors(@TempDir Path directory) {
    assertThat(new Cli(directory).rkt("status", "\033[2Jab").err())
        .isEqualTo("not-found: no pod \"\\x1b[2Jab\"\n  fix: rkt list shows the pods\n");
  }

  @ParameterizedTest
  @CsvSource({
    "none, ''",
    "image, IMAGE",
    "all-run, 'CAPABILITIES,PATHS,SECCOMP,USERNS,NO_NEW_PRIVILEGES,RLIMITS,LANDLOCK'",
    "no-new-privileges, NO_NEW_PRIVILEGES",
    "all-fetch, 'IMAGE,TLS,HTTP,PUBKEY'",
    "'ondisk,tls', TLS",
    "all, 'IMAGE,TLS,HTTP,PUBKEY,CAPABILITIES,PATHS,SECCOMP,USERNS,NO_NEW_PRIVILEGES,RLIMITS,LANDLOCK'",
  })
  void checksAreSwitchedOffByName(String words, String checks) throws Exception {
    var parsed =
        new picocli.CommandLine(Main.spec(CommandName.LIST, CommandName.LIST.create()))
            .parseArgs("--insecure-options=" + words);
    assertThat(Settings.of(parsed).insecure())
        .map(Enum::name)
        .containsExactly(checks.isEmpty() ? new String[0] : checks.split(",", -1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--net=bridge",
        "--memory=much",
        "--cpu=-1",
        "--volume=data",
        "--mount=target=/x",
        "--hostname=a_b",
        "--environment=NAME",
        "--set-env==x",
        "--name=Upper",
      })
  void whatMakesNoSenseIsRefusedBeforeAnythingIsLookedUp(String option, @TempDir Path directory) {
    Cli.Result result = new Cli(directory).rkt("run", option, "docker://127.0.0.1:1/nothing");
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).startsWith("usage: ");
  }
}
