package rkt.stage1.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Event handlers and checks of health. spec/launch-plan.md#handlers */
@Tag("privileged")
@Timeout(120)
final class HandlersIT {
  @TempDir Path directory;

  @Test
  void thePreStartHandlerEndsBeforeTheAppStartsAndThePostStopHandlerFollowsIt() throws Exception {
    LaunchPlan.App app = app("echo main; exit 3", script("echo before"), script("echo after"));
    try (RunningPod pod = RunningPod.of(directory, app)) {
      assertThat(pod.status()).isEqualTo(3);
      assertThat(pod.out()).isEqualTo("before\nmain\nafter\n");
      assertThat(pod.err()).isEmpty();
      assertThat(pod.file("status/web")).isEqualTo("3\n");
    }
  }

  @Test
  void anAppWhosePreStartHandlerFailsDoesNotStart() throws Exception {
    LaunchPlan.App app = app("echo main", script("exit 5"), script("echo after"));
    try (RunningPod pod = RunningPod.of(directory, app)) {
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.out()).isEqualTo("after\n");
      assertThat(pod.err())
          .isEqualTo("run: cannot start app \"web\": its pre-start handler exited with 5\n");
      assertThat(pod.file("status/web")).isEqualTo("254\n");
      assertThat(directory.resolve("status/web.started")).doesNotExist();
    }
  }

  @Test
  void aPreStartHandlerThatIsNotThereIsAnError() throws Exception {
    LaunchPlan.App app = app("echo main", exec("/bin/nothing"), Optional.empty());
    try (RunningPod pod = RunningPod.of(directory, app)) {
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.out()).isEmpty();
      assertThat(pod.err()).startsWith("run: cannot run the handler: ENOENT");
    }
  }

  @Test
  void thePostStopHandlerRunsHoweverTheAppEnded() throws Exception {
    Path first = Files.createDirectory(directory.resolve("first"));
    LaunchPlan.App killed = app("kill -KILL $$", Optional.empty(), script("echo after; exit 7"));
    try (RunningPod pod = RunningPod.of(first, killed)) {
      assertThat(pod.status()).isEqualTo(137);
      assertThat(pod.out()).isEqualTo("after\n");
      assertThat(pod.err())
          .isEqualTo("warning: app \"web\": its post-stop handler exited with 7\n");
    }
    Path second = Files.createDirectory(directory.resolve("second"));
    LaunchPlan.App stopped = app("echo up; sleep 60", Optional.empty(), script("echo after"));
    try (RunningPod pod = RunningPod.of(second, stopped)) {
      pod.awaitOut("up");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
      assertThat(pod.out()).isEqualTo("up\nafter\n");
    }
  }

  @Test
  void aPostStopHandlerThatDoesNotEndIsEnded() throws Exception {
    LaunchPlan.App app = app("exit 2", Optional.empty(), script("trap '' TERM; sleep 60; true"));
    try (RunningPod pod = new RunningPod(directory, List.of(), List.of(), 200, app)) {
      assertThat(pod.status()).isEqualTo(2);
      assertThat(pod.err())
          .isEqualTo("warning: app \"web\": its post-stop handler was ended by signal 9\n");
    }
  }

  @Test
  void aStopThatComesDuringThePreStartHandlerKeepsTheAppFromStarting() throws Exception {
    LaunchPlan.App app = app("echo main", script("echo up; sleep 60"), script("echo after"));
    try (RunningPod pod = RunningPod.of(directory, app)) {
      pod.awaitOut("up");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
      assertThat(pod.out()).isEqualTo("up\nafter\n");
      assertThat(pod.err()).isEmpty();
    }
  }

  @Test
  void appsAreStartedInTurnWithTheirHandlers() throws Exception {
    LaunchPlan.App first = app("a", "echo main-a", script("echo pre-a"), Optional.empty());
    LaunchPlan.App second = app("b", "echo main-b", script("echo pre-b"), Optional.empty());
    try (RunningPod pod = RunningPod.of(directory, first, second)) {
      assertThat(pod.status()).isZero();
      assertThat(pod.out().indexOf("pre-a")).isLessThan(pod.out().indexOf("pre-b"));
      assertThat(pod.out()).contains("main-a", "main-b");
    }
  }

  @Test
  void anAppIsHealthyWhenItsCheckSucceeds() throws Exception {
    try (RunningPod pod = RunningPod.of(directory, checked("test -e ok", 10, 60_000, 0, 1))) {
      RunningPod.await(directory.resolve("status/web.health"), "2");
      Files.createFile(directory.resolve("ok"));
      RunningPod.await(directory.resolve("status/web.health"), "1");
      Files.delete(directory.resolve("ok"));
      RunningPod.await(directory.resolve("status/web.health"), "2");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
      assertThat(pod.out()).isEqualTo("up\n");
      assertThat(pod.err()).isEmpty();
    }
  }

  @Test
  void failuresInTheStartPeriodDoNotCount() throws Exception {
    String check = "echo x >> checks; test -e ok";
    try (RunningPod pod = RunningPod.of(directory, checked(check, 60_000, 60_000, 60_000, 1))) {
      RunningPod.await(directory.resolve("checks"), "x\nx\nx\nx\n");
      assertThat(pod.file("status/web.health")).isEqualTo("0\n");
      Files.createFile(directory.resolve("ok"));
      RunningPod.await(directory.resolve("status/web.health"), "1");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
    }
  }

  @Test
  void itTakesAsManyFailuresInARowAsThereAreTries() throws Exception {
    String check = "echo x >> checks; exit 1";
    try (RunningPod pod = RunningPod.of(directory, checked(check, 10, 60_000, 0, 4))) {
      RunningPod.await(directory.resolve("status/web.health"), "2");
      assertThat(pod.file("checks")).startsWith("x\nx\nx\nx\n");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
    }
  }

  @Test
  void aCheckThatTakesTooLongHasFailedAndIsGoneWithWhatItStarted() throws Exception {
    String check = "echo $$ >> pids; sleep 61 & echo $! >> pids; wait";
    try (RunningPod pod = RunningPod.of(directory, checked(check, 10, 300, 0, 1))) {
      RunningPod.await(directory.resolve("status/web.health"), "2");
      assertThat(pod.file("status/web.health")).isEqualTo("2\n");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
    }
  }

  private static LaunchPlan.App checked(
      String check, int interval, int timeout, int startPeriod, int retries) {
    LaunchPlan.App app =
        RunningPod.app("web", "echo up; exec sleep 60", new Op.Setsid(Label.of("begin a session")));
    LaunchPlan.Health health =
        new LaunchPlan.Health(
            interval, timeout, startPeriod, 10, retries, script(check).orElseThrow());
    return new LaunchPlan.App(
        "web",
        0,
        app.ops(),
        new LaunchPlan.Handlers(Optional.empty(), Optional.empty(), Optional.of(health)));
  }

  private static LaunchPlan.App app(
      String script, Optional<Op.Exec> preStart, Optional<Op.Exec> postStop) {
    return app("web", script, preStart, postStop);
  }

  private static LaunchPlan.App app(
      String name, String script, Optional<Op.Exec> preStart, Optional<Op.Exec> postStop) {
    List<Op> ops = new ArrayList<>(RunningPod.app(name, script).ops());
    return new LaunchPlan.App(
        name, 0, ops, new LaunchPlan.Handlers(preStart, postStop, Optional.empty()));
  }

  private static Optional<Op.Exec> script(String script) {
    return exec("/bin/sh", "-c", script);
  }

  private static Optional<Op.Exec> exec(String... words) {
    return Optional.of(
        new Op.Exec(
            Label.of("run the handler"),
            List.of(words[0]),
            List.of(words),
            List.of("PATH=/bin:/usr/bin")));
  }
}
