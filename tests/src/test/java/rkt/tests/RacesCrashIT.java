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

  /** Apps of one pod, where the link leads to something inside: each of them is a round. */
  private static final int APPS = 20;

  private static final Path CORE_PATTERN = Path.of("/proc/sys/kernel/core_pattern");

  private static final Pattern SECRET = Pattern.compile("^secret$", Pattern.MULTILINE);

  private String flipper;
  private Path volume;
  private Path sentinel;
  private Map<String, String> outside;
  private List<String> mounts;
  private String corePattern;

  /** The image of the pods that start. */
  private String racing;

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
    racing = image;
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
    // Inside, the link leads to a directory of the image.
    String inside = sentinel.toString().substring(1);
    racing = Images.admit(rkt, Images.busybox().directory(inside, 0755).exec("/bin/sh"));
    List<Loop.Round> starts =
        race(
            APPS,
            sentinel.toString(),
            "echo x > /v/d/made; cat /v/d/secret /secret; echo y > /v/d/outside/y; echo raced",
            "--volume=e,kind=empty",
            "--mount=volume=e,target=/v/d");

    assertThat(starts).noneMatch(start -> SECRET.matcher(start.out()).find());
  }

  @Test
  void aWorkingDirectoryThatIsExchangedIsInside() throws Exception {
    List<Loop.Round> starts =
        race(
            APPS,
            "../../../../../../../../../.." + sentinel,
            "echo raced $(pwd); cat secret; echo z > made",
            "--tmpfs=" + sentinel,
            "--working-dir=/v/d");

    assertThat(starts).noneMatch(start -> SECRET.matcher(start.out()).find());
    assertThat(raced(starts)).isSubsetOf("raced /v/d", "raced /v/link", "raced " + sentinel);
  }

  @Test
  void theNullDeviceIsOutOfReachForAVolumeWhoseTargetLeadsToDev() throws Exception {
    List<Loop.Round> starts =
        race(
            1,
            "/dev",
            "echo '|/pwned' > /dev/null; cat /proc/keys /proc/timer_list;"
                + " echo '|/pwned' > /proc/sys/kernel/core_pattern;"
                + " echo raced $(stat -c '%t:%T' /dev/null)",
            "--volume=w,kind=host,source=" + volume,
            "--mount=volume=w,target=/v/d");

    assertThat(starts).noneMatch(start -> start.out().contains("keyring"));
    assertThat(raced(starts)).containsOnly("raced 1:3");
  }

  @Test
  void theConsoleIsATerminalForAVolumeWhoseTargetLeadsToIt() throws Exception {
    String python =
        "import os,pty,sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    String[] start =
        words(
            "stat -L -c '%F %t' /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2",
            shared("--interactive", "--volume=e,kind=empty", "--mount=volume=e,target=/v/d"));
    List<Loop.Round> starts;
    try (Running flips = flip("/dev/pts")) {
      starts = Loop.run(rkt.call(start).env("TERM", "vt100"), ROUNDS, "python3", "-c", python);
      assertThat(flips.isAlive()).isTrue();
    }

    assertThat(statuses(starts)).isSubsetOf(0, 254).contains(0);
    assertThat(starts)
        .filteredOn(round -> round.status() == 0)
        .allMatch(
            round -> round.out().replace("\r", "").equals("character special file 88\n".repeat(3)));
  }

  @Test
  void theAttributesOfAProcessAreOutOfReachForAVolumeWhoseTargetLeadsToThem() throws Exception {
    List<Loop.Round> starts =
        race(
            1,
            "/proc/self/attr",
            "echo raced $(stat -f -c %T /proc/self/attr) $(grep -c /attr /proc/self/mountinfo)",
            "--tmpfs=/v/d");

    assertThat(raced(starts)).containsOnly("raced proc 0");
  }

  /** The volume that the other pod has too. */
  private String[] shared(String... more) {
    List<String> flags =
        new ArrayList<>(
            List.of("--volume=v,kind=host,source=" + volume, "--mount=volume=v,target=/v"));
    flags.addAll(List.of(more));
    return flags.toArray(new String[0]);
  }

  /**
   * Starts pods of so many apps, while the name leads to {@code link} half of the time, until
   * enough apps have been through it: those that printed a line that begins with "raced", and the
   * one that ended its pod by being refused.
   */
  private List<Loop.Round> race(int apps, String link, String script, String... flags)
      throws Exception {
    List<Loop.Round> starts = new ArrayList<>();
    String[] words = wordsOf(apps, script, shared(flags));
    try (Running flips = flip(link)) {
      int rounds = 0;
      while (rounds < ROUNDS) {
        List<Loop.Round> more = Loop.run(rkt.call(words), 1 + (ROUNDS - rounds - 1) / apps);
        rounds += raced(more).size() + refused(more);
        starts.addAll(more);
      }
      assertThat(flips.isAlive()).as("names were exchanged all the time").isTrue();
    }
    assertThat(statuses(starts)).isSubsetOf(0, 254).contains(0);
    assertThat(starts).noneMatch(start -> start.out().contains("usage: "));
    return starts;
  }

  /** {@code rkt run} of a pod of so many apps with one script. */
  private String[] wordsOf(int apps, String script, String[] flags) {
    List<String> words = new ArrayList<>(List.of("run"));
    List<String> ofApps = new ArrayList<>();
    for (String flag : flags) {
      (flag.startsWith("--volume=") ? words : ofApps).add(flag);
    }
    for (int i = 0; i < apps; i++) {
      words.addAll(List.of(racing, "--name=a" + i));
      words.addAll(ofApps);
      words.addAll(List.of("--", "-c", script + "; exit 0", "---"));
    }
    return words.toArray(new String[0]);
  }

  /** What apps say at the end of a round. */
  private static List<String> raced(List<Loop.Round> starts) {
    List<String> lines = new ArrayList<>();
    for (Loop.Round start : starts) {
      start.out().lines().filter(line -> line.startsWith("raced")).forEach(lines::add);
    }
    return lines;
  }

  private static int refused(List<Loop.Round> starts) {
    return (int) starts.stream().filter(start -> start.status() == 254).count();
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
