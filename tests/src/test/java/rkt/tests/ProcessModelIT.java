package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One pid from start to end, no Java once the app runs, and nothing that outlives it. */
@Tag("privileged")
class ProcessModelIT extends PodTests {
  private static final String FOREVER = "trap 'exit 3' USR1; while :; do sleep 0.02; done";

  @Test
  void noJavaRunsOnceTheAppDoes() throws Exception {
    try (Pod pod = pod(FOREVER)) {
      long pid = pod.running().pid();
      assertThat(HostState.link(Path.of("/proc/" + pid + "/exe"))).contains("pod-init");
      assertThat(HostState.text(Path.of("/proc/" + pid + "/maps"))).doesNotContain("libjvm");
      assertThat(rkt.podFile(pod.uuid(), "pid")).isEqualTo("" + pid);
      for (long process : HostState.descendants(pid)) {
        assertThat(HostState.link(Path.of("/proc/" + process + "/exe"))).doesNotContain("java");
      }
    }
  }

  @Test
  void javaLeavesNothingInTmp() throws Exception {
    long before = System.currentTimeMillis();
    try (Pod pod = pod(FOREVER)) {
      Path tmp = Path.of("/tmp");
      long pid = pod.running().pid();
      for (String name : List.of(".java_pid" + pid, "hsperfdata_root/" + pid)) {
        // 0 if it is not there; others may have left one of this number.
        assertThat(tmp.resolve(name).toFile().lastModified()).as(name).isLessThan(before);
      }
    }
  }

  @Test
  void theSupervisorHoldsNothingOpenButWhatItNeeds() throws Exception {
    try (Pod pod = pod(FOREVER)) {
      for (long pid : List.of(pod.running().pid(), (long) rkt.initPid(pod.uuid()))) {
        try (var descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
          for (Path descriptor : descriptors.toList()) {
            String target = HostState.link(descriptor);
            // Standard streams, plan, pipes to the other half, the locks of the pod's directory and
            // of its range of ids.
            assertThat(target)
                .as("descriptor %s of %s", descriptor.getFileName(), pid)
                .matches(
                    "pipe:.*|(/dev)?/null|anon_inode:.*|/memfd:.*|"
                        + rkt.data()
                        + "/pods/run/[^/]*|/run/rkt/ids/\\d+");
          }
        }
      }
    }
  }

  @Test
  void killingRktEndsEveryProcessOfThePod() throws Exception {
    try (Pod pod = pod("sleep 1000 & sh -c 'trap \"\" TERM; sleep 1000' & sleep 1000 & wait")) {
      List<Long> all = HostState.descendants(pod.running().pid());
      assertThat(all).hasSizeGreaterThan(4);
      pod.running().signal("KILL");
      assertThat(pod.running().await().status()).isEqualTo(137);
      awaitEnd(all);
    }
  }

  @Test
  void killingProcess1OfThePodEndsItAndRkt() throws Exception {
    try (Pod pod = pod("sleep 1000 & wait")) {
      List<Long> all = HostState.descendants(pod.running().pid());
      ProcessHandle.of(rkt.initPid(pod.uuid())).orElseThrow().destroyForcibly();
      assertThat(pod.running().await().status()).isIn(137, 254);
      awaitEnd(all);
    }
  }

  private static void awaitEnd(List<Long> pids) throws InterruptedException {
    for (long pid : pids) {
      for (int i = 0; HostState.runs(pid) && i < 400; i++) {
        Thread.sleep(5);
      }
      assertThat(HostState.runs(pid)).as("process %s runs 2 s later", pid).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 21", "INT, 22", "HUP, 23", "USR1, 24"})
  void aSignalToRktReachesTheApp(String signal, int status) throws Exception {
    String script =
        "trap 'exit 21' TERM; trap 'exit 22' INT; trap 'exit 23' HUP; trap 'exit 24' USR1;"
            + " while :; do sleep 0.02; done";
    try (Pod pod = pod("true;" + script)) {
      Thread.sleep(50); // "ready" is printed before the traps are set
      pod.running().signal(signal);
      assertThat(pod.running().await().status()).isEqualTo(status);
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void aSignalThatTheAppDoesNotHandleEndsIt(String signal, int status) throws Exception {
    try (Pod pod = pod("exec sleep 1000")) {
      Thread.sleep(50);
      pod.running().signal(signal);
      assertThat(pod.running().await().status()).isEqualTo(status);
    }
  }

  @Test
  void anAppThatIgnoresTermRunsOn() throws Exception {
    try (Pod pod =
        pod("trap '' TERM; echo deaf; for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done; exit 9")) {
      pod.running().awaitOutput("deaf");
      pod.running().signal("TERM");
      assertThat(pod.running().await().status()).isEqualTo(9);
    }
  }

  @Test
  void theAppIsNotProcess1AndItsParentIs() throws Exception {
    String out = out("echo $$ $PPID; cat /proc/1/comm; ps -o pid,comm | tail -n +2 | wc -l");

    List<String> lines = out.lines().toList();
    assertThat(lines.get(0)).matches("[2-9] 1");
    assertThat(lines.get(1)).startsWith("pod-init");
  }

  @Test
  void processesWithoutAParentAreAdoptedAndReaped() throws Exception {
    String out = out("probe orphan; grep -l '^State:.Z' /proc/[0-9]*/status; echo end");

    assertThat(out).isEqualTo("adopted\nend\n");
  }

  @Test
  void whatTheAppLeavesRunningEndsWithIt() throws Exception {
    String mark = "3" + System.nanoTime() % 1_000_000;
    Result result = sh("sleep " + mark + " & exit 4");

    assertThat(result.status()).isEqualTo(4);
    assertThat(ProcessHandle.allProcesses().map(p -> p.info().commandLine().orElse("")))
        .noneMatch(line -> line.endsWith("sleep " + mark));
  }

  @Test
  void aSignalRightAfterTheFirstOutputReachesTheApp() throws Exception {
    for (int i = 0; i < 15; i++) {
      try (Running pod =
          rkt.call(words("trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"))
              .start()
              .awaitOutput("ready")) {
        pod.signal("TERM");
        Result result = pod.await();
        assertThat(result.status()).as("round %d: %s", i, result).isEqualTo(9);
      }
    }
  }
}
