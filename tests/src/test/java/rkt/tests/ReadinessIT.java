package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Apps that say when they are ready, and the service manager that is told. spec/pod.md#readiness
 */
@Tag("privileged")
class ReadinessIT extends PodTests {
  private static final String ASKS = "appc.io/executor/supports-systemd-notify";
  private static final String SAYS = "until [ -e /v/go ]; do sleep 0.05; done; ";

  private int count;

  /** What stands for systemd. */
  private final class Manager implements AutoCloseable {
    final Path socket = rkt.home().resolve("manager-" + count++);
    final Running running;

    Manager() throws Exception {
      running =
          new Call(List.of(Images.probe("probe.c").toString(), "manager", socket.toString()))
              .start()
              .awaitOutput("listening");
    }

    void awaitReadyOf(Running pod) throws Exception {
      running.awaitOutput("told READY=1 by " + pod.pid() + "\n");
    }

    @Override
    public void close() {
      running.close();
    }
  }

  private Path shared() throws Exception {
    return Files.createDirectory(rkt.home().resolve("shared-" + count++));
  }

  private static String[] volume(Path shared, String... flags) {
    List<String> all = new ArrayList<>(List.of(flags));
    all.add("--volume=v,kind=host,source=" + shared);
    all.add("--mount=volume=v,target=/v");
    return all.toArray(new String[0]);
  }

  @Test
  void aManagerIsToldByTheProcessThatItStartedWhenThePodHasStarted() throws Exception {
    try (Manager manager = new Manager();
        Running pod =
            rkt.call(words("echo ${NOTIFY_SOCKET-none}; ls /dev/notify; sleep 1000"))
                .env("NOTIFY_SOCKET", manager.socket.toString())
                .start()) {
      manager.awaitReadyOf(pod);
      pod.awaitOutput("none");
    }
  }

  @Test
  void anAppThatAsksIsWaitedFor() throws Exception {
    Path shared = shared();
    Path uuid = rkt.home().resolve("uuid-asks");
    String script =
        "echo $NOTIFY_SOCKET; probe notify STATUS=x; probe notify READY=10; probe notify xREADY=1;"
            + " echo silent; "
            + SAYS
            + "probe notify \"$(printf 'MAINPID=1\\nREADY=1\\nSTATUS=up')\"; probe notify READY=1 2000;"
            + " echo said; sleep 1000";
    try (Manager manager = new Manager();
        Running pod =
            rkt.call(
                    words(
                        script,
                        volume(
                            shared, "--annotation=" + ASKS + "=true", "--uuid-file-save=" + uuid)))
                .env("NOTIFY_SOCKET", manager.socket.toString())
                .start()
                .awaitOutput("silent")) {
      String id = Files.readString(uuid).strip();
      assertThat(pod.out()).startsWith("/dev/notify\n");
      assertThat(rkt.ok("status", id).out()).contains("\nready=false\n");
      assertThat(manager.running.out()).isEqualTo("listening\n");
      Files.createFile(shared.resolve("go"));
      manager.awaitReadyOf(pod);
      pod.awaitOutput("said"); // who says more than is read is not held up
      assertThat(rkt.ok("status", "--wait-ready", id).out()).contains("\nready=true\n");
      rkt.ok("stop", id);
      pod.await();
      // Nothing else came through, and nothing twice.
      assertThat(manager.running.out()).isEqualTo("listening\ntold READY=1 by " + pod.pid() + "\n");
    }
  }

  @Test
  void allAppsThatAskAreWaitedForAndTheAnnotationMayBeTheImages() throws Exception {
    String asking = Images.admit(rkt, Images.busybox().annotation(ASKS, "true"));
    Path shared = shared();
    List<String> words = new ArrayList<>(List.of("run", "--volume=v,kind=host,source=" + shared));
    for (String name : List.of("one", "two")) {
      words.addAll(List.of(asking, "--name=" + name, "--mount=volume=v,target=/v", "--", "-c"));
      String go = name.equals("one") ? "" : SAYS;
      words.addAll(List.of(go + "probe notify READY=1; sleep 1000", "---"));
    }
    words.addAll(List.of(asking, "--name=three", "--annotation=" + ASKS + "=false"));
    words.addAll(List.of("--", "-c", "echo ${NOTIFY_SOCKET-none}; sleep 1000"));
    try (Manager manager = new Manager();
        Running pod =
            rkt.call(words.toArray(new String[0]))
                .env("NOTIFY_SOCKET", manager.socket.toString())
                .start()
                .awaitOutput("none")
                .awaitOutput("ok 7")) {
      assertThat(manager.running.out()).isEqualTo("listening\n");
      Files.createFile(shared.resolve("go"));
      manager.awaitReadyOf(pod);
    }
  }

  @Test
  void theSocketOfTheManagerIsNotForApps() throws Exception {
    try (Manager manager = new Manager()) {
      Result result =
          rkt.call(words("probe notify READY=1", "--inherit-env", "--net=host"))
              .env("NOTIFY_SOCKET", manager.socket.toString())
              .run();
      assertThat(result.out()).as("%s", result).isEqualTo("no socket\n");
      manager.running.awaitOutput("told READY=1");
    }
  }

  @Test
  void whoSaysItAndEndsIsHeardAllTheSame() throws Exception {
    try (Manager manager = new Manager()) {
      Result result =
          rkt.call(words("probe notify READY=1", "--annotation=" + ASKS + "=true"))
              .env("NOTIFY_SOCKET", manager.socket.toString())
              .run();
      assertThat(result.out()).as("%s", result).isEqualTo("ok 7\n");
      manager.running.awaitOutput("told READY=1");
    }
  }

  @Test
  void aManagerThatIsGoneIsWarnedOf() throws Exception {
    Result result = rkt.call(words("echo ran")).env("NOTIFY_SOCKET", "/nonexistent/socket").run();
    assertThat(result.out()).as("%s", result).isEqualTo("ran\n");
    assertThat(result.err())
        .contains(
            "nobody is told when the pod is ready: NOTIFY_SOCKET: connect(/nonexistent/socket)");
  }

  @Test
  void aPodOfOneAppInTheHostIsReadyWhenItHasStarted() throws Exception {
    try (Manager manager = new Manager();
        Running pod =
            rkt.call(words("sleep 1000", "--stage1-name=fly"))
                .env("NOTIFY_SOCKET", manager.socket.toString())
                .start()) {
      manager.awaitReadyOf(pod);
    }
  }
}
