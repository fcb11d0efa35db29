package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What runs beside an app: event handlers and checks of its health. spec/pod.md#handlers */
@Tag("privileged")
class HandlersIT extends PodTests {
  private static final String FACTS =
      "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp):?' /proc/self/status;"
          + " cat /proc/self/cgroup; ulimit -a; pwd; env | sort";

  private static String handler(String event, String script) {
    return "{\"name\":\"" + event + "\",\"exec\":" + Aci.strings("/bin/sh", "-c", script) + "}";
  }

  private String imageWith(String name, String member, String json) throws Exception {
    return Images.admit(rkt, new Aci("example.com/it/" + name).withTools().app(member, json));
  }

  private static String check(String script, int interval, int retries) {
    return "{\"command\":"
        + Aci.strings("/bin/sh", "-c", script)
        + ",\"interval\":"
        + interval
        + ",\"timeout\":60000,\"startPeriod\":0,\"startInterval\":100,\"retries\":"
        + retries
        + "}";
  }

  @Test
  void preStartComesBeforeAndPostStopAfterTheApp() throws Exception {
    String app =
        imageWith(
            "events",
            "eventHandlers",
            "["
                + handler("post-stop", "echo after")
                + ","
                + handler("pre-start", "echo before")
                + "]");

    Result result = rkt.run(wordsOf(app, "echo main; exit 3"));

    assertThat(result.status()).as("%s", result).isEqualTo(3);
    assertThat(result.out()).isEqualTo("before\nmain\nafter\n");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void aHandlerHasExactlyTheContextOfTheApp() throws Exception {
    String app =
        imageWith("same", "eventHandlers", "[" + handler("pre-start", FACTS + "; echo =") + "]");

    for (String user : new String[] {"0", "web"}) {
      String out = rkt.ok(wordsOf(app, FACTS, "--user=" + user)).out();
      String[] halves = out.split("=\n", -1);

      assertThat(halves).as(out).hasSize(2);
      assertThat(halves[0]).contains("NoNewPrivs:\t1", "Seccomp:\t2").isEqualTo(halves[1]);
    }
  }

  @Test
  void handlersOfOneAppOfSeveralFindItsRootToo() throws Exception {
    String app =
        imageWith(
            "several",
            "eventHandlers",
            "["
                + handler("pre-start", "echo one >/state")
                + ","
                + handler("post-stop", "cat /state; grep -c overlay /proc/self/mountinfo")
                + "]");

    Result result =
        rkt.ok("run", app, "--name=a", "--", "-c", "echo two >>/state", "---", image, "--name=b");

    assertThat(result.out()).isEqualTo("one\ntwo\n1\n");
  }

  @Test
  void aHandlerFindsWhatTheAppWroteAndHasNoInput() throws Exception {
    String app =
        imageWith(
            "root",
            "eventHandlers",
            "["
                + handler("pre-start", "cat; echo prepared > /tmp/state")
                + ","
                + handler("post-stop", "cat /tmp/state")
                + "]");

    Result result =
        rkt.call(wordsOf(app, "cat /tmp/state; cat; echo used > /tmp/state", "--interactive"))
            .stdin("typed\n".getBytes(java.nio.charset.StandardCharsets.UTF_8))
            .run();

    assertThat(result.out()).as("%s", result).isEqualTo("prepared\ntyped\nused\n");
  }

  @Test
  void anAppWhosePreStartHandlerFailsDoesNotStart() throws Exception {
    String app = imageWith("fails", "eventHandlers", "[" + handler("pre-start", "exit 5") + "]");
    Path uuid = rkt.home().resolve("uuid-fails");

    Result result = rkt.run(wordsOf(app, "echo main", "--uuid-file-save=" + uuid));

    assertThat(result.status()).isEqualTo(254);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .isEqualTo("run: cannot start app \"fails\": its pre-start handler exited with 5\n");
    assertThat(rkt.ok("status", "--uuid-file=" + uuid).out()).contains("app-fails=254\n");
  }

  @Test
  void aHandlerThatTheImageDoesNotHoldIsRefused() throws Exception {
    String app =
        imageWith(
            "missing", "eventHandlers", "[{\"name\":\"post-stop\",\"exec\":[\"/bin/nothing\"]}]");

    assertThat(rkt.refuses("run", wordsOf(app, "echo main")).err())
        .contains("as its post-stop handler");
  }

  @Test
  void thePostStopHandlerRunsWhenThePodIsStopped() throws Exception {
    String app =
        imageWith("stops", "eventHandlers", "[" + handler("post-stop", "echo after") + "]");
    try (Running pod = rkt.pod("ready", wordsOf(app, "echo ready; sleep 1000"))) {
      pod.signal("TERM");

      Result result = pod.await();
      assertThat(result.status()).isEqualTo(143);
      assertThat(result.out()).isEqualTo("ready\nafter\n");
    }
  }

  @Test
  void aPodIsReadyWhenItsAppIsHealthy() throws Exception {
    String app =
        imageWith(
            "healthy",
            "healthCheck",
            check("test -e /tmp/ok; s=$?; echo noise; exit $s", 20, 1000));
    Path uuid = rkt.home().resolve("uuid-healthy");
    try (Running pod =
        rkt.pod(
            "ready",
            wordsOf(
                app,
                "echo ready; trap 'exit 0' TERM; while :; do sleep 0.05; done",
                "--uuid-file-save=" + uuid))) {
      String file = "--uuid-file=" + uuid;
      assertThat(rkt.ok("status", "--wait-ready=1ms", file).out())
          .contains("ready=false\n", "health-healthy=starting\n");

      rkt.ok("enter", Files.readString(uuid).strip(), "touch", "/tmp/ok");
      assertThat(rkt.ok("status", "--wait-ready", file).out())
          .contains("ready=true\n", "health-healthy=healthy\n");
      assertThat(rkt.ok("status", "--format=json", file).out())
          .contains("\"ready\":true", "\"health\":\"healthy\"");
      pod.signal("TERM");
      assertThat(pod.await().out()).isEqualTo("ready\n");
    }
  }

  @Test
  void anAppThatFailsItsChecksIsUnhealthyAndGoesOn() throws Exception {
    String app = imageWith("unhealthy", "healthCheck", check("exit 1", 20, 2));
    Path uuid = rkt.home().resolve("uuid-unhealthy");
    try (Running pod =
        rkt.pod("ready", wordsOf(app, "echo ready; sleep 1000", "--uuid-file-save=" + uuid))) {
      String id = Files.readString(uuid).strip();
      for (int i = 0; i < 1200 && !status(id).contains("unhealthy"); i++) {
        Thread.sleep(50);
      }
      assertThat(status(id)).contains("ready=false\n", "health-unhealthy=unhealthy\n");
      pod.signal("TERM");
      assertThat(pod.await().status()).isEqualTo(143);
      assertThat(pod.err()).isEmpty();
    }
  }

  private String status(String id) throws Exception {
    return rkt.ok("status", id).out();
  }

  @Test
  void withoutACheckAPodIsReadyWhenItHasStarted() throws Exception {
    try (Pod pod = pod("sleep 1000")) {
      String status = rkt.ok("status", "--wait-ready", pod.uuid()).out();
      assertThat(status).contains("ready=true\n").doesNotContain("health-");
    }
  }
}
