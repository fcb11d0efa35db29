package rkt.stage1.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.kernel.DirFd;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class CollectorTest {
  private static final Duration GRACE = Duration.ofMinutes(30);
  private static final Duration PREPARED = Duration.ofHours(24);

  @TempDir Path data;

  @BeforeEach
  void phases() throws IOException {
    for (PodPhase phase : PodPhase.values()) {
      Files.createDirectories(data.resolve("pods").resolve(phase.directory()));
    }
  }

  private Path pod(String directory, String id) throws IOException {
    Path pod = data.resolve("pods").resolve(directory).resolve(id);
    Files.createDirectories(pod.resolve("overlay/web/upper"));
    return pod;
  }

  private final List<PodView> ended = new ArrayList<>();

  @Test
  void theEndOfEachPodThatRanIsToldOnceBeforeItGoes() throws Exception {
    pod("run", "aa");
    pod("run", "bb");
    pod("prepare", "cc");
    later(Duration.ZERO).collect(Duration.ZERO, Duration.ZERO, true);
    later(Duration.ZERO).collect(Duration.ZERO, Duration.ZERO, false);
    assertThat(ended.stream().map(PodView::id)).containsExactlyInAnyOrder("aa", "bb");
  }

  @Test
  void aPodWhoseEndCannotBeToldStays() throws Exception {
    pod("run", "aa");
    Collector collector =
        new Collector(
            new Pods(data),
            Clock.systemUTC(),
            pod -> {
              throw StageException.system("the disk is full", null);
            });
    assertThat(collector.collect(Duration.ZERO, Duration.ZERO, false).failures())
        .singleElement(InstanceOfAssertFactories.THROWABLE)
        .hasMessage("the disk is full");
    assertThatThrownBy(() -> collector.remove(new Pods(data).find("aa")))
        .hasMessage("the disk is full");
    assertThat(left()).containsExactly("run/aa");
  }

  @Test
  void aPodThatCannotBeRemovedKeepsNoOtherFromIt() throws Exception {
    pod("run", "aa");
    pod("run", "bb");
    pod("prepare", "cc");
    Collector collector =
        new Collector(
            new Pods(data),
            Clock.systemUTC(),
            pod -> {
              if (pod.id().equals("aa")) {
                throw StageException.system("of no use", null);
              }
            });
    Collector.Outcome outcome = collector.collect(Duration.ZERO, Duration.ZERO, false);
    assertThat(outcome.removed()).containsExactlyInAnyOrder("bb", "cc");
    assertThat(outcome.failures()).hasSize(1);
    assertThat(left()).containsExactly("run/aa");
  }

  /** A collector that believes it is so much later. */
  private Collector later(Duration passed) {
    return new Collector(
        new Pods(data), Clock.fixed(Instant.now().plus(passed), ZoneOffset.UTC), ended::add);
  }

  private List<String> left() throws IOException {
    List<String> left = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(data.resolve("pods"), 2)) {
      paths
          .filter(path -> path.getNameCount() == data.getNameCount() + 3)
          .sorted()
          .forEach(path -> left.add(data.resolve("pods").relativize(path).toString()));
    }
    return left;
  }

  @Test
  void anExitedPodIsMarkedThenKeptForTheGraceTimeThenGone() throws Exception {
    pod("run", "aa");
    assertThat(later(Duration.ZERO).collect(GRACE, PREPARED, false).removed()).isEmpty();
    assertThat(left()).containsExactly("exited-garbage/aa");
    assertThat(later(GRACE.minusSeconds(30)).collect(GRACE, PREPARED, false).removed()).isEmpty();
    assertThat(left()).containsExactly("exited-garbage/aa");
    assertThat(later(GRACE.plusSeconds(30)).collect(GRACE, PREPARED, false).removed())
        .containsExactly("aa");
    assertThat(left()).isEmpty();
  }

  @Test
  void withoutGraceAllThatEndedGoesAtOnce() throws Exception {
    pod("run", "aa");
    pod("prepare", "bb");
    pod("garbage", "cc");
    pod("exited-garbage", "dd");
    pod("embryo", "ee");
    assertThat(later(Duration.ZERO).collect(Duration.ZERO, Duration.ZERO, false).removed())
        .containsExactlyInAnyOrder("aa", "bb", "cc", "dd");
    assertThat(left()).isEmpty();
  }

  @Test
  void anAbortedPodHasNoGrace() throws Exception {
    pod("prepare", "bb");
    assertThat(later(Duration.ZERO).collect(GRACE, PREPARED, false).removed())
        .containsExactly("bb");
  }

  @Test
  void aPreparedPodWaitsForItsOwnTime() throws Exception {
    pod("prepared", "aa");
    assertThat(later(PREPARED.minusMinutes(1)).collect(GRACE, PREPARED, false).removed()).isEmpty();
    assertThat(left()).containsExactly("prepared/aa");
    assertThat(later(PREPARED.plusMinutes(1)).collect(GRACE, PREPARED, false).removed())
        .containsExactly("aa");
  }

  @Test
  void markingRemovesNothing() throws Exception {
    pod("run", "aa");
    pod("prepare", "bb");
    assertThat(later(Duration.ofDays(9)).collect(Duration.ZERO, Duration.ZERO, true).removed())
        .isEmpty();
    assertThat(left()).containsExactly("exited-garbage/aa", "garbage/bb");
  }

  @Test
  void aPodThatSomebodyHoldsIsLeftAlone() throws Exception {
    for (String directory : List.of("prepare", "prepared", "run", "exited-garbage", "garbage")) {
      Path pod = pod(directory, "aa");
      try (DirFd holder = DirFd.open(pod.toString())) {
        holder.self().lock(true);
        assertThat(later(Duration.ofDays(9)).collect(Duration.ZERO, Duration.ZERO, false).removed())
            .isEmpty();
        assertThat(left()).containsExactly(directory + "/aa");
      }
      assertThat(later(Duration.ZERO).collect(Duration.ZERO, Duration.ZERO, false).removed())
          .containsExactly("aa");
    }
  }

  @Test
  void aRemovalDoesNotFollowLinks() throws Exception {
    Path outside = Files.createDirectory(data.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "kept");
    Files.createSymbolicLink(pod("garbage", "aa").resolve("link"), outside);
    later(Duration.ZERO).collect(Duration.ZERO, Duration.ZERO, false);
    assertThat(left()).isEmpty();
    assertThat(outside.resolve("secret")).hasContent("kept");
  }

  @Test
  void oneExitedPodIsRemovedAtOnceAndARunningOneIsNot() throws Exception {
    Path pod = pod("run", "aa");
    Pods pods = new Pods(data);
    Collector collector = new Collector(pods, Clock.systemUTC(), ended::add);
    try (DirFd holder = DirFd.open(pod.toString())) {
      holder.self().lock(true);
      assertThatThrownBy(() -> collector.remove(pods.find("aa")))
          .hasMessage("pod aa is running")
          .isInstanceOfSatisfying(
              StageException.class,
              e -> {
                assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE);
                assertThat(e.fix()).isEqualTo("rkt stop aa ends it first");
              });
      assertThat(left()).containsExactly("run/aa");
    }
    collector.remove(pods.find("aa"));
    assertThat(left()).isEmpty();
  }
}
