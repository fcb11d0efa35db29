package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an app cannot do, as root and as another user. */
@Tag("privileged")
class ConfinementIT extends PodTests {
  private static final String STATUS = "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status";

  @Test
  void rootKeepsEightCapabilitiesAndNothingThatReachesTheHost() throws Exception {
    assertThat(out(STATUS))
        .isEqualTo(
            "CapInh:\t0000000000000000\n"
                + "CapPrm:\t00000000000004fb\n"
                + "CapEff:\t00000000000004fb\n"
                + "CapBnd:\t00000000000004fb\n"
                + "CapAmb:\t0000000000000000\n"
                + "NoNewPrivs:\t1\n"
                + "Seccomp:\t2\n");
  }

  @Test
  void anotherUserHoldsNoCapability() throws Exception {
    assertThat(out(STATUS, "--user=web"))
        .isEqualTo(
            "CapInh:\t0000000000000000\n"
                + "CapPrm:\t0000000000000000\n"
                + "CapEff:\t0000000000000000\n"
                + "CapBnd:\t00000000000004fb\n"
                + "CapAmb:\t0000000000000000\n"
                + "NoNewPrivs:\t1\n"
                + "Seccomp:\t2\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1234"})
  void callsThatReachTheKernelsDepthsAreDenied(String user) throws Exception {
    String[] denied = {
      "mount",
      "remount",
      "unshare-user",
      "unshare-mount",
      "clone-user",
      "mknod",
      "mknod-char",
      "keyctl",
      "add-key",
      "ptrace",
      "bpf",
      "perf",
      "userfaultfd",
      "io-uring",
      "open-by-handle",
      "personality",
      "pivot-root",
      "reboot",
      "sethostname",
      "setns",
      "packet",
      "xdp",
      "alg",
      "vsock"
    };
    String out =
        out(
            "for p in " + String.join(" ", denied) + "; do echo $p $(probe $p); done",
            "--user=" + user);

    assertThat(out.lines()).hasSameSizeAs(denied).allMatch(line -> line.matches("[a-z-]+ E[A-Z]+"));
    assertThat(out.lines().filter(line -> line.endsWith(" EPERM")).count()).isGreaterThan(15);
  }

  @Test
  void callsThatAreUnknownAreToldToBeUnknown() throws Exception {
    assertThat(out("probe unknown-call; probe clone3; true")).isEqualTo("ENOSYS\nENOSYS\n");
  }

  @Test
  void aRawSocketNeedsACapabilityThatAppsLack() throws Exception {
    assertThat(out("probe raw; probe chroot; true")).isEqualTo("EPERM\nEPERM\n");
  }

  @Test
  void aProgramOfAnotherArchitectureIsKilled() throws Exception {
    assertThat(rkt.run("run", "--exec=/bin/i386", image).status()).isEqualTo(128 + 31);
  }

  @Test
  void nothingCanBeTypedIntoATerminal() throws Exception {
    Result result =
        rkt.call(words("probe tiocsti; probe tioclinux; true", "--interactive"))
            .env("TERM", "vt100")
            .under("python3", "-c", "import pty,sys;sys.exit(pty.spawn(sys.argv[1:])>>8)")
            .run();

    assertThat(result.out().replace("\r", "")).isEqualTo("EPERM\nEPERM\n");
  }

  @Test
  void aSetuidProgramOfTheImageGivesNothing() throws Exception {
    String trap =
        Images.admit(
            rkt,
            Images.busybox()
                .without("bin/id")
                .file("bin/id", 04755, Files.readAllBytes(Path.of("/bin/busybox"))));

    assertThat(rkt.ok(wordsOf(trap, "id -u; grep ' / ' /proc/self/mountinfo", "--user=web")).out())
        .startsWith("1234\n")
        .contains("nosuid");
  }

  @Test
  void theDevicesAreTheUsualHarmlessOnes() throws Exception {
    assertThat(
            out(
                "cd /dev; ls -A; for d in full null random tty urandom zero; do stat -c '%n %F %t:%T %a' $d; done"))
        .isEqualTo(
            "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n"
                + "full character special file 1:7 666\n"
                + "null character special file 1:3 666\n"
                + "random character special file 1:8 666\n"
                + "tty character special file 5:0 666\n"
                + "urandom character special file 1:9 666\n"
                + "zero character special file 1:5 666\n");
  }

  @Test
  void theDevicesWork() throws Exception {
    assertThat(
            out(
                "echo x > /dev/null; head -c 3 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c;"
                    + " (echo x > /dev/full) 2>/dev/null || echo full; echo y > /dev/stderr;"
                    + " echo z > /dev/shm/f && cat /dev/shm/f"))
        .isEqualTo(" 00 00 00\n8\nfull\nz\n");
  }

  @Test
  void theDevicesOfTheHostCannotBeChangedFromInside() throws Exception {
    Object before = Files.readAttributes(Path.of("/dev/null"), "unix:mode,uid,gid,ctime");

    sh(
        "chmod 600 /dev/null; chown 1:1 /dev/null; rm /dev/null; touch /dev/null; chmod 600 /dev/tty");

    assertThat(Files.readAttributes(Path.of("/dev/null"), "unix:mode,uid,gid,ctime"))
        .isEqualTo(before);
  }

  @Test
  void everyMountHasTheStrictestFlagsThatWork() throws Exception {
    String out = out("cut -d ' ' -f 4- /proc/self/mountinfo | grep -v ^/null | cut -d ' ' -f 2,3");

    List<String> mounts = new ArrayList<>(out.lines().toList());
    assertThat(mounts).as("every mount is nosuid").allMatch(m -> m.contains("nosuid"));
    for (String mount : mounts) {
      String[] parts = mount.split(" ");
      if (!parts[0].startsWith("/dev")) {
        assertThat(mount).as("no devices but in /dev").contains("nodev");
      }
      if (parts[0].startsWith("/proc") || parts[0].startsWith("/sys")) {
        assertThat(mount).contains("noexec");
      }
      if (parts[0].startsWith("/sys")) {
        assertThat(mount).contains(" ro,");
      }
    }
    assertThat(mounts).anyMatch(m -> m.startsWith("/proc rw,nosuid,nodev,noexec"));
    assertThat(mounts).anyMatch(m -> m.startsWith("/sys ro,nosuid,nodev,noexec"));
    assertThat(mounts).anyMatch(m -> m.matches("/dev rw,nosuid,(nodev,)?noexec.*"));
    assertThat(out).doesNotContain("/var/tmp").doesNotContain("/pods/");
  }

  @Test
  void whatProcAndSysHideCannotBeReadOrWritten() throws Exception {
    Result result =
        sh(
            "for f in kcore keys kallsyms timer_list sched_debug interrupts config.gz; do"
                + " [ -e /proc/$f ] && [ \"$(head -c 1 /proc/$f | wc -c)\" != 0 ] && echo readable $f; done;"
                + " for d in /proc/acpi /proc/scsi /proc/asound /sys/firmware /sys/module /sys/power"
                + " /sys/kernel/debug /sys/kernel/security; do"
                + " [ -d $d ] && ls -A $d; done;"
                + " for f in sysrq-trigger sys/kernel/core_pattern sys/vm/panic_on_oom irq/default_smp_affinity"
                + " sys/kernel/hostname sys/kernel/modprobe; do"
                + " (echo x > /proc/$f) 2>/dev/null && echo writable $f; done;"
                + " (echo 1 > /sys/kernel/profiling) 2>/dev/null && echo writable sys;"
                + " mkdir /sys/fs/cgroup/x 2>/dev/null && echo writable cgroup;"
                + " for m in /proc/kcore /proc/sys /proc/sysrq-trigger /sys /sys/firmware; do"
                + " probe umount $m; done; true");

    assertThat(result.out().lines()).containsOnly("EPERM").hasSize(5);
  }

  @Test
  void withInsecureOptionsPathsNothingIsHidden() throws Exception {
    assertThat(out("grep -c ' /proc/' /proc/self/mountinfo; true")).isNotEqualTo("0\n");
    assertThat(out("grep -c ' /proc/' /proc/self/mountinfo; true", "--insecure-options=paths"))
        .isEqualTo("0\n");
  }

  @Test
  void insecureOptionsGiveWhatTheySayAndAreRecorded() throws Exception {
    String file = rkt.home().resolve("uuid-insecure").toString();
    assertThat(out(STATUS, "--insecure-options=capabilities,seccomp", "--uuid-file-save=" + file))
        .contains(hosts("CapEff"))
        .contains("NoNewPrivs:\t1\n")
        .contains("Seccomp:\t0\n");
    assertThat(rkt.ok("status", "--uuid-file=" + file).out())
        .contains("insecure-options=capabilities,seccomp\n");
  }

  private static String hosts(String capabilities) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(capabilities)) {
        return line + "\n";
      }
    }
    throw new AssertionError(capabilities);
  }

  @Test
  void theRootIsWritableForThePodAlone() throws Exception {
    assertThat(out("echo mine > /etc/passwd; rm -r /home; cat /etc/passwd")).isEqualTo("mine\n");
    assertThat(out("head -n 1 /etc/passwd; ls -d /home"))
        .isEqualTo("root:x:0:0:root:/root:/bin/sh\n/home\n");
  }

  @Test
  void aReadOnlyRootCannotBeChangedButTmpfsCan() throws Exception {
    Result result =
        sh(
            "(echo x > /f) 2>&1; (mkdir /tmp/d) 2>&1; (rm /etc/passwd) 2>&1; probe remount;"
                + " echo y > /dev/shm/f && cat /dev/shm/f",
            "--readonly-rootfs");

    assertThat(result.out()).contains("Read-only file system").endsWith("EPERM\ny\n");
    assertThat(result.out().lines().filter(l -> l.contains("Read-only")).count()).isEqualTo(3);
  }

  @Test
  void readOnlyRootfsTakesAWordToo() throws Exception {
    assertThat(out("echo x > /f && echo written", "--readonly-rootfs=false"))
        .isEqualTo("written\n");
  }

  @Test
  void theRenderedTreesOfTheHostAreClosedToOthers() throws Exception {
    for (String directory : new String[] {"", "store", "trees", "pods", "images"}) {
      Process other =
          new ProcessBuilder(
                  "setpriv",
                  "--reuid=65534",
                  "--regid=65534",
                  "--clear-groups",
                  "ls",
                  rkt.data().resolve(directory).toString())
              .start();
      assertThat(other.waitFor()).as(directory).isNotZero();
    }
  }

  @Test
  void limitsOfTheProcessAreSet() throws Exception {
    String out = out("probe limits");

    assertThat(out).contains("4 0 0\n").contains("7 1024 ").contains("8 65536 65536\n");
    assertThat(out("ulimit -n", "--rlimit=nofile=10:99", "--rlimit=nofile=50"))
        .as("the later one")
        .isEqualTo("50\n");
  }

  @Test
  void theSessionIsTheAppsOwn() throws Exception {
    String out = out("cut -d ' ' -f 1,5,6,7 /proc/$$/stat");

    assertThat(out).matches("(\\d+) \\1 \\1 0\n");
  }
}
