package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One pod exchanges a directory and a link in a volume, as fast as it can, while others start that
 * share the volume and have to go through that name. A start succeeds or is refused; nothing of it
 * is ever outside. CVE-2021-30465, CVE-2024-21626, CVE-2025-31133, CVE-2025-52565, CVE-2025-52881
 */
@Tag("crash")
class RacesCrashIT extends PodTests {
  private static final int ROUNDS = Scale.of(30, 10_000);
  private static final Path CORE_PATTERN = Path.of("/proc/sys/kernel/core_pattern");

  private static final Pattern SECRET = Pattern.compile("^secret$", Pattern.MULTILINE);

  private String flipper;
  private Path volume;
  private Path sentinel;
  private Map<String, String> outside;
  private List<String> mounts;
  private String corePattern;

  @BeforeAll
  void makeTheFlipper() throws Exception {
    flipper = Images.admit(rkt, Images.busybox().program("bin/flip", "flip.c").exec("/bin/flip"));
  }

  @BeforeEach
  void makeTheWorld() throws Exception {
    volume = Files.createTempDirectory(rkt.home(), "volume-").toRealPath();
    Files.createDirectory(volume.resolve("d"));
    Files.createSymbolicLink(volume.resolve("null"), CORE_PATTERN);
    sentinel = Files.createTempDirectory(rkt.home(), "sentinel-").toRealPath();
    Files.writeString(sentinel.resolve("secret"), "secret\n");
    Files.createDirectory(sentinel.resolve("outside"));
    outside = HostState.tree(sentinel);
    mounts = HostState.mounts();
    corePattern = Files.readString(CORE_PATTERN);
  }

  @AfterEach
  void nothingIsOutside() throws Exception {
    assertThat(HostState.tree(sentinel)).isEqualTo(outside);
    assertThat(HostState.mounts()).isEqualTo(mounts);
    assertThat(Files.readString(CORE_PATTERN)).isEqualTo(corePattern);
    assertThat(Files.isDirectory(Path.of("/dev/shm"))).isTrue();
    rkt.ok("gc", "--grace-period=0s");
  }

  @Test
  void aVolumeWhoseTargetIsExchangedIsMountedInside() throws Exception {
    List<Loop.Round> rounds =
        race(
            sentinel.toString(),
            words(
                "echo x > /v/d/made; cat /v/d/secret /secret; echo y > /v/d/outside/y; exit 0",
                shared("--volume=e,kind=empty", "--mount=volume=e,target=/v/d")));

    assertThat(statuses(rounds)).isSubsetOf(0, 254).contains(0);
    assertThat(rounds).noneMatch(round -> SECRET.matcher(round.out()).find());
  }

  @Test
  void aWorkingDirectoryThatIsExchangedIsInside() throws Exception {
    List<Loop.Round> rounds =
        race(
            "../../../../../../../../../.." + sentinel,
            words("pwd; cat secret; echo z > made; exit 0", shared("--working-dir=/v/d")));

    assertThat(statuses(rounds)).isSubsetOf(0, 254).contains(0);
    assertThat(rounds).noneMatch(round -> SECRET.matcher(round.out()).find());
    assertThat(rounds)
        .filteredOn(round -> round.status() == 0)
        .allMatch(round -> round.out().startsWith("/v/"));
  }

  @Test
  void theNullDeviceIsOutOfReachForAVolumeWhoseTargetLeadsToDev() throws Exception {
    List<Loop.Round> rounds =
        race(
            "/dev",
            words(
                "echo '|/pwned' > /dev/null; cat /proc/keys /proc/timer_list;"
                    + " echo '|/pwned' > /proc/sys/kernel/core_pattern; stat -c '%t:%T' /dev/null",
                shared("--volume=w,kind=host,source=" + volume, "--mount=volume=w,target=/v/d")));

    assertThat(statuses(rounds)).isSubsetOf(0, 254).contains(0);
    assertThat(rounds)
        .filteredOn(round -> round.status() == 0)
        .allMatch(round -> round.out().endsWith("\n1:3\n") || round.out().equals("1:3\n"))
        .noneMatch(round -> round.out().contains("keyring"));
  }

  @Test
  void theConsoleIsATerminalForAVolumeWhoseTargetLeadsToIt() throws Exception {
    String python =
        "import os,pty,sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    String[] start =
        words(
            "stat -L -c '%F %t' /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2",
            shared("--interactive", "--volume=e,kind=empty", "--mount=volume=e,target=/v/d"));
    List<Loop.Round> rounds;
    try (Running flips = flip("/dev/pts")) {
      rounds = Loop.run(rkt.call(start).env("TERM", "vt100"), ROUNDS, "python3", "-c", python);
      assertThat(flips.isAlive()).isTrue();
    }

    assertThat(statuses(rounds)).isSubsetOf(0, 254).contains(0);
    assertThat(rounds)
        .filteredOn(round -> round.status() == 0)
        .allMatch(
            round -> round.out().replace("\r", "").equals("character special file 88\n".repeat(3)));
  }

  @Test
  void theAttributesOfAProcessAreOutOfReachForAVolumeWhoseTargetLeadsToThem() throws Exception {
    List<Loop.Round> rounds =
        race(
            "/proc/self/attr",
            words(
                "stat -f -c %T /proc/self/attr; grep -c /attr /proc/self/mountinfo; exit 0",
                shared("--tmpfs=/v/d")));

    assertThat(statuses(rounds)).isSubsetOf(0, 254).contains(0);
    assertThat(rounds)
        .filteredOn(round -> round.status() == 0)
        .allMatch(round -> round.out().equals("proc\n0\n"));
  }

  /** The volume that the other pod has too. */
  private String[] shared(String... more) {
    List<String> flags =
        new ArrayList<>(
            List.of("--volume=v,kind=host,source=" + volume, "--mount=volume=v,target=/v"));
    flags.addAll(List.of(more));
    return flags.toArray(new String[0]);
  }

  private List<Loop.Round> race(String link, String[] start) throws Exception {
    try (Running flips = flip(link)) {
      List<Loop.Round> rounds = Loop.run(rkt.call(start), ROUNDS);
      assertThat(flips.isAlive()).as("names were exchanged all the time").isTrue();
      return rounds;
    }
  }

  /** A pod that exchanges {@code d} and a link in the volume from now on. */
  private Running flip(String target) throws Exception {
    Files.createSymbolicLink(volume.resolve("link"), Path.of(target));
    return rkt.pod(
        "flipping",
        "run",
        "--volume=v,kind=host,source=" + volume,
        "--mount=volume=v,target=/v",
        flipper,
        "--",
        "/v/d",
        "/v/link");
  }

  private static Set<Integer> statuses(List<Loop.Round> rounds) {
    Set<Integer> statuses = new TreeSet<>();
    for (Loop.Round round : rounds) {
      statuses.add(round.status());
    }
    return statuses;
  }
}
