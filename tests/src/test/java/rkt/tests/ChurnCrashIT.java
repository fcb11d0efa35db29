package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Many pods, and what is left of them on the host after one {@code rkt gc}: nothing. */
@Tag("crash")
class ChurnCrashIT extends PodTests {
  private static final Pattern NAMESPACE = Pattern.compile("[a-z_]+:\\[[0-9]+\\]");

  private static final Pattern IDS = Pattern.compile("^ +0 +([0-9]+) +65536$", Pattern.MULTILINE);

  /** The pod's namespaces, and the first of its ids. */
  private static final String LOOK = "cat /proc/self/uid_map; ls -l /proc/self/ns; ";

  /** Held by nobody, the lock of a range can be had. */
  private static final String HELD =
      "for first do f=/run/rkt/ids/$first; [ ! -e $f ] || flock -n $f true || echo $f; done";

  private final Set<String> ranges = new TreeSet<>();

  @Test
  void nothingIsLeftOfAThousandPodsInSequence() throws Exception {
    Left before = Left.now();
    List<Loop.Round> rounds = Loop.run(rkt.call(words(LOOK + "exit 7")), Scale.of(1000, 1000));

    Set<String> namespaces = new TreeSet<>();
    for (Loop.Round round : rounds) {
      assertThat(round.status()).as(round.out()).isEqualTo(7);
      namespaces.addAll(namespacesIn(round.out()));
      addRange(round.out());
    }
    assertNothingIsLeft(before, namespaces);
  }

  @Test
  void nothingIsLeftOfTwoHundredPodsAtTheSameTime() throws Exception {
    int pods = 200;
    Left before = Left.now();
    Path volume = Files.createTempDirectory(rkt.home(), "volume-").toRealPath();
    Path gate = volume.resolve("gate");
    Images.execute(List.of("mkfifo", "-m", "666", gate.toString()));
    String[] words =
        words(
            LOOK + "read line < /v/gate; exit 9",
            "--volume=v,kind=host,source=" + volume,
            "--mount=volume=v,target=/v");

    Set<String> namespaces = new TreeSet<>();
    List<Running> running = new ArrayList<>();
    try (ExecutorService starts = Executors.newFixedThreadPool(8)) {
      List<Future<Running>> started = new ArrayList<>();
      for (int i = 0; i < pods; i++) {
        // Eight at a time come up; all of them then wait at the gate.
        started.add(
            starts.submit(
                () -> rkt.call(words).within(Duration.ofMinutes(5)).start().awaitOutput("uts ->")));
      }
      for (Future<Running> one : started) {
        running.add(one.get());
      }
      assertThat(rkt.ok("list", "--no-legend").lines())
          .filteredOn(line -> line.contains("running"))
          .hasSize(pods);
      // Who comes to read it finds a writer, and at the end of that the end of the file.
      FileChannel.open(gate, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
      for (Running pod : running) {
        Result result = pod.await();
        assertThat(result.status()).as("%s", result).isEqualTo(9);
        namespaces.addAll(namespacesIn(result.out()));
        addRange(result.out());
      }
    } finally {
      for (Running pod : running) {
        pod.close();
      }
    }
    // Mount, uts, ipc, net, pid and cgroup, each pod its own.
    assertThat(namespaces).hasSizeGreaterThan(5 * pods);
    assertNothingIsLeft(before, namespaces);
  }

  private void assertNothingIsLeft(Left before, Set<String> namespaces) throws Exception {
    namespaces.removeAll(before.namespaces);
    rkt.assertNothingIsLeftAfterGc();
    // Of others, something may come and go meanwhile; of ours, all has to go.
    Left after = Left.now();
    for (int i = 0; i < 600 && !after.isNoMoreThan(before, namespaces); i++) {
      Thread.sleep(100);
      after = Left.now();
    }
    assertThat(after.mounts).as("mounts").isEqualTo(before.mounts);
    assertThat(after.namespaces).as("namespaces").doesNotContainAnyElementsOf(namespaces);
    String held = "";
    for (int i = 0; i < 600 && (i == 0 || !held.isEmpty()); i++) {
      List<String> command = new ArrayList<>(List.of("sh", "-c", HELD, "sh"));
      command.addAll(ranges);
      held = Images.execute(command);
      Thread.sleep(held.isEmpty() ? 0 : 100);
    }
    assertThat(ranges).isNotEmpty();
    assertThat(held).as("ranges of ids that are still taken").isEmpty();
    after.zombies.removeAll(before.zombies);
    assertThat(after.zombies).as("zombies").isEmpty();
    try (Stream<Path> phases = Files.list(rkt.data().resolve("pods"))) {
      for (Path phase : (Iterable<Path>) phases::iterator) {
        try (Stream<Path> pods = Files.list(phase)) {
          assertThat(pods.toList()).isEmpty();
        }
      }
    }
    try (Stream<Path> locks = Files.list(rkt.data().resolve("locks"))) {
      assertThat(locks.count()).as("locks").isLessThan(10);
    }
  }

  private void addRange(String text) {
    Matcher matcher = IDS.matcher(text);
    if (matcher.find()) {
      ranges.add(matcher.group(1));
    }
  }

  private static Set<String> namespacesIn(String text) {
    Set<String> found = new TreeSet<>();
    Matcher matcher = NAMESPACE.matcher(text);
    while (matcher.find()) {
      found.add(matcher.group());
    }
    return found;
  }

  /**
   * What a pod could leave behind on a host.
   *
   * @param namespaces that any process is in, holds open, or has mounted
   * @param zombies of our programs
   */
  private record Left(List<String> mounts, Set<String> namespaces, Set<String> zombies) {
    static Left now() throws IOException {
      Set<String> namespaces = new TreeSet<>();
      Set<String> zombies = new TreeSet<>();
      for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
        namespaces.addAll(namespacesIn(line));
      }
      try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
        for (Path process : (Iterable<Path>) processes::iterator) {
          String pid = process.getFileName().toString();
          if (Character.isDigit(pid.charAt(0))) {
            addLinks(process.resolve("ns"), namespaces);
            addLinks(process.resolve("fd"), namespaces);
            String stat = HostState.text(process.resolve("stat"));
            if (stat.matches("(?s)\\d+ \\((pod-init|sh|busybox|java|rkt)\\) Z .*")) {
              zombies.add(pid);
            }
          }
        }
      }
      return new Left(HostState.mounts(), namespaces, zombies);
    }

    private static void addLinks(Path directory, Set<String> namespaces) {
      try (Stream<Path> links = Files.list(directory)) {
        for (Path link : (Iterable<Path>) links::iterator) {
          namespaces.addAll(namespacesIn(HostState.link(link)));
        }
      } catch (IOException e) {
        // It has ended meanwhile.
      }
    }

    boolean isNoMoreThan(Left before, Set<String> ours) {
      Set<String> left = new TreeSet<>(namespaces);
      left.retainAll(ours);
      return left.isEmpty() && before.zombies.containsAll(zombies) && mounts.equals(before.mounts);
    }
  }
}
