package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Odd places to be started from. Each works, or is refused with a reason: never a stack trace. */
@Tag("privileged")
class SurroundingsIT extends PodTests {
  /** Where the distribution is for a user who may not look into the directories above it. */
  private static final String SHOWN = "/var/tmp/rkt-it-for-nobody";

  private static final String[] NOBODY = {
    "unshare",
    "--mount",
    "sh",
    "-c",
    "mkdir -p "
        + SHOWN
        + " && mount --bind \"${1%/bin/*}\" "
        + SHOWN
        + " && shift && exec setpriv --reuid=65534 --regid=65534 --clear-groups"
        + " --bounding-set=-all "
        + SHOWN
        + "/bin/rkt \"$@\"",
    "sh"
  };

  /** Runs under a shell: {@code "$@"} is rkt. */
  private Call inShell(String script, String... words) {
    return rkt.call(words).under("bash", "-c", script, "sh");
  }

  private void assertWorks(Call call) throws Exception {
    Result result = call.run();
    assertThat(result.status()).as("%s", result).isEqualTo(3);
    assertThat(result.out()).as("%s", result).isEqualTo("ran\n");
    assertThat(result.err()).as("%s", result).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "export LC_ALL=C; exec \"$@\"",
        "exec env LC_ALL=en_US.UTF-8 LANG=xx \"$@\"",
        "umask 000; exec \"$@\"",
        "umask 077; exec \"$@\"",
        "unset HOME; exec \"$@\"",
        "export HOME=/nowhere TMPDIR=/nowhere; exec \"$@\"",
        "ulimit -n 128; exec \"$@\"",
        "ulimit -c unlimited; ulimit -s 1024; exec \"$@\"",
        "export JAVA_TOOL_OPTIONS=-Xmx1 JDK_JAVA_OPTIONS=-nonsense _JAVA_OPTIONS=-nonsense; exec \"$@\"",
        "export CLASSPATH=/tmp LD_LIBRARY_PATH=/tmp; exec \"$@\"",
        "export PATH=/nowhere; exec \"$@\"",
        "exec \"$@\" <&-",
        "exec env -i \"$@\"",
        "trap '' HUP INT TERM PIPE CHLD; exec \"$@\"",
        "nice -n 10 setsid -w \"$@\"",
      })
  void aPodRunsAllTheSame(String script) throws Exception {
    assertWorks(inShell(script, words("echo ran; exit 3")));
  }

  @Test
  void aPodRunsFromADirectoryThatIsGone() throws Exception {
    Result result =
        inShell(
                "mkdir /tmp/rkt-gone.$$; cd /tmp/rkt-gone.$$; rmdir /tmp/rkt-gone.$$; exec \"$@\"",
                words("echo ran; exit 3"))
            .run();

    assertThat(result.status()).as("%s", result).isEqualTo(3);
    assertThat(result.out()).isEqualTo("ran\n");
    // The shell of the launcher says so itself, before its first command.
    assertThat(result.err()).isIn("", "sh: 0: getcwd() failed: No such file or directory\n");
  }

  @Test
  void tooFewOpenFilesAreRefusedWithWhatToDo() throws Exception {
    Result result = inShell("ulimit -n 64; exec \"$@\"", words("true")).run();

    assertThat(result.status()).as("%s", result).isEqualTo(254);
    Rkt.assertRefusalText("run|system", result);
  }

  @Test
  void theRootHasTheModeAndOwnerThatTheImageGivesIt() throws Exception {
    String odd = Images.admit(rkt, Images.busybox().owned("", 5, 6, 0711));

    assertThat(rkt.ok(wordsOf(odd, "stat -c '%a %u %g' /")).out()).isEqualTo("711 5 6\n");
  }

  @Test
  void modesDoNotDependOnTheCallersUmask() throws Exception {
    try (Rkt fresh = Rkt.fresh()) {
      for (String umask : List.of("000", "077")) {
        Rkt own = fresh.withData(fresh.home().resolve("data-" + umask));
        Images.trust(own);
        Path aci = Images.busybox().make();
        Result run =
            own.call(
                    "run",
                    aci.toString(),
                    "--",
                    "-c",
                    "umask; stat -c %a / /etc /etc/passwd; ls -ld /")
                .under("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh")
                .run();
        assertThat(run.out()).as("%s", run).startsWith("0022\n755\n755\n644\n");
        assertThat(Files.getAttribute(own.data(), "unix:mode")).isEqualTo(040700);
        for (String directory : List.of("store", "pods", "trees", "images")) {
          int mode = (int) Files.getAttribute(own.data().resolve(directory), "unix:mode");
          assertThat(mode & 022).as(directory).isZero();
        }
        own.assertNothingIsLeftAfterGc();
      }
    }
  }

  @Test
  void withoutStandardOutputTheAppRunsAndRktReturnsItsStatus() throws Exception {
    Result result = inShell("exec \"$@\" >&- 2>&- <&-", words("exit 3")).run();

    assertThat(result.status()).isEqualTo(3);
  }

  @Test
  void withoutStandardOutputNoFileOfTheRuntimeTakesItsPlace() throws Exception {
    Map<String, String> distribution = Rkt.distribution();
    Result result =
        inShell(
                "exec \"$@\" >&- 2>&- <&-",
                words(
                    "for n in 0 1 2 3 4 5; do stat -L -c '%F %t:%T' /proc/self/fd/$n; done > /v/seen; echo x; echo y >&2; exit 3",
                    "--volume=v,kind=host,source=" + rkt.home(), "--mount=volume=v,target=/v"))
            .run();

    assertThat(result.status()).isEqualTo(3);
    assertThat(Files.readAllLines(rkt.home().resolve("seen")))
        .allMatch(line ->
            line.matches("character special file 1:3|regular (empty )?file 0:0|directory 0:0"))
        .contains("character special file 1:3");
    assertThat(Rkt.distribution()).isEqualTo(distribution);
    rkt.ok("list");
  }

  @Test
  void withAClosedOutputOtherCommandsSaySo() throws Exception {
    Result result = inShell("exec \"$@\" > /dev/full", "list").run();

    assertThat(result.status()).isEqualTo(254);
    Rkt.assertRefusalText("system", result);
  }

  @Test
  void nobodyCannotRunAPodAndIsToldWhy() throws Exception {
    for (String[] words :
        List.of(
            words("true"),
            new String[] {"list"},
            new String[] {"gc"},
            new String[] {"fetch", "/x.aci"})) {
      Result result = rkt.call(words).under(NOBODY).run();
      assertThat(result.status()).as("%s", result).isEqualTo(254);
      assertThat(result.out()).isEmpty();
      Rkt.assertRefusalText("system|run", result);
    }
  }

  @Test
  void nobodyWithADataDirectoryOfItsOwnIsToldThatPodsNeedRoot() throws Exception {
    Path own = Files.createTempDirectory(Path.of("/var/tmp"), "rkt-it-nobody-");
    try {
      Images.execute(List.of("chown", "65534:65534", own.toString()));
      Rkt nobody = rkt.withData(own.resolve("data"));
      Result result = nobody.call(words("true")).under(NOBODY).run();
      assertThat(result.status()).as("%s", result).isEqualTo(254);
      Rkt.assertRefusalText("not-found|trust|system|run|usage", result);
    } finally {
      Rkt.delete(own);
    }
  }

  @Test
  void rootWithoutTheRightToMountIsRefusedAndNothingIsLeft() throws Exception {
    Result result =
        rkt.refuses(
            "run|system",
            rkt.call(words("true"))
                .under("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all"));

    assertThat(result.err()).contains("EPERM");
  }

  @Test
  void rootOfAUserNamespaceRunsPods() throws Exception {
    Path own = Files.createTempDirectory(rkt.home(), "userns-");
    Rkt inside = rkt.withData(own.resolve("data"));
    Images.trust(inside);
    String id = Images.fetch(inside, Images.busybox().without("home/web").make());
    Images.execute(List.of("rm", "-rf", inside.data().resolve("seccomp").toString()));
    Result result =
        inside
            .call("run", id, "--", "-c", "echo ran; id -u; exit 3")
            .under("unshare", "-Urm")
            .run();

    assertThat(result.status()).as("%s", result).isEqualTo(3);
    assertThat(result.out()).isEqualTo("ran\n0\n");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void anOverlayCannotHoldThePodsAndTheRefusalSaysWhatToDo() throws Exception {
    Path place = Files.createTempDirectory(rkt.home(), "overlay-");
    String script =
        "set -e; cd "
            + place
            + "; mkdir l u w m; mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m; set +e; \"$@\"";
    Rkt on = rkt.withData(place.resolve("m/data"));
    Path aci = Images.busybox().make();
    Result result =
        on.call("run", "--insecure-options=image", aci.toString(), "--", "-c", "echo ran; exit 3")
            .under("unshare", "-m", "sh", "-c", script, "sh")
            .run();

    if (result.status() != 3) {
      assertThat(result.status()).as("%s", result).isEqualTo(254);
      List<String> lines = result.err().lines().filter(l -> !l.startsWith("warning")).toList();
      assertThat(lines.toString()).as("%s", result).contains("--dir").doesNotContain("Exception");
      try (var left = Files.walk(place.resolve("u/data/pods"), 2)) {
        assertThat(left.filter(p -> p.getNameCount() == place.getNameCount() + 5)).isEmpty();
      }
    }
  }

  @Test
  void aTmpfsHoldsThePods() throws Exception {
    Path place = Files.createTempDirectory(rkt.home(), "tmpfs-");
    Rkt on = rkt.withData(place.resolve("data"));
    Path aci = Images.busybox().make();
    Result result =
        on.call("run", "--insecure-options=image", aci.toString(), "--", "-c", "echo ran; exit 3")
            .under(
                "unshare", "-m", "sh", "-c", "mount -t tmpfs none " + place + "; exec \"$@\"", "sh")
            .run();

    assertThat(result.status()).as("%s", result).isEqualTo(3);
    assertThat(result.out()).isEqualTo("ran\n");
  }

  @Test
  void withoutControlGroupsAPodRunsAndLimitsAreRefused() throws Exception {
    String[] none = {
      "unshare",
      "-m",
      "sh",
      "-c",
      "umount -R /sys/fs/cgroup 2>/dev/null; umount -l /sys/fs/cgroup 2>/dev/null; exec \"$@\"",
      "sh"
    };
    assertWorks(rkt.call(words("echo ran; exit 3")).under(none));
    for (String limit : List.of("--memory=64Mi", "--cpu=1")) {
      Result result = rkt.refuses("run", rkt.call(words("true", limit)).under(none));
      assertThat(result.err()).contains(limit.substring(0, limit.indexOf('=')));
    }
  }

  @Test
  void aFullDiskIsRefusedAndTheSameCommandWorksWithRoom() throws Exception {
    Path place = Files.createTempDirectory(rkt.home(), "full-");
    Images.execute(List.of("mount", "-t", "tmpfs", "-o", "size=1m", "none", place.toString()));
    try {
      Rkt on = rkt.withData(place.resolve("data"));
      Images.trust(on);
      Path aci = Images.busybox().make();
      Result full = on.call("run", aci.toString(), "--", "-c", "exit 3").run();
      assertThat(full.status()).as("%s", full).isEqualTo(254);
      Rkt.assertRefusalText("system|run", full);
      assertThat(on.uuids()).isEmpty();
      Images.execute(List.of("mount", "-o", "remount,size=64m", place.toString()));
      Result room = on.call("run", aci.toString(), "--", "-c", "exit 3").run();
      assertThat(room.status()).as("%s", room).isEqualTo(3);
      on.assertNothingIsLeftAfterGc();
    } finally {
      Images.execute(List.of("umount", place.toString()));
    }
  }

  @Test
  void aDataDirectoryWithALongAndStrangeNameWorks() throws Exception {
    Path deep = rkt.home().resolve("a b,c:d=e\\f").resolve("ü".repeat(60)).resolve("x".repeat(200));
    Rkt own = rkt.withData(deep.resolve("data"));
    Images.trust(own);
    String id = Images.fetch(own, Images.busybox().make());

    for (String locale : List.of("C", "C.UTF-8")) {
      Result result = own.call("run", id, "--", "-c", "exit 3").env("LC_ALL", locale).run();
      assertThat(result.status()).as("%s", result).isEqualTo(3);
    }
    own.assertNothingIsLeftAfterGc();
  }

  @Test
  void theDistributionIsAsItWas() throws Exception {
    Map<String, String> before = Rkt.distribution();
    sh("true");
    assertThat(Rkt.distribution()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run",
        "run --none x",
        "run --user",
        "enter",
        "stop",
        "rm",
        "status",
        "none",
        "--none",
        "run x y",
        "image",
        "image rm",
        "run --interactive=maybe x",
        "gc --grace-period=x",
        "gc --grace-period=-1s",
        "stop --timeout=x y",
        "list --format=xml",
        "--insecure-options=nonsense list",
        "status --wait=x y"
      })
  void wrongUsageIsRefusedWithAFix(String line) throws Exception {
    Result result = rkt.refuses("usage|not-found", line.split(" "));

    assertThat(result.err()).as("%s", result).isNotEmpty();
  }
}
