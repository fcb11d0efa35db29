package rkt.stage1.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.kernel.DirFd;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class PodsTest {
  private static final String ID = PodSamples.ID;

  @TempDir Path data;

  private Path pod(String directory, String id) throws IOException {
    return Files.createDirectories(data.resolve("pods").resolve(directory).resolve(id));
  }

  @Test
  void nothingWasEverRunHere() throws Exception {
    assertThat(new Pods(data).list()).isEmpty();
    assertThat(Files.exists(data.resolve("pods"))).as("looking makes nothing").isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "prepare, preparing, aborted prepare",
    "prepared, prepared, prepared",
    "run, running, exited",
    "exited-garbage, exited deleting, exited garbage",
  })
  void aPodsStateIsItsDirectoryAndItsLock(String directory, String locked, String unlocked)
      throws Exception {
    Path pod = pod(directory, ID);
    Pods pods = new Pods(data);
    assertThat(pods.list()).hasSize(1);
    assertThat(pods.find(ID).state()).isEqualTo(unlocked);
    assertThat(pods.find(ID).isRunning()).isFalse();
    try (DirFd holder = DirFd.open(pod.toString())) {
      holder.self().lock(true);
      assertThat(pods.find(ID).state()).isEqualTo(locked);
      assertThat(pods.find(ID).isRunning()).isEqualTo(directory.equals("run"));
    }
    assertThat(pods.find(ID).state()).isEqualTo(unlocked);
  }

  @ParameterizedTest
  @CsvSource({"embryo, embryo, embryo", "garbage, deleting, garbage"})
  void whatIsNotYetOrNoLongerAPodIsNotListed(String directory, String locked, String unlocked)
      throws Exception {
    pod(directory, ID);
    assertThat(new Pods(data).list()).isEmpty();
    for (PodPhase phase : PodPhase.values()) {
      if (phase.directory().equals(directory)) {
        assertThat(phase.state(true)).isEqualTo(locked);
        assertThat(phase.state(false)).isEqualTo(unlocked);
      }
    }
  }

  @Test
  void aNewPodIsLockedAndOnlyItsOwnersBusiness() throws Exception {
    Pods pods = new Pods(data);
    try (LockedPod made = pods.create()) {
      assertThat(made.phase()).isEqualTo(PodPhase.PREPARE);
      assertThat(made.id()).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
      assertThat(pods.find(made.id()).state()).isEqualTo("preparing");
      for (Path path : List.of(data.resolve("pods"), made.directory())) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
            .as("%s", path)
            .isEqualTo("rwx------");
      }
      assertThat(data.resolve("pods/embryo")).isEmptyDirectory();
      made.moveTo(PodPhase.RUN);
      assertThat(made.directory()).isEqualTo(data.resolve("pods/run").resolve(made.id()));
      assertThat(pods.find(made.id()).state()).as("the lock follows").isEqualTo("running");
    }
  }

  @Test
  void whoOnlyLooksAtAPodKeepsNobodyFromLockingIt() throws Exception {
    Path pod = pod("run", ID);
    DirFd viewer = DirFd.open(pod.toString());
    viewer.self().lock(false);
    CountDownLatch tried = new CountDownLatch(1);
    try (var pool = Executors.newSingleThreadExecutor()) {
      var lock =
          pool.submit(() -> {
            tried.countDown();
            return new Pods(data).tryLock(PodPhase.RUN, ID);
          });
      tried.await();
      viewer.close();
      try (LockedPod locked = lock.get().orElseThrow()) {
        assertThat(locked.id()).isEqualTo(ID);
        assertThat(new Pods(data).tryLock(PodPhase.RUN, ID)).as("locked by another").isEmpty();
      }
    }
  }

  @Test
  void aPodThatHasEndedDoesNotRunWhileItIsCollected() throws Exception {
    Path pod = pod("run", ID);
    Files.createDirectories(data.resolve("pods/exited-garbage"));
    Files.writeString(pod.resolve("exited"), "1\n");
    LockedPod collector = new Pods(data).tryLock(PodPhase.RUN, ID).orElseThrow();
    try (var pool = Executors.newSingleThreadExecutor()) {
      var view = pool.submit(() -> new Pods(data).find(ID));
      collector.moveTo(PodPhase.EXITED_GARBAGE);
      collector.close();
      assertThat(view.get().isRunning()).isFalse();
    }
  }

  @Test
  void aPodThatMovesIsListedOnce() throws Exception {
    Path run = pod("run", ID);
    Path garbage = pod("exited-garbage", "other").resolveSibling(ID);
    AtomicBoolean done = new AtomicBoolean();
    try (var pool = Executors.newSingleThreadExecutor()) {
      var moves =
          pool.submit(() -> {
            while (!done.get()) {
              Files.move(run, garbage, StandardCopyOption.ATOMIC_MOVE);
              Files.move(garbage, run, StandardCopyOption.ATOMIC_MOVE);
            }
            return null;
          });
      try {
        for (int i = 0; i < 3000; i++) {
          assertThat(new Pods(data).list()).extracting(PodView::id).doesNotHaveDuplicates();
        }
      } finally {
        done.set(true);
      }
      moves.get();
    }
  }

  @Test
  void nobodyButTheSupervisorIsSignalledInItsPlace() throws Exception {
    Path pod = pod("run", ID);
    Files.createDirectories(data.resolve("pods/exited-garbage"));
    Process stranger = new ProcessBuilder("sleep", "600").start();
    try {
      Files.writeString(pod.resolve("pid"), stranger.pid() + "\n");
      LockedPod collector = new Pods(data).tryLock(PodPhase.RUN, ID).orElseThrow();
      PodView view = new PodView(ID, PodPhase.RUN, true, pod);
      assertThat(view.isHeldBy((int) stranger.pid())).isFalse();
      assertThat(view.isHeldBy((int) ProcessHandle.current().pid())).isTrue();
      try (var pool = Executors.newSingleThreadExecutor()) {
        var stop =
            pool.submit(() -> {
              PodStop.stop(view, Duration.ZERO);
              return null;
            });
        collector.moveTo(PodPhase.EXITED_GARBAGE);
        collector.close();
        stop.get();
      }
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly().waitFor();
    }
  }

  @Test
  void podsAreListedOldestFirst() throws Exception {
    Files.writeString(pod("run", "aa000000").resolve("created"), "300\n");
    Files.writeString(pod("prepared", "bb000000").resolve("created"), "100\n");
    Files.writeString(pod("run", "cc000000").resolve("created"), "200\n");
    assertThat(new Pods(data).list().stream().map(PodView::id))
        .containsExactly("bb000000", "cc000000", "aa000000");
  }

  @Test
  void aPodIsFoundByAUniqueBeginning() throws Exception {
    pod("run", "ab120000");
    pod("prepared", "ab130000");
    pod("run", "ab13");
    Pods pods = new Pods(data);
    assertThat(pods.find("ab12").id()).isEqualTo("ab120000");
    assertThat(pods.find("ab13").id()).as("the whole of one").isEqualTo("ab13");
    assertThatThrownBy(() -> pods.find("ab"))
        .hasMessage("several pods start with \"ab\"")
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "9", "9c1f", "../run", "/", "9C1E", "9c1e8f52-0d7a-4f6e-8b1d-3a5c7e9f1b2dx"})
  void aPodThatIsNotThereIsNotFound(String prefix) throws Exception {
    pod("run", ID);
    assertThatThrownBy(() -> new Pods(data).find(prefix))
        .hasMessage("no pod \"" + prefix + "\"")
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.NOT_FOUND));
  }

  @Test
  void onlyTheTreesOfPodsThatAreHeldAreInUse() throws Exception {
    Path running = pod("run", ID);
    Files.write(running.resolve("pod.json"), PodSamples.record(ID, "sha256-aa").toJson());
    Path exited = pod("run", "00000000-0d7a-4f6e-8b1d-3a5c7e9f1b2d");
    Files.write(exited.resolve("pod.json"), PodSamples.record(ID, "sha256-bb").toJson());
    Pods pods = new Pods(data);
    assertThat(pods.treesInUse()).isEmpty();
    try (DirFd holder = DirFd.open(running.toString())) {
      holder.self().lock(true);
      assertThat(pods.treesInUse()).containsExactly("sha256-aa");
    }
  }

  @Test
  void theFilesOfAPodAreItsView() throws Exception {
    Path pod = pod("run", ID);
    Files.writeString(pod.resolve("created"), "1700000000000000000\n");
    Files.writeString(pod.resolve("started"), "1700000001000000000");
    Files.writeString(pod.resolve("pid"), "4711\n");
    Files.writeString(pod.resolve("init"), "4712\n");
    Files.createDirectory(pod.resolve("status"));
    Files.writeString(pod.resolve("status/web.started"), "1\n");
    Files.writeString(pod.resolve("status/db.started"), "1\n");
    Files.writeString(pod.resolve("status/db.exited"), "2\n");
    Files.writeString(pod.resolve("status/db"), "137\n");
    PodView view = new Pods(data).find(ID);
    assertThat(view.createdNanos()).isEqualTo(1_700_000_000_000_000_000L);
    assertThat(view.startedNanos()).hasValue(1_700_000_001_000_000_000L);
    assertThat(view.supervisorPid()).hasValue(4711);
    assertThat(view.initPid()).hasValue(4712);
    assertThat(view.record()).isEmpty();
    assertThat(view.app("web").state(true)).isEqualTo("running");
    assertThat(view.app("web").state(false)).as("killed with its pod").isEqualTo("exited");
    assertThat(view.app("db").state(true)).isEqualTo("exited");
    assertThat(view.app("db").exitStatus()).hasValue(137);
    assertThat(view.app("other").state(true)).isEqualTo("created");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "soon", "1 2", "99999999999999999999", "0x10"})
  void aFileThatHoldsNoNumberIsNotKnown(String content) throws Exception {
    Files.writeString(pod("run", ID).resolve("started"), content);
    assertThat(new Pods(data).find(ID).startedNanos()).isEmpty();
  }

  @Test
  void aPidThatIsNoneIsNotKnown() throws Exception {
    Files.writeString(pod("run", ID).resolve("pid"), "4294967297");
    assertThat(new Pods(data).find(ID).supervisorPid()).isEmpty();
    Files.writeString(pod("run", ID).resolve("pid"), "-1");
    assertThat(new Pods(data).find(ID).supervisorPid()).isEmpty();
  }

  @Test
  void aDamagedRecordIsSaidToBe() throws Exception {
    Files.writeString(pod("run", ID).resolve("pod.json"), "{\"version\":1,\"version\":1}");
    assertThatThrownBy(() -> new Pods(data).find(ID).record())
        .isInstanceOf(StageException.class)
        .hasMessageStartingWith("pod " + ID + " is damaged: ");
  }
}
