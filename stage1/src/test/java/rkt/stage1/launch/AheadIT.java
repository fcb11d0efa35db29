package rkt.stage1.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static rkt.stage1.launch.RunningPod.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Apps that get ready while another one starts. */
@Tag("privileged")
@Timeout(120)
final class AheadIT {
  @TempDir Path directory;

  private Path ready;
  private LaunchPlan.App first;

  @BeforeEach
  void makeTheFirst() throws Exception {
    ready = directory.resolve("ready");
    first = app("first", "echo first; sleep 60", waits("first"));
  }

  @Test
  void theNextAppGetsReadyWhileOneWaitsAndStartsInItsTurn() throws Exception {
    LaunchPlan.App second = app("second", "exit 0", isReady(), waits("second"));
    LaunchPlan.App brief = app("first", "exit 0", waits("first"));
    try (RunningPod pod = RunningPod.of(directory, brief, second)) {
      awaitReady();
      Process early = begin("second");
      assertThat(directory.resolve("status/second.started")).doesNotExist();
      begin("first");
      assertThat(pod.status()).isZero();
      assertThat(early.waitFor()).isZero();
      assertThat(Long.parseLong(pod.file("status/second.started").strip()))
          .isGreaterThan(Long.parseLong(pod.file("status/first.started").strip()));
    }
  }

  @Test
  void whatFailsAheadIsToldInItsTurn() throws Exception {
    Op fails = new Op.Mkdir(Label.of("make a directory"), 0755, "/nonexistent/a");
    LaunchPlan.App second = app("second", "echo never", isReady(), fails, waits("second"));
    try (RunningPod pod = RunningPod.of(directory, first, second)) {
      awaitReady();
      begin("first");
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.err()).isEqualTo("run: cannot make a directory: ENOENT\n");
      assertThat(directory.resolve("status/first.started")).exists();
      assertThat(directory.resolve("status/second.started")).doesNotExist();
    }
  }

  @Test
  void whoWaitsForItsTurnDoesNotBeginWhenThePodIsStopped() throws Exception {
    LaunchPlan.App second = app("second", "echo never", isReady(), waits("second"));
    try (RunningPod pod = RunningPod.of(directory, first, second)) {
      awaitReady();
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
      assertThat(pod.ended()).isTrue();
      assertThat(pod.out()).isEmpty();
      assertThat(directory.resolve("status/second.started")).doesNotExist();
    }
  }

  @Test
  void whoIsKilledBeforeItsTurnIsMissedInIt() throws Exception {
    LaunchPlan.App second = app("second", "echo never", isReady(), waits("second"));
    try (RunningPod pod = RunningPod.of(directory, first, second)) {
      awaitReady();
      String children =
          Files.readString(Path.of("/proc/" + pod.init + "/task/" + pod.init + "/children"));
      RunningPod.kill("KILL", Long.parseLong(children.strip().split(" ")[1]));
      begin("first");
      assertThat(pod.status()).isEqualTo(137);
      assertThat(pod.file("status/second.signal")).isEqualTo("9\n");
      assertThat(directory.resolve("status/first.started")).exists();
    }
  }

  private Op isReady() {
    return new Op.Mkdir(Label.of("say that it is ready"), 0755, ready.toString());
  }

  private Op waits(String app) throws Exception {
    Path fifo = directory.resolve("start-" + app);
    new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor();
    return new Op.WaitFifo(Label.of("start app " + app), -1, fifo.toString());
  }

  /** Writes the byte that an app waits for, as soon as it does. */
  private Process begin(String app) throws Exception {
    String fifo = directory.resolve("start-" + app).toString();
    return new ProcessBuilder("sh", "-c", "echo >\"$0\"", fifo).start();
  }

  private void awaitReady() throws Exception {
    for (int i = 0; i < 6000 && !Files.exists(ready); i++) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    assertThat(ready).exists();
  }
}
