package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images that try to have the runtime read, write or hang outside their root. Whatever they do, a
 * directory of the host stays as it was.
 */
@Tag("privileged")
class HostileImageIT extends PodTests {
  private Path sentinel;
  private Map<String, String> before;

  @BeforeEach
  void makeSentinel() throws Exception {
    sentinel = Files.createTempDirectory(rkt.home(), "sentinel-");
    Files.writeString(sentinel.resolve("secret"), "host");
    Files.createDirectory(sentinel.resolve("directory"));
    before = HostState.tree(sentinel);
  }

  @AfterEach
  void theSentinelIsUnchanged() throws Exception {
    assertThat(HostState.tree(sentinel)).isEqualTo(before);
    assertThat(HostState.mountsBelow(rkt.home())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev", "proc", "sys"})
  void aLinkInPlaceOfAMountPointOfTheRuntimeIsRefused(String name) throws Exception {
    for (String target : new String[] {sentinel.toString(), "tmp"}) {
      String hostile = Images.admit(rkt, Images.busybox().without(name).link(name, target));
      assertThat(rkt.refuses("run", "run", hostile).err()).contains("/" + name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev", "proc", "sys"})
  void aFileInPlaceOfAMountPointOfTheRuntimeIsRefused(String name) throws Exception {
    String hostile = Images.admit(rkt, Images.busybox().without(name).file(name, 0644, "x"));

    rkt.refuses("run", "run", hostile);
  }

  @Test
  void missingMountPointsOfTheRuntimeAreMadeInTheRoot() throws Exception {
    String bare = Images.admit(rkt, Images.busybox().without("dev").without("proc").without("sys"));

    assertThat(
            rkt.ok(wordsOf(bare, "[ -c /dev/null ] && [ -d /proc/1 ] && [ -d /sys/class ]")).err())
        .isEmpty();
  }

  @Test
  void aDeviceDirectoryFullOfLinksIsCoveredByAFreshOne() throws Exception {
    String hostile =
        Images.admit(
            rkt,
            Images.busybox()
                .link("dev/null", "/proc/sys/kernel/core_pattern")
                .link("dev/pts", sentinel.toString())
                .link("dev/shm", sentinel.toString())
                .link("dev/ptmx", sentinel + "/secret"));

    assertThat(
            rkt.ok(wordsOf(hostile, "stat -c %t:%T /dev/null; echo x > /dev/null; ls /dev/pts"))
                .out())
        .isEqualTo("1:3\nptmx\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"etc/passwd", "etc/group"})
  void aPipeInPlaceOfAUserTableIsRefusedAtOnce(String path) throws Exception {
    String hostile = Images.admit(rkt, Images.busybox().without(path).fifo(path));

    Result result = rkt.refuses("run", "run", "--user=root", "--group=root", hostile);
    assertThat(result.millis()).isLessThan(3000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"etc/passwd", "etc/group"})
  void aUserTableOfTwoMebibytesIsRefusedAtOnce(String path) throws Exception {
    String hostile =
        Images.admit(rkt, Images.busybox().file(path, 0644, "x:x:1:1::/:/\n".repeat(170_000)));

    Result result = rkt.refuses("run", "run", "--user=root", "--group=root", hostile);
    assertThat(result.millis()).isLessThan(3000);
  }

  @Test
  void aLineOfAHundredKibibytesInAUserTableIsRefused() throws Exception {
    String hostile =
        Images.admit(rkt, Images.busybox().file("etc/passwd", 0644, "x".repeat(100_000) + "\n"));

    rkt.refuses("run", "run", "--user=root", hostile);
  }

  @Test
  void aUserTableThatLinksOutOfTheImageIsReadInside() throws Exception {
    Path passwd = Files.writeString(rkt.home().resolve("passwd"), "evil:x:0:0::/:/bin/sh\n");
    String hostile =
        Images.admit(
            rkt, Images.busybox().without("etc/passwd").link("etc/passwd", passwd.toString()));
    String climbing =
        Images.admit(
            rkt,
            Images.busybox()
                .without("etc/passwd")
                .link("etc/passwd", "../../../../../.." + passwd));

    rkt.refuses("run", "run", "--user=evil", hostile);
    rkt.refuses("run", "run", "--user=evil", climbing);
  }

  @Test
  void aProgramThatLinksOutOfTheImageIsLookedUpInside() throws Exception {
    String hostile =
        Images.admit(rkt, Images.busybox().link("bin/x", "/usr/bin/gpg").exec("/bin/x"));

    rkt.refuses("run", "run", hostile);
  }

  @Test
  void aWorkingDirectoryThatLinksOutOfTheImageIsOneInside() throws Exception {
    String inside =
        Images.admit(rkt, Images.busybox().link("w", "/home").app("workingDirectory", "\"/w\""));
    String outside =
        Images.admit(
            rkt,
            Images.busybox().link("w", "../../../.." + sentinel).app("workingDirectory", "\"/w\""));

    assertThat(rkt.ok(wordsOf(inside, "pwd -P")).out()).isEqualTo("/home\n");
    rkt.refuses("run", wordsOf(outside, "pwd -P; echo > owned"));
  }

  @Test
  void aMountPointOfTheImageOnAPlaceOfTheRuntimeIsRefused() throws Exception {
    for (String path :
        new String[] {"/proc", "/proc/self", "/sys/fs", "/dev/x", "//proc/../proc"}) {
      String hostile =
          Images.admit(
              rkt,
              Images.busybox()
                  .app("mountPoints", "[{\"name\":\"m\",\"path\":" + Aci.quote(path) + "}]"));
      rkt.refuses("usage|run", "run", "--volume=m,kind=empty", hostile);
    }
  }

  /** CVE-2025-52881: what is written to a process's attributes must not land in another's files. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/proc/self/attr",
        "/proc/self/attr/exec",
        "/proc/thread-self/attr",
        "/proc/sysrq-trigger"
      })
  void nothingIsMountedOverTheAttributesOfAProcess(String path) throws Exception {
    Path source = sentinel.resolve("directory");
    List<String> kernel = kernelFiles();
    String hostile =
        Images.admit(
            rkt,
            Images.busybox()
                .app("mountPoints", "[{\"name\":\"m\",\"path\":" + Aci.quote(path) + "}]"));
    String mount = "--mount=volume=m,target=" + path;

    rkt.refuses("usage|run", "run", "--volume=m,kind=empty", hostile);
    rkt.refuses("usage|run", words("true", "--volume=m,kind=host,source=" + source, mount));
    rkt.refuses("usage|run", words("true", "--tmpfs=" + path));
    assertThat(kernelFiles()).isEqualTo(kernel);
  }

  @Test
  void aLinkOfTheImageToTheAttributesOfAProcessIsNoWayToCoverThem() throws Exception {
    List<String> kernel = kernelFiles();
    String hostile =
        Images.admit(
            rkt, Images.busybox().link("a", "/proc/self/attr").link("p", "../../proc/self"));

    for (String target : new String[] {"/a", "/p/attr", "/p/attr/exec"}) {
      for (String kind : new String[] {"empty", "host,source=" + sentinel}) {
        Result result =
            rkt.run(
                wordsOf(
                    hostile,
                    "stat -f -c %T /proc/self/attr; grep -c attr /proc/self/mountinfo; true",
                    "--volume=m,kind=" + kind,
                    "--mount=volume=m,target=" + target));
        if (result.status() == 254) {
          Rkt.assertRefusalText("usage|run", result);
        } else {
          assertThat(result.out()).as("%s", result).isEqualTo("proc\n0\n");
        }
      }
    }
    assertThat(kernelFiles()).isEqualTo(kernel);
  }

  @Test
  void aLinkOfTheImageToWhatIsNotThereIsToldFromAMountThatFails() throws Exception {
    Path file = Files.writeString(rkt.home().resolve("a-file"), "x");
    String image =
        Images.admit(
            rkt, Images.busybox().link("a", "/proc/self/attr").link("p", "nowhere\u001b[31m"));

    Result directory = mounted(image, "empty", "/a");
    assertThat(directory.err())
        .contains("there is no /a: in this image /a is a link to \"/proc/self/attr\", where")
        .contains("\n  fix: choose another place, or use another image\n");
    assertThat(mounted(image, "host,source=" + file, "/a").err())
        .contains("in this image /a is a link to \"/proc/self/attr\"")
        .contains("\n  fix: ");
    assertThat(mounted(image, "empty", "/p/below").err())
        .contains("there is no /p/below: in this image /p is a link to \"nowhere?[31m\", where");
  }

  private Result mounted(String image, String kind, String target) throws Exception {
    Result result =
        rkt.run(
            wordsOf(image, "true", "--volume=m,kind=" + kind, "--mount=volume=m,target=" + target));
    assertThat(result.status()).as("%s", result).isEqualTo(254);
    Rkt.assertRefusalText("run", result);
    return result;
  }

  /** What of the host's kernel such an attack is after, and what is mounted over it. */
  private static List<String> kernelFiles() throws Exception {
    List<String> files = new ArrayList<>(HostState.mountsBelow(Path.of("/proc/")));
    for (String name : new String[] {"sys/kernel/core_pattern", "sys/kernel/sysrq"}) {
      files.add(HostState.text(Path.of("/proc", name)));
    }
    files.add(HostState.text(Path.of("/proc/self/attr/current")));
    return files;
  }

  @Test
  void aMountPointOfTheImageThroughALinkIsMadeInside() throws Exception {
    String hostile =
        Images.admit(
            rkt,
            Images.busybox()
                .link("out", sentinel.toString())
                .link("up", "../../../../../.." + sentinel)
                .app(
                    "mountPoints",
                    "[{\"name\":\"a\",\"path\":\"/out/made\"},{\"name\":\"b\",\"path\":\"/up/made\"}]"));

    Result result =
        rkt.run(wordsOf(hostile, "echo ran", "--volume=a,kind=empty", "--volume=b,kind=empty"));
    if (result.status() != 0) {
      Rkt.assertRefusalText("run", result);
    }
  }

  @Test
  void aScriptThatNamesTheRunningProgramDoesNotReachTheRuntime() throws Exception {
    Map<String, String> distribution = Rkt.distribution();
    String hostile =
        Images.admit(
            rkt, Images.busybox().file("bin/x", 0755, "#!/proc/self/exe\n").exec("/bin/x"));

    Result result = rkt.run("run", hostile);

    assertThat(result.status()).isNotZero();
    assertThat(Rkt.distribution()).isEqualTo(distribution);
  }

  @Test
  void noProgramOfTheRuntimeCanBeWrittenFromInside() throws Exception {
    Map<String, String> distribution = Rkt.distribution();

    String out =
        out(
            "for exe in /proc/1/exe /proc/self/exe; do"
                + " probe open-write $exe; (echo evil > $exe) 2>/dev/null && echo WRITTEN; done;"
                + " readlink /proc/1/exe; for f in /proc/1/fd/*; do"
                + " (echo evil > $f) 2>/dev/null && echo WRITTEN $f; done; true");

    assertThat(out).doesNotContain("WRITTEN");
    assertThat(Rkt.distribution()).isEqualTo(distribution);
  }

  @Test
  void anIsolatorThatIsUnknownIsIgnoredAndRecorded() throws Exception {
    String odd =
        Images.admit(
            rkt,
            Images.busybox()
                .app("isolators", "[{\"name\":\"example.com/x\",\"value\":{\"run\":\"/bin/x\"}}]"));
    String file = rkt.home().resolve("uuid-isolator").toString();

    assertThat(rkt.ok(wordsOf(odd, "echo ran", "--uuid-file-save=" + file)).out())
        .isEqualTo("ran\n");
    assertThat(rkt.ok("status", "--uuid-file=" + file, "--format=json").out())
        .contains("\"outcome\":\"ignored\"");
  }

  @Test
  void anIsolatorThatMakesNoSenseIsRefused() throws Exception {
    for (String value :
        new String[] {"{}", "{\"limit\":\"-1\"}", "{\"limit\":\"1e99\"}", "[]", "1"}) {
      String odd =
          Images.admit(
              rkt,
              Images.busybox()
                  .app("isolators", "[{\"name\":\"resource/memory\",\"value\":" + value + "}]"));
      rkt.refuses("run|usage|integrity", "run", odd);
    }
  }

  @Test
  void anImageCannotAskForCapabilitiesThatReachTheHost() throws Exception {
    String greedy =
        Images.admit(
            rkt,
            Images.busybox()
                .app(
                    "isolators",
                    "[{\"name\":\"os/linux/capabilities-retain-set\",\"value\":{\"set\":"
                        + "[\"CAP_SYS_ADMIN\",\"CAP_SYS_MODULE\",\"CAP_SYS_PTRACE\",\"CAP_KILL\"]}},"
                        + "{\"name\":\"os/linux/no-new-privileges\",\"value\":false}]"));

    assertThat(
            rkt.ok(wordsOf(greedy, "grep -E 'CapBnd|CapEff|NoNewPrivs' /proc/self/status")).out())
        .isEqualTo("CapEff:\t0000000000000020\nCapBnd:\t0000000000000020\nNoNewPrivs:\t1\n");
  }
}
