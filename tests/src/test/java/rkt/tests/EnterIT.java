package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who enters a pod is exactly what the app is. */
@Tag("privileged")
class EnterIT extends PodTests {
  /** Everything that the kernel says of a process and that must be the same. */
  private static final String FACTS =
      "grep -E '^(Cap|NoNew|Seccomp|Uid|Gid|Groups)' /proc/self/status; cat /proc/self/cgroup;"
          + " for k in pid mnt uts ipc net cgroup user; do readlink /proc/self/ns/$k; done;"
          + " probe limits; umask; pwd; hostname; env | sort; ls /proc/self/fd | wc -l";

  private Pod root;
  private Pod web;

  @BeforeAll
  void startPods() throws Exception {
    root =
        pod(
            "(" + FACTS + "); echo done; sleep 1000",
            "--set-env=A=b",
            "--cpu=2",
            "--oom-score-adj=300");
    web = pod("(" + FACTS + "); echo done; sleep 1000", "--user=web", "--hostname=web");
    root.running().awaitOutput("done\n");
    web.running().awaitOutput("done\n");
  }

  @AfterAll
  void stopPods() {
    root.close();
    web.close();
  }

  private Result enter(Pod pod, String script) throws Exception {
    return rkt.run("enter", pod.uuid(), "sh", "-c", script);
  }

  @Test
  void whoEntersHasTheSameRightsLimitsAndNamespacesAsTheApp() throws Exception {
    for (Pod pod : List.of(root, web)) {
      Result inside = enter(pod, "echo ready; (" + FACTS + "); echo done");

      assertThat(facts(inside.out())).isEqualTo(facts(pod.running().out()));
      assertThat(inside.err()).isEmpty();
      assertThat(inside.out()).contains("Seccomp:\t2").contains("NoNewPrivs:\t1");
    }
  }

  @Test
  void whoEntersWithLowerLimitsGetsThoseOfTheAppOrIsTold() throws Exception {
    String limits = "ulimit -n; ulimit -H -n";
    Result inside =
        rkt.call("enter", root.uuid(), "sh", "-c", limits)
            .under("prlimit", "--nofile=256:256")
            .run();
    // Root may raise limits, unless it lacks CAP_SYS_RESOURCE, as in some containers.
    boolean mayRaise =
        new Call(List.of("sh", "-c", "ulimit -n 256 && ulimit -H -n 257")).run().status() == 0;
    if (mayRaise) {
      assertThat(inside.out()).as("%s", inside).isEqualTo(enter(root, limits).out());
    } else {
      assertThat(inside.status()).isEqualTo(254);
      assertThat(inside.err()).startsWith("run: cannot give who enters the app's limit nofile=");
      assertThat(inside.out()).isEmpty();
    }
  }

  /** CVE-2016-9962: what is open while a process enters is nothing that the pod can look at. */
  @Test
  void thePodSeesNothingThatIsOpenWhileSomebodyEnters() throws Exception {
    String watch =
        "n=0; while [ ! -e /tmp/stop ]; do n=$((n+1)); ls -l /proc/[0-9]*/fd 2>/dev/null | grep -e '->'"
            + " | grep -v -e '-> /dev/null' -e '-> pipe:' -e '-> /proc/'"
            // Its own: the null device that is standard input, and this file; what touch makes.
            + " -e ' 0 -> /$' -e '-> /tmp/seen' -e '-> /tmp/stop' >> /tmp/seen; done;"
            + " echo seen; cat /tmp/seen; echo looked $n";
    try (Pod watching = pod(watch)) {
      List<Loop.Round> rounds =
          Loop.run(rkt.call("enter", watching.uuid(), "true"), Scale.of(24, 1000));
      assertThat(rounds).allMatch(round -> round.status() == 0 && round.out().isEmpty());
      assertThat(rkt.run("enter", watching.uuid(), "touch", "/tmp/stop").status()).isZero();
      Result result = watching.running().await();
      assertThat(result.out()).matches("ready\nseen\nlooked [1-9][0-9]*\n");
    }
  }

  @Test
  void aPodOnTheNetworkOfTheHostIsEnteredFromThatAndFromAnother() throws Exception {
    try (Pod host = pod("sleep 1000", "--net=host")) {
      String network = "readlink /proc/self/ns/net";
      String own = new Call(List.of("sh", "-c", network)).run().out();
      assertThat(enter(host, network).out()).isEqualTo(own);
      Result elsewhere =
          rkt.call("enter", host.uuid(), "sh", "-c", network).under("unshare", "--net").run();
      assertThat(elsewhere.out()).as("%s", elsewhere).isEqualTo(own);
    }
  }

  @Test
  void whoEntersIsChosenAsSoonAsTheAppWhenMemoryRunsOut() throws Exception {
    assertThat(enter(root, "cat /proc/self/oom_score_adj").out()).isEqualTo("300\n");
    assertThat(enter(web, "cat /proc/self/oom_score_adj").out())
        .isEqualTo(Files.readString(Path.of("/proc/self/oom_score_adj")));
  }

  /** A shell sets these itself. */
  private static List<String> facts(String out) {
    List<String> lines = new ArrayList<>(out.lines().toList());
    lines.removeIf(line -> line.matches("(PWD|SHLVL|OLDPWD|_)=.*"));
    return lines;
  }

  @Test
  void nothingCanBeDoneInsideThatTheAppCannot() throws Exception {
    for (Pod pod : List.of(root, web)) {
      assertThat(
              enter(
                      pod,
                      "for p in mount mknod unshare-user unshare-mount clone-user keyctl ptrace setns;"
                          + " do probe $p; done; mount -t tmpfs x /mnt; mknod /tmp/b b 8 0; unshare -U true; true")
                  .out())
          .matches("(EPERM\n){8}");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 77, 254, 255})
  void theExitStatusIsTheCommands(int status) throws Exception {
    assertThat(enter(root, "exit " + status).status()).isEqualTo(status);
  }

  @Test
  void aCommandThatASignalEndsGives128AndTheSignal() throws Exception {
    assertThat(rkt.run("enter", root.uuid(), "probe", "signal", "9").status()).isEqualTo(137);
    assertThat(rkt.run("enter", root.uuid(), "probe", "signal", "15").status()).isEqualTo(143);
  }

  @Test
  void aSignalToRktReachesTheCommand() throws Exception {
    try (Running entered =
        rkt.call(
                "enter",
                root.uuid(),
                "sh",
                "-c",
                "trap 'exit 31' TERM; echo set; while :; do sleep 0.02; done")
            .start()
            .awaitOutput("set")) {
      entered.signal("TERM");
      assertThat(entered.await().status()).isEqualTo(31);
    }
  }

  @Test
  void killingRktEndsTheCommandAndNotThePod() throws Exception {
    try (Running entered =
        rkt.call("enter", root.uuid(), "sh", "-c", "echo set; exec sleep 777")
            .start()
            .awaitOutput("set")) {
      List<Long> all = HostState.descendants(entered.pid());
      entered.signal("KILL");
      assertThat(entered.await().status()).isEqualTo(137);
      for (long pid : all) {
        for (int i = 0; HostState.runs(pid) && i < 400; i++) {
          Thread.sleep(5);
        }
        assertThat(HostState.runs(pid)).as("%s of %s", pid, all).isFalse();
      }
    }
    assertThat(root.running().isAlive()).isTrue();
  }

  @Test
  void bytesPassThroughUnchanged() throws Exception {
    byte[] bytes = new byte[300_000];
    new java.util.Random(2).nextBytes(bytes);

    Result result = rkt.call("enter", root.uuid(), "cat").stdin(bytes).run();

    assertThat(result.stdout()).isEqualTo(bytes);
  }

  @Test
  void noDescriptorOfTheCallerComesIn() throws Exception {
    Result result =
        rkt.call(
                "enter",
                root.uuid(),
                "sh",
                "-c",
                "ls -C /proc/$$/fd; ls -l /proc/$$/fd | grep -c etc")
            .under("bash", "-c", "exec \"$@\" 7</ 8</root 9</etc", "sh")
            .run();

    assertThat(result.out().strip().split("\\s+")).endsWith("0").doesNotContain("7", "8", "9");
  }

  @Test
  void theSecretOfTheHostStaysOutside() throws Exception {
    assertThat(enter(root, "env; cat /proc/[0-9]*/environ").out()).doesNotContain("SECRET");
  }

  @Test
  void onATerminalItHasOneOfThePodsOwn() throws Exception {
    Result result =
        rkt.call("enter", root.uuid(), "sh", "-c", "tty; stty size; echo term $TERM; exit 12")
            .env("TERM", "vt100")
            .under(
                "python3",
                "-c",
                "import pty,sys,os;sys.exit(os.waitstatus_to_exitcode(pty.spawn("
                    + "['sh','-c','stty rows 22 cols 77; \"$@\"','sh']+sys.argv[1:])))")
            .run();

    assertThat(result.status()).as("%s", result).isEqualTo(12);
    assertThat(result.out().replace("\r", "")).matches("/dev/pts/\\d+\n22 77\nterm vt100\n");
  }

  @Test
  void withoutACommandItIsAShell() throws Exception {
    Result result =
        rkt.call("enter", root.uuid()).stdin("echo from $0; exit 5\n".getBytes(UTF_8)).run();

    assertThat(result.out()).isEqualTo("from /bin/sh\n");
    assertThat(result.status()).isEqualTo(5);
  }

  @Test
  void aProgramThatIsNotThereIsRefused() throws Exception {
    rkt.refuses("run", "enter", root.uuid(), "/bin/none");
    rkt.refuses("run", "enter", root.uuid(), "none");
    rkt.refuses("run", "enter", root.uuid(), "/etc/passwd");
    rkt.refuses("not-found", "enter", "--app=other", root.uuid(), "true");
  }

  @Test
  void aPodThatIsNotThereOrHasEndedIsRefused() throws Exception {
    String file = rkt.home().resolve("uuid-ended").toString();
    sh("true", "--uuid-file-save=" + file);

    rkt.refuses("usage", "enter", Files.readString(Path.of(file)).strip(), "true");
    rkt.refuses("not-found", "enter", "ffffffff-0000-0000-0000-000000000000", "true");
    rkt.refuses("not-found|usage", "enter", "../../etc", "true");
    rkt.refuses("not-found|usage", "enter", "", "true");
  }

  @Test
  void aPodEndsThoughSomebodyIsInside() throws Exception {
    try (Pod pod = pod("sleep 1000");
        Running entered =
            rkt.call("enter", pod.uuid(), "sh", "-c", "trap '' TERM; echo set; sleep 1000")
                .start()
                .awaitOutput("set")) {
      rkt.ok("stop", "--timeout=1s", pod.uuid());
      assertThat(entered.await().status()).isEqualTo(137);
    }
  }
}
