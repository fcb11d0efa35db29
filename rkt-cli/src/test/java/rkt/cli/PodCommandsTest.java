package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.kernel.DirFd;

class PodCommandsTest {
  private static final String ID = "9c1e8f52-0d7a-4f6e-8b1d-3a5c7e9f1b2d";

  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void cli() {
    cli = new Cli(directory);
  }

  /** An exited pod of one app. */
  private Path pod() throws IOException {
    Path vector = Path.of("../spec/vectors/output/exited/data/pods/run").resolve(ID);
    Path pod = cli.data().resolve("pods/run").resolve(ID);
    Files.createDirectories(pod.resolve("status"));
    for (String phase : new String[] {"embryo", "prepare", "exited-garbage", "garbage"}) {
      Files.createDirectories(cli.data().resolve("pods").resolve(phase));
    }
    for (String file :
        new String[] {
          "created",
          "started",
          "pid",
          "pod.json",
          "status/web",
          "status/web.started",
          "status/web.exited"
        }) {
      Files.copy(vector.resolve(file), pod.resolve(file));
    }
    return pod;
  }

  @Test
  void nothingIsListedWhereNothingRan() {
    assertThat(cli.rkt("list", "--no-legend")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(cli.rkt("list", "--format=json")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(cli.rkt("list").out())
        .isEqualTo("UUID  APP  IMAGE NAME  IMAGE ID  STATE  CREATED  STARTED  NETWORKS\n");
    assertThat(cli.data()).doesNotExist();
  }

  @Test
  void podsAreListedAsATable() throws Exception {
    pod();
    assertThat(cli.rkt("list"))
        .isEqualTo(
            new Cli.Result(
                0,
                """
                UUID      APP  IMAGE NAME       IMAGE ID             STATE   CREATED               STARTED               NETWORKS
                9c1e8f52  web  example.com/web  sha512-abababababab  exited  2026-09-21T14:13:20Z  2026-09-21T14:13:21Z  none
                """,
                ""));
    assertThat(cli.rkt("list", "--full", "--no-legend").out())
        .isEqualTo(
            ID
                + "  web  example.com/web  sha512-"
                + "ab".repeat(64)
                + "  exited  2026-09-21T14:13:20Z  2026-09-21T14:13:21Z  none\n");
  }

  @Test
  void aPodsStatusIsLinesOfKeysAndValues() throws Exception {
    pod();
    assertThat(cli.rkt("status", "9c1e"))
        .isEqualTo(
            new Cli.Result(
                0,
                """
                state=exited
                created=2026-09-21T14:13:20Z
                started=2026-09-21T14:13:21Z
                networks=none
                exited=true
                app-web=137
                image-web=sha512-%s
                verified-web=yes
                """
                    .formatted("ab".repeat(64)),
                ""));
    assertThat(cli.rkt("status", "9c1e", "--wait").status()).isZero();
  }

  @Test
  void aWaitHasAnEndAndTheStatusSaysWhatIsStillSo() throws Exception {
    try (DirFd holder = DirFd.open(pod().toString())) {
      holder.self().lock(true);
      Cli.Result result = cli.rkt("status", "9c1e", "--wait=50ms");
      assertThat(result.status()).isZero();
      assertThat(result.out()).startsWith("state=running\n").contains("\npid=4711\nexited=false\n");
    }
    assertThat(cli.rkt("status", "9c1e", "--wait=999999999h").out()).startsWith("state=exited\n");
  }

  @Test
  void prettyJsonIsTheSameInMoreLines() throws Exception {
    pod();
    String line = cli.rkt("status", "9c1e", "--format=json").out();
    String pretty = cli.rkt("status", "9c1e", "--format=json-pretty").out();
    assertThat(pretty).startsWith("{\n  \"version\": 1,\n  \"name\": \"" + ID + "\",\n");
    assertThat(pretty.replaceAll("\\n *", "").replace("\": ", "\":") + "\n").isEqualTo(line);
  }

  @Test
  void aPodIsRemovedAndNamed() throws Exception {
    pod();
    assertThat(cli.rkt("rm", "9c1e")).isEqualTo(new Cli.Result(0, ID + "\n", ""));
    assertThat(cli.data().resolve("pods/run")).isEmptyDirectory();
    assertThat(cli.data().resolve("pods/garbage")).isEmptyDirectory();
    pod();
    Cli.Result json = cli.rkt("rm", "--format=json", "9c1e");
    assertThat(json.out()).isEqualTo("{\"version\":1,\"id\":\"" + ID + "\"}\n");
    Schemas.check("done", json.out());
  }

  @Test
  void aRunningPodIsNotRemoved() throws Exception {
    try (DirFd holder = DirFd.open(pod().toString())) {
      holder.self().lock(true);
      assertThat(cli.rkt("rm", "9c1e"))
          .isEqualTo(
              new Cli.Result(
                  254,
                  "",
                  "usage: pod " + ID + " is running\n  fix: rkt stop " + ID + " ends it first\n"));
      assertThat(cli.rkt("gc", "--grace-period=0")).isEqualTo(new Cli.Result(0, "", ""));
    }
  }

  @Test
  void whatWasCollectedIsNamed() throws Exception {
    pod();
    assertThat(cli.rkt("gc")).as("marked, kept").isEqualTo(new Cli.Result(0, "", ""));
    assertThat(cli.rkt("list", "--no-legend").out()).contains("  exited garbage  ");
    assertThat(cli.rkt("gc", "--grace-period=0", "--format=json"))
        .isEqualTo(new Cli.Result(0, "{\"version\":1,\"id\":\"" + ID + "\"}\n", ""));
  }

  @Test
  void aPodThatHasEndedCannotBeStopped() throws Exception {
    pod();
    assertThat(cli.rkt("stop", "9c1e"))
        .isEqualTo(new Cli.Result(254, "", "usage: pod " + ID + " does not run: it is exited\n"));
    Cli.Result json = cli.rkt("stop", "--format", "json", "9c1e");
    assertThat(json.err())
        .isEqualTo(
            "{\"error\":{\"class\":\"usage\",\"message\":\"pod "
                + ID
                + " does not run: it is exited\"}}\n");
    Schemas.check("error", json.err());
  }

  @Test
  void aPodIsNamedByAFile() throws Exception {
    pod();
    Path file = directory.resolve("uuid");
    Files.writeString(file, ID + "\n");
    assertThat(cli.rkt("status", "--uuid-file=" + file).out()).startsWith("state=exited\n");
    Files.delete(file);
    assertThat(cli.rkt("status", "--uuid-file=" + file))
        .isEqualTo(
            new Cli.Result(
                254,
                "",
                "usage: no such file: " + file + "\n  fix: rkt run --uuid-file-save writes one\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "status, usage: no pod given",
    "rm, usage: no pod given",
    "stop, usage: no pod given",
    "status ab, not-found: no pod \"ab\"",
    "enter ab, not-found: no pod \"ab\"",
    "rm ab, not-found: no pod \"ab\"",
    "status a b, usage: one pod at a time",
    "list x, usage: unmatched argument",
    "gc --grace-period=soon, usage: --grace-period does not understand \"soon\"",
    "gc --expire-prepared=1d, usage: --expire-prepared does not understand \"1d\"",
    "stop --timeout=-1s ab, usage: --timeout does not understand \"-1s\"",
    "status --wait=x ab, usage: --wait does not understand",
    "list --format=xml, usage: --format does not know \"xml\"",
    "list --format, usage: missing required parameter",
    "list --fast, usage: unknown option",
  })
  void whatCannotBeDoneIsSaid(String line, String error) {
    Cli.Result result = cli.rkt(line.split(" ", -1));
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.out()).isEmpty();
    if (!line.startsWith("status --wait")) { // the pod is looked for first
      assertThat(result.err()).startsWith(error);
    }
    assertThat(cli.data()).doesNotExist();
  }
}
