package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory as a file system, devices of the host, and a bound for what an app writes. */
@Tag("privileged")
class StorageIT extends PodTests {
  /** Files as many as can be made in a directory, then nothing more. */
  private static final String FILL =
      "i=0; while touch $D/$i 2>/dev/null; do i=$((i+1)); done; echo $i";

  @Test
  void aTmpfsIsBoundedInBytesAndInFiles() throws Exception {
    Result bytes =
        sh(
            "dd if=/dev/zero of=/scratch/f bs=64k count=64; wc -c < /scratch/f",
            "--tmpfs=/scratch:size=1m");
    assertThat(bytes.out()).isEqualTo("1048576\n");
    assertThat(bytes.err()).contains("No space left on device");

    // Of 100, its root is one.
    assertThat(out("D=/scratch;" + FILL, "--tmpfs=/scratch:size=1m,nr_inodes=100"))
        .isEqualTo("99\n");
  }

  @Test
  void aTmpfsRunsNoProgramUnlessItMay() throws Exception {
    String script =
        "cp=/bin/busybox; cat $cp > /scratch/echo; chmod 755 /scratch/echo; /scratch/echo ran";

    assertThat(sh(script, "--tmpfs=/scratch").status()).isEqualTo(126);
    assertThat(out(script, "--tmpfs=/scratch:exec")).isEqualTo("ran\n");
    assertThat(
            out(
                "grep ' /scratch ' /proc/self/mountinfo | cut -d ' ' -f 6; stat -c '%a %u %g' /scratch",
                "--tmpfs=/scratch:exec,mode=2750,uid=12,gid=34"))
        .isEqualTo("rw,nosuid,nodev,relatime\n2750 12 34\n");
    assertThat(sh("echo x > /scratch/f", "--tmpfs=/scratch:ro").status()).isNotZero();
    assertThat(
            out(
                "echo x 2>&- > /scratch/f || stat -c '%a %u %g' /scratch",
                "--tmpfs=/scratch:ro,mode=750,uid=12,gid=34"))
        .isEqualTo("750 12 34\n");
    assertThat(rkt.refuses("run", words("true", "--tmpfs=/scratch:uid=70000")).err())
        .contains("cannot belong to 70000:0");
  }

  @Test
  void sharedMemoryCanBeOfAnotherSize() throws Exception {
    assertThat(out("df -k /dev/shm | tail -n 1 | sed 's/  */ /g' | cut -d ' ' -f 2"))
        .isEqualTo("65536\n");
    assertThat(
            out(
                "df -k /dev/shm | tail -n 1 | sed 's/  */ /g' | cut -d ' ' -f 2; echo x > /dev/shm/f",
                "--tmpfs=/dev/shm:size=1m"))
        .isEqualTo("1024\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/proc", "/sys/fs/cgroup", "/dev", "/dev/x", "/", "x", "/a:size=0", "/a:dev"})
  void aTmpfsThatMakesNoSenseIsRefused(String tmpfs) throws Exception {
    rkt.refuses("usage", words("true", "--tmpfs=" + tmpfs));
  }

  @Test
  void aDeviceIsTheHostsAndTheOnlyOneMore() throws Exception {
    String before = out("ls /dev | sort");

    String file = rkt.home().resolve("uuid-device").toString();
    // The same as null by another name, so that anybody may use it.
    assertThat(
            out(
                "ls /dev | sort; stat -c '%F %t %T' /dev/more/void; echo x > /dev/more/void",
                "--device=/dev/null:/dev/more/void", "--uuid-file-save=" + file))
        .isEqualTo(before.replace("mqueue\n", "more\nmqueue\n") + "character special file 1 3\n");
    assertThat(rkt.podFile(Files.readString(Path.of(file)).strip(), "pod.json"))
        .contains("\"devices\":[\"/dev/null:/dev/more/void\"]");
  }

  @Test
  void theRootOfAPodMayOpenADeviceThatIsTheHostRoots() throws Exception {
    String node = "/dev/rkt-it-node-" + ProcessHandle.current().pid();
    Images.execute(List.of("mknod", "-m", "600", node, "c", "1", "5"));
    try {
      assertThat(
              out(
                  "head -c 3 "
                      + node
                      + " | od -An -tx1; stat -c '%a %u %g %t:%T' "
                      + node
                      + "; ls -A /dev | grep nodes; grep -c '[.]nodes' /proc/self/mountinfo; true",
                  "--device=" + node))
          .isEqualTo(" 00 00 00\n600 0 0 1:5\n0\n");
      assertThat(sh("cat " + node, "--user=1234", "--device=" + node).status()).isEqualTo(1);
      assertThat(
              out(
                  "head -c 1 /dev/z | wc -c",
                  "--insecure-options=userns",
                  "--device=" + node + ":/dev/z"))
          .isEqualTo("1\n");
    } finally {
      Files.delete(Path.of(node));
    }
  }

  @Test
  void onlyDeviceNodesOfTheHostCanBeGiven() throws Exception {
    Path link = Path.of("/dev/rkt-it-link-" + ProcessHandle.current().pid());
    Files.createSymbolicLink(link, Path.of("/dev/null"));
    try {
      assertThat(rkt.refuses("run", words("true", "--device=" + link)).err())
          .contains("symbolic link");
    } finally {
      Files.delete(link);
    }
    assertThat(rkt.refuses("run", words("true", "--device=/dev/shm:/dev/x")).err())
        .contains("it is none");
    rkt.refuses("run", words("true", "--device=/dev/no-such-device"));
    rkt.refuses("usage", words("true", "--device=/etc/passwd"));
    rkt.refuses("usage", words("true", "--device=/dev/null:/dev/zero"));
    rkt.refuses("usage", words("true", "--device=/dev/null:/dev/x:r"));
  }

  @Test
  void whatAnAppWritesToItsRootCanBeBounded() throws Exception {
    Result bytes = sh("dd if=/dev/zero of=/f bs=64k count=64; wc -c < /f", "--rootfs-size=1Mi");
    assertThat(bytes.err()).contains("No space left on device");
    assertThat(Integer.parseInt(bytes.out().strip())).isBetween(512 << 10, 1 << 20);

    int files = Integer.parseInt(out("D=/tmp;" + FILL, "--rootfs-size=1Mi").strip());
    assertThat(files).isBetween(200, 256);

    assertThat(
            out("echo x > /etc/motd; cat /etc/motd /etc/passwd | head -n 2", "--rootfs-size=64Ki"))
        .isEqualTo("x\nroot:x:0:0:root:/root:/bin/sh\n");
    rkt.refuses("usage", words("true", "--rootfs-size=1"));
    rkt.refuses("usage", words("true", "--rootfs-size=none"));
  }

  @Test
  void theBoundHoldsForVolumesThatTheImageAsksFor() throws Exception {
    String pointed =
        Images.admit(
            rkt, Images.busybox().app("mountPoints", "[{\"name\":\"v\",\"path\":\"/data\"}]"));

    Result bytes =
        rkt.run(
            wordsOf(
                pointed,
                "dd if=/dev/zero of=/data/f bs=64k count=64; wc -c < /data/f",
                "--rootfs-size=1Mi"));

    assertThat(bytes.err()).contains("No space left on device");
    assertThat(Integer.parseInt(bytes.out().strip())).isLessThanOrEqualTo(1 << 20);
  }
}
