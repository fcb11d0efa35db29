package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code rkt run} is killed at the n-th call of one kind; then the same command succeeds. */
@Tag("crash")
class KilledRunCrashIT extends PodTests {
  private int kills;

  @AfterAll
  void mostPointsWereReached() {
    assertThat(kills).as("runs that were killed").isGreaterThanOrEqualTo(14);
  }

  @ParameterizedTest
  @CsvSource({
    "'mkdir,mkdirat', 1",
    "'mkdir,mkdirat', 2",
    "'mkdir,mkdirat', 4",
    "'mkdir,mkdirat', 7",
    "'mkdir,mkdirat', 12",
    "'rename,renameat,renameat2', 1",
    "'rename,renameat,renameat2', 2",
    "'rename,renameat,renameat2', 3",
    "unshare, 1",
    "unshare, 2",
    "mount, 1",
    "mount, 2",
    "mount, 3",
    "mount, 6",
    "move_mount, 1",
    "move_mount, 5",
    "pivot_root, 1",
    "sethostname, 1",
    "execve, 2",
    "execve, 3",
    "execve, 4",
    "seccomp, 1",
    "setsid, 1",
    "rmdir, 1",
  })
  void aRunThatIsKilledLeavesNothingThatGcDoesNotRemove(String calls, int nth) throws Exception {
    List<String> mounts = HostState.mounts();
    Result killed = killedAt(calls, nth, "echo ran; exit 7");
    assertThat(killed.status()).as("%s", killed).isIn(7, 137, 254);
    kills += killed.status() == 137 ? 1 : 0;

    Result again = sh("echo ran; exit 7");
    assertThat(again.status()).as("%s", again).isEqualTo(7);
    assertThat(again.out()).isEqualTo("ran\n");
    rkt.assertNothingIsLeftAfterGc();
    assertThat(HostState.mounts()).isEqualTo(mounts);
  }

  private Result killedAt(String calls, int nth, String script) throws Exception {
    return rkt.call(words(script))
        .within(Duration.ofSeconds(30))
        .under(
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=" + calls,
            "-e",
            "inject=" + calls + ":signal=KILL:when=" + nth)
        .run();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fsync", "rename"})
  void aRunThatIsKilledWhileItKeepsTheFilterLeavesNoDraftThatGcDoesNotRemove(String call)
      throws Exception {
    Path filters = rkt.data().resolve("seccomp");
    int killed = 0;
    int drafts = 0;
    boolean done = false;
    for (int nth = 1; !done; nth++) {
      Rkt.delete(filters);
      Result result = killedAt(call, nth, "exit 7");
      assertThat(result.status()).as("%s", result).isIn(7, 137, 254);
      done = result.status() == 7;
      killed += done ? 0 : 1;
      drafts += drafts(filters).size();
      assertThat(sh("exit 7").status()).isEqualTo(7);
      rkt.assertNothingIsLeftAfterGc();
      assertThat(drafts(filters)).as("drafts after a kill at %s %d", call, nth).isEmpty();
      assertThat(nth).isLessThan(50);
    }
    assertThat(killed).as("runs that were killed").isPositive();
    assertThat(drafts).as("drafts that were left").isPositive();
  }

  private static List<Path> drafts(Path filters) throws Exception {
    if (!Files.isDirectory(filters)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(filters)) {
      return files.filter(file -> file.getFileName().toString().startsWith(".")).toList();
    }
  }
}
