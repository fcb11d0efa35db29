package rkt.stage1.launch;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static rkt.stage1.launch.RunningPod.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("privileged")
@Timeout(120)
final class PodInitIT {
  private static final Op PROC =
      new Op.Mount(Label.of("mount /proc"), 0, "proc", "/proc", "proc", "");
  private static final Op PRIVATE =
      new Op.Mount(Label.of("make mounts private"), 0x44000, "", "/", "", "");

  @TempDir Path directory;

  @Test
  void theStatusOfTheAppIsTheStatusOfTheSupervisor() throws Exception {
    try (RunningPod pod = RunningPod.of(directory, app("web", "echo hello; exit 7"))) {
      assertThat(pod.status()).isEqualTo(7);
      assertThat(pod.out()).isEqualTo("hello\n");
      assertThat(pod.err()).isEmpty();
      assertThat(pod.file("status/web")).isEqualTo("7\n");
      assertThat(pod.file("status/web.started")).matches("[0-9]{19}\n");
      assertThat(pod.file("status/web.exited")).matches("[0-9]{19}\n");
      assertThat(directory.resolve("status")).isDirectoryNotContaining("glob:**.{signal,new}");
      assertThat(pod.file("exit-status")).isEqualTo("7\n");
      assertThat(pod.file("exited")).matches("[0-9]{19}\n");
    }
  }

  @Test
  void zeroIsZeroAndASignalIs128More() throws Exception {
    Path first = Files.createDirectory(directory.resolve("first"));
    try (RunningPod pod = RunningPod.of(first, app("web", "true"))) {
      assertThat(pod.status()).isZero();
    }
    Path second = Files.createDirectory(directory.resolve("second"));
    try (RunningPod pod = RunningPod.of(second, app("web", "kill -USR1 $$; sleep 60"))) {
      assertThat(pod.status()).isEqualTo(138);
      assertThat(pod.file("status/web")).isEqualTo("138\n");
      assertThat(pod.file("status/web.signal")).isEqualTo("10\n");
    }
  }

  @Test
  void whatTheKernelCountedIsRecordedWhenTheAppEnds() throws Exception {
    Files.writeString(directory.resolve("web.events"), "low 0\noom 7\noom_kill 12\n");
    Files.writeString(
        directory.resolve("db.events"), "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
    try (RunningPod pod =
        RunningPod.of(
            directory, RunningPod.app("web", "true"), RunningPod.app("db", "kill -9 $$"))) {
      assertThat(pod.status()).isEqualTo(137);
      assertThat(pod.file("status/web.oom")).isEqualTo("12\n");
      assertThat(directory.resolve("status/db.oom")).doesNotExist();
    }
  }

  @Test
  void signalsReachTheAppAndTermBecomesItsStopSignal() throws Exception {
    String script =
        "trap 'echo usr1' USR1; trap 'echo stopped; exit 3' QUIT; trap 'exit 4' TERM; echo up;"
            + " while :; do sleep 0.02; done";
    try (RunningPod pod = RunningPod.of(directory, app("web", 3, script))) {
      pod.awaitOut("up");
      pod.signal("USR1");
      pod.awaitOut("usr1");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(3);
      assertThat(pod.out()).isEqualTo("up\nusr1\nstopped\n");
    }
  }

  @Test
  void interruptReachesTheApp() throws Exception {
    try (RunningPod pod = RunningPod.of(directory, app("web", "echo up; exec sleep 60"))) {
      pod.awaitOut("up");
      pod.signal("INT");
      assertThat(pod.status()).isEqualTo(130);
    }
  }

  @Test
  void killingTheSupervisorEndsThePod() throws Exception {
    try (RunningPod pod =
        RunningPod.of(directory, app("web", "trap '' TERM HUP; echo up; sleep 60; sleep 60"))) {
      pod.awaitOut("up");
      pod.signal("KILL");
      assertThat(pod.ended()).isTrue();
    }
  }

  @Test
  void killingPid1EndsTheSupervisorWhichCleansUp() throws Exception {
    Path cgroup = Files.createDirectory(directory.resolve("cgroup"));
    Op clean = new Op.Rmdir(Label.of("remove the cgroup"), cgroup.toString());
    try (RunningPod pod =
        new RunningPod(
            directory, List.of(), List.of(clean), 100, app("web", "echo up; sleep 60; true"))) {
      pod.awaitOut("up");
      RunningPod.await(directory.resolve("status/web.started"), "\n"); // told after it speaks
      RunningPod.kill("KILL", pod.init);
      assertThat(pod.status()).isEqualTo(137);
      assertThat(pod.file("status/web")).isEqualTo("137\n");
      assertThat(pod.file("status/web.signal")).isEqualTo("9\n");
      assertThat(pod.file("exit-status")).isEqualTo("137\n");
      assertThat(pod.file("exit-signal")).isEqualTo("9\n");
      assertThat(cgroup).doesNotExist();
    }
  }

  @Test
  void aFailedStepIsOneErrorWithItsAdvice() throws Exception {
    Op mount =
        new Op.Mount(
            new Label("mount /data of app \"web\"", "create the directory first"),
            0x1000,
            "/nonexistent/a",
            "/nonexistent/b",
            "",
            "");
    try (RunningPod pod = RunningPod.of(directory, app("web", "echo never", mount))) {
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.out()).isEmpty();
      assertThat(pod.err())
          .isEqualTo(
              "run: cannot mount /data of app \"web\": ENOENT\n  fix: create the directory first\n");
      assertThat(pod.file("status/web")).isEqualTo("254\n");
      assertThat(directory.resolve("status/web.started")).doesNotExist();
    }
    try (RunningPod pod =
        new RunningPod(
            Files.createDirectory(directory.resolve("pod")),
            List.of(mount),
            List.of(),
            100,
            app("web", "echo never"))) {
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.err()).startsWith("run: cannot mount /data of app \"web\": ENOENT\n");
    }
  }

  @Test
  void aMissingProgramSaysSo() throws Exception {
    LaunchPlan.App app =
        new LaunchPlan.App(
            "web",
            0,
            List.of(
                Op.closeAllButStdio(),
                new Op.Exec(
                    Label.of("run /bin/nothing"),
                    List.of("/bin/nothing", "/etc/passwd/x"),
                    List.of("nothing"),
                    List.of())));
    try (RunningPod pod = RunningPod.of(directory, app)) {
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.err())
          .isEqualTo(
              "run: cannot run /bin/nothing: ENOENT (no such program in the image, or the"
                  + " interpreter or loader that it names is missing)\n");
    }
  }

  @Test
  void theFirstFailureStopsTheOthers() throws Exception {
    String up = "echo >" + directory + "/up-";
    String both = "[ -e " + directory + "/up-good ] && [ -e " + directory + "/up-deaf ]";
    try (RunningPod pod =
        RunningPod.of(
            directory,
            app(
                "good",
                "trap 'echo asked; exit 0' TERM; " + up + "good; while :; do sleep 0.02; done"),
            app("deaf", "trap '' TERM; " + up + "deaf; sleep 60; sleep 60"),
            app("bad", "until " + both + "; do sleep 0.02; done; exit 5"))) {
      assertThat(pod.status()).isEqualTo(5);
      assertThat(pod.out()).contains("asked");
      assertThat(pod.file("status/good")).isEqualTo("0\n");
      assertThat(pod.file("status/deaf")).isEqualTo("137\n");
      assertThat(pod.file("status/deaf.signal")).isEqualTo("9\n");
    }
  }

  @Test
  void orphansAreReapedAndEndWithThePod() throws Exception {
    String script =
        "(sleep 0.1 & ) ; (sleep 60 &) ; n=0;"
            + " while [ $(ps -eo comm= | grep -c sleep) != 1 ] && [ $n -lt 600 ]; do"
            + " n=$((n+1)); sleep 0.1; done; ps -eo stat,comm";
    try (RunningPod pod =
        new RunningPod(directory, List.of(PRIVATE, PROC), List.of(), 100, app("web", script))) {
      assertThat(pod.status()).isZero();
      assertThat(pod.out()).contains("sleep").doesNotContain("defunct");
      assertThat(pod.out().lines().filter(line -> line.startsWith("Z"))).isEmpty();
      assertThat(pod.ended()).isTrue();
    }
  }

  @Test
  void aThousandOrphansAreReaped() throws Exception {
    String script =
        "i=0; while [ $i -lt 1000 ]; do (true & ) ; i=$((i+1)); done; n=0;"
            + " while ps -eo stat= | grep -q Z && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.1; done;"
            + " ps -eo stat= | grep -c Z; true";
    try (RunningPod pod =
        new RunningPod(directory, List.of(PRIVATE, PROC), List.of(), 100, app("web", script))) {
      assertThat(pod.status()).isZero();
      assertThat(pod.out()).isEqualTo("0\n");
    }
  }

  @Test
  void fiftyAppsRunAndEachStatusIsRecorded() throws Exception {
    List<LaunchPlan.App> apps = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      apps.add(app("app-" + i, "sleep 0." + (i % 7)));
    }
    try (RunningPod pod = RunningPod.of(directory, apps.toArray(LaunchPlan.App[]::new))) {
      assertThat(pod.status()).isZero();
      for (int i = 0; i < 50; i++) {
        assertThat(pod.file("status/app-" + i)).isEqualTo("0\n");
      }
    }
  }

  @Test
  void anAppSeesOnlyItsThreeDescriptors() throws Exception {
    try (RunningPod pod =
        new RunningPod(
            directory,
            List.of(PRIVATE, PROC),
            List.of(),
            100,
            app("web", "exec ls /proc/self/fd"))) {
      assertThat(pod.status()).isZero();
      assertThat(pod.out()).isEqualTo("0\n1\n2\n3\n"); // 3 is the directory that ls reads
    }
  }

  @Test
  void privilegesAreWhatThePlanSays() throws Exception {
    Op[] drop = {
      new Op.Umask(Label.of("set the umask"), 0027),
      new Op.Rlimit(Label.of("limit files"), 7, 100, 200),
      new Op.Setsid(Label.of("start a session")),
      new Op.NewKeyring(Label.of("make a keyring")),
      new Op.Bounding(Label.of("bound capabilities"), 0x400),
      new Op.Prctl(Label.of("keep capabilities"), 8, 1, 0, 0, 0),
      new Op.Setgroups(Label.of("set groups"), Bytes.ofGroups(1000, 1001)),
      new Op.Setresgid(Label.of("set the group"), 1000, 1000, 1000),
      new Op.Setresuid(Label.of("set the user"), 1000, 1000, 1000),
      new Op.Capset(Label.of("set capabilities"), 0x400, 0x400, 0x400),
      new Op.Ambient(Label.of("set ambient capabilities"), 0x400),
      new Op.Prctl(Label.of("set no_new_privs"), 38, 1, 0, 0, 0),
      new Op.Chdir(Label.of("enter /tmp"), "/tmp"),
    };
    String script =
        "id -u; id -G; umask; ulimit -Sn; ulimit -Hn; pwd;"
            + " grep -E 'Cap|NoNewPrivs' /proc/self/status | tr '\\t' ' '";
    try (RunningPod pod =
        new RunningPod(
            directory, List.of(PRIVATE, PROC), List.of(), 100, app("web", script, drop))) {
      assertThat(pod.status()).as(pod.err()).isZero();
      assertThat(pod.out())
          .isEqualTo(
              """
              1000
              1000 1001
              0027
              100
              200
              /tmp
              CapInh: 0000000000000400
              CapPrm: 0000000000000400
              CapEff: 0000000000000400
              CapBnd: 0000000000000400
              CapAmb: 0000000000000400
              NoNewPrivs: 1
              """);
    }
  }

  @Test
  void whatIsWrittenToTheKernelGoesToTheKernelOrNowhere() throws Exception {
    Op adjust =
        new Op.WriteProc(
            Label.of("adjust"), "self/oom_score_adj", Bytes.of("700".getBytes(US_ASCII)));
    Op cover =
        new Op.Mount(Label.of("cover"), 4096, "/dev/null", "/proc/self/oom_score_adj", "", "");
    try (RunningPod pod =
        new RunningPod(
            directory,
            List.of(PRIVATE, PROC),
            List.of(),
            100,
            app("web", "cat /proc/self/oom_score_adj", adjust))) {
      assertThat(pod.status()).as(pod.err()).isZero();
      assertThat(pod.out()).isEqualTo("700\n");
    }
    try (RunningPod pod =
        new RunningPod(
            Files.createDirectory(directory.resolve("covered")),
            List.of(PRIVATE, PROC),
            List.of(),
            100,
            app("web", "echo started", cover, adjust))) {
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.err()).isEqualTo("run: cannot adjust: EXDEV\n");
      assertThat(pod.out()).isEmpty();
    }
  }

  @Test
  void aFilterIsInForceBeforeTheAppStarts() throws Exception {
    // Load the number; mkdir(2) (83) and mkdirat(2) (258) fail with EPERM; all else goes.
    byte[] program = {
      0x20, 0, 0, 0, 0, 0, 0, 0, //
      0x15, 0, 2, 0, 83, 0, 0, 0, //
      0x15, 0, 1, 0, 2, 1, 0, 0, //
      0x06, 0, 0, 0, 0, 0, (byte) 0xff, 0x7f, //
      0x06, 0, 0, 0, 1, 0, 5, 0,
    };
    LaunchPlan.App app =
        new LaunchPlan.App(
            "web",
            0,
            List.of(
                new Op.Prctl(Label.of("set no_new_privs"), 38, 1, 0, 0, 0),
                Op.closeAllButStdio(),
                new Op.Seccomp(Label.of("filter system calls"), 0, Bytes.of(program)),
                new Op.Exec(
                    Label.of("run mkdir"),
                    List.of("/bin/mkdir"),
                    List.of("mkdir", directory.resolve("made").toString()),
                    List.of())));
    try (RunningPod pod = RunningPod.of(directory, app)) {
      assertThat(pod.status()).isEqualTo(1);
      assertThat(pod.err()).contains("Operation not permitted");
    }
  }

  @Test
  void pid1IsClosedToTheApp() throws Exception {
    try (RunningPod pod =
        new RunningPod(
            directory,
            List.of(PRIVATE, PROC),
            List.of(),
            100,
            app(
                "web",
                "ls /proc/1/fd",
                new Op.Setresuid(Label.of("set the user"), 1000, 1000, 1000)))) {
      assertThat(pod.status()).isNotZero();
      assertThat(pod.err()).contains("Permission denied");
    }
  }

  @Test
  void anAppWaitsForTheByteOfItsFifo() throws Exception {
    Path fifo = directory.resolve("start");
    new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor();
    try (RunningPod pod =
        RunningPod.of(
            directory,
            app(
                "web",
                "echo started",
                new Op.WaitFifo(Label.of("wait for the start"), -1, fifo.toString())))) {
      Files.writeString(fifo, "x");
      assertThat(pod.status()).isZero();
      assertThat(pod.out()).isEqualTo("started\n");
    }
  }

  @Test
  void aPodThatWaitsForItsStartStillEndsWithTheSupervisor() throws Exception {
    Path fifo = directory.resolve("start");
    new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor();
    try (RunningPod pod =
        RunningPod.of(
            directory,
            app(
                "web",
                "echo started",
                new Op.WaitFifo(Label.of("wait for the start"), -1, fifo.toString())))) {
      pod.signal("KILL");
      assertThat(pod.ended()).isTrue();
      assertThat(pod.out()).isEmpty();
    }
  }

  @Test
  void aForkBombAtItsLimitDoesNotHinderTheStop() throws Exception {
    Path pids = Path.of("/sys/fs/cgroup/pids");
    Path parent = Files.isDirectory(pids) ? pids : Path.of("/sys/fs/cgroup");
    Path cgroup = parent.resolve("rkt-pod-init-it-" + ProcessHandle.current().pid());
    Files.createDirectory(cgroup);
    Files.writeString(cgroup.resolve("pids.max"), "64");
    Op join =
        new Op.WriteFile(
            Label.of("join the cgroup"), cgroup.resolve("cgroup.procs").toString(), Bytes.of("0"));
    Op clean = new Op.Rmdir(Label.of("remove the cgroup"), cgroup.toString());
    String script = "b() { b | b & }; echo up; b 2>/dev/null; sleep 1; echo full; exec sleep 60";
    try (RunningPod pod =
        new RunningPod(directory, List.of(), List.of(clean), 100, app("bomb", script, join))) {
      pod.awaitOut("full");
      assertThat(Integer.parseInt(Files.readString(cgroup.resolve("pids.current")).strip()))
          .isLessThanOrEqualTo(64);
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
      assertThat(cgroup).doesNotExist();
    } finally {
      Files.deleteIfExists(cgroup);
    }
  }

  @Test
  void anEnteredProcessIsInThePodAndItsStatusIsPassedOn() throws Exception {
    try (RunningPod pod =
        new RunningPod(
            directory, List.of(PRIVATE, PROC), List.of(), 100, app("web", "echo up; sleep 60"))) {
      pod.awaitOut("up");
      Path out = directory.resolve("enter-out");
      Process entered = enter(pod, "cat /proc/1/comm; readlink /proc/self/ns/mnt; exit 6", out);
      assertThat(entered.waitFor()).isEqualTo(6);
      assertThat(Files.readString(out))
          .isEqualTo(
              "pod-init\n"
                  + Files.readSymbolicLink(Path.of("/proc/" + pod.init + "/ns/mnt"))
                  + "\n");
    }
  }

  @Test
  void anEnteredProcessGetsSignalsAndEndsWithThePod() throws Exception {
    try (RunningPod pod =
        new RunningPod(
            directory, List.of(PRIVATE, PROC), List.of(), 100, app("web", "echo up; sleep 60"))) {
      pod.awaitOut("up");
      Path out = directory.resolve("enter-out");
      Process entered =
          enter(pod, "trap 'echo hup; exit 8' HUP; echo in; while :; do sleep 0.02; done", out);
      RunningPod.await(out, "in");
      RunningPod.kill("HUP", entered.pid());
      assertThat(entered.waitFor()).isEqualTo(8);

      Files.delete(out);
      Process second = enter(pod, "echo in; exec sleep 60", out);
      RunningPod.await(out, "in");
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
      assertThat(second.waitFor()).isEqualTo(137);
    }
  }

  @Test
  void afterTermEachAppIsAskedOnce() throws Exception {
    String script =
        "trap 'echo asked; asked=1' TERM; echo up; while [ -z \"$asked\" ]; do sleep 0.02; done;"
            + " i=0; while [ $i -lt 20 ]; do sleep 0.02; i=$((i+1)); done";
    try (RunningPod pod =
        RunningPod.of(directory, app("slow", script), app("quick", "echo up; exec sleep 60"))) {
      for (int i = 0; i < 6000 && !pod.out().equals("up\nup\n"); i++) {
        Thread.sleep(10);
      }
      pod.signal("TERM");
      assertThat(pod.status()).isEqualTo(143);
      assertThat(pod.out()).isEqualTo("up\nup\nasked\n");
    }
  }

  @Test
  void thePodMovesIntoItsOwnRoot() throws Exception {
    Path stage = Files.createDirectory(directory.resolve("stage"));
    List<Op> ops =
        List.of(
            // Away from the shell, which stands where the JVM would be: outside.
            new Op.Unshare(Label.of("leave the mounts of the shell"), 0x20000),
            PRIVATE,
            new Op.Mount(
                Label.of("mount the stage"), 0, "tmpfs", stage.toString(), "tmpfs", "mode=755"),
            new Op.Mkdir(Label.of("make /proc"), 0755, stage + "/proc"),
            new Op.Mkdir(Label.of("make /apps"), 0755, stage + "/apps"),
            new Op.Mkdir(Label.of("make the root of web"), 0755, stage + "/apps/web"),
            new Op.Mount(Label.of("bind the host"), 0x5000, "/", stage + "/apps/web", "", ""),
            new Op.Pivot(Label.of("enter the pod's root"), stage.toString()),
            new Op.Mount(Label.of("mount /proc"), 14, "proc", "/proc", "proc", ""));
    try (RunningPod pod =
        new RunningPod(
            directory,
            ops,
            List.of(),
            100,
            app(
                "web",
                "pwd; ls /; ",
                new Op.Chroot(Label.of("enter the root of web"), "/apps/web"),
                new Op.Chdir(Label.of("enter the working directory"), "/etc")))) {
      assertThat(pod.status()).as(pod.err()).isZero();
      assertThat(pod.out()).startsWith("/etc\n").contains("\nusr\n");
    }
    assertThat(Files.readString(Path.of("/proc/mounts"))).doesNotContain(stage.toString());
  }

  @Test
  void aDirectoryOutsideTheRootIsRefused() throws Exception {
    Path root = Files.createDirectory(directory.resolve("root"));
    try (RunningPod pod =
        RunningPod.of(
            directory,
            app(
                "web",
                "echo never",
                new Op.Chroot(Label.of("enter the root"), root.toString()),
                new Op.Fchdir(Label.of("leave it"), 7),
                new Op.Chdir(Label.of("enter the working directory"), "/proc/self/fd/7")))) {
      assertThat(pod.status()).isEqualTo(254);
      assertThat(pod.out()).isEmpty();
    }
  }

  private Process enter(RunningPod pod, String script, Path out) throws Exception {
    LaunchPlan.App process =
        app(
            "enter",
            script,
            new Op.Setns(Label.of("enter the uts namespace"), 12, 0x04000000),
            new Op.Setns(Label.of("enter the mount namespace"), 13, 0x00020000));
    LaunchPlan plan =
        LaunchPlan.enter(
            new LaunchPlan.Enter(-1, -1),
            List.of(new Op.Setns(Label.of("enter the pid namespace"), 11, 0x20000000)),
            process);
    Files.write(directory.resolve("enter.plan"), plan.encode());
    String ns = "/proc/" + pod.init + "/ns/";
    return new ProcessBuilder(
            "bash",
            "-c",
            "exec \"$1\" enter 9 9<enter.plan 11<" + ns + "pid 12<" + ns + "uts 13<" + ns + "mnt",
            "enter",
            RunningPod.POD_INIT)
        .directory(directory.toFile())
        .redirectOutput(out.toFile())
        .redirectError(directory.resolve("enter-err").toFile())
        .start();
  }
}
