package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    Result killed =
        rkt.call(words("echo ran; exit 7"))
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
    assertThat(killed.status()).as("%s", killed).isIn(7, 137, 254);
    kills += killed.status() == 137 ? 1 : 0;

    Result again = sh("echo ran; exit 7");
    assertThat(again.status()).as("%s", again).isEqualTo(7);
    assertThat(again.out()).isEqualTo("ran\n");
    rkt.assertNothingIsLeftAfterGc();
    assertThat(HostState.mounts()).isEqualTo(mounts);
  }
}
