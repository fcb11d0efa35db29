package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A stage1 of a third party, written against the contract alone: a shell, an overlay and
 * bubblewrap. spec/stage1.md#contract
 */
@Tag("privileged")
class Stage1IT extends PodTests {
  static final String PROGRAM =
      """
      #!/bin/sh
      # A stage1 for rkt, version 1 of the contract.
      set -eu
      [ "$RKT_STAGE1_VERSION" = 1 ] || { echo "stage1: unknown contract" >&2; exit 254; }
      home=$(dirname "$0")
      json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
      verb=$1; shift
      case $verb in
        run)
          touch "$home/left-$1"
          mkdir root
          lower=$(json stage1.json '":".join(reversed(d["layers"]))')
          upper=$(json stage1.json 'd["upper"]')
          work=$(json stage1.json 'd["work"]')
          export lower upper work
          exec unshare --mount sh -c '
            mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" root
            exec python3 "$0" pod' "$home/words"
          ;;
        enter)
          shift 2
          [ $# -gt 0 ] || set -- /bin/sh
          pid=$(json bwrap.json 'd["child-pid"]')
          [ "$(id -u)" = 0 ] && user= || user=--user
          exec nsenter --target "$pid" $user --mount --pid --ipc --uts --net --root --wd -- "$@"
          ;;
        gc)
          rm "$home/left-$1"
          ;;
        *)
          exit 254
          ;;
      esac
      """;

  /** Hands the words of the app to bubblewrap, whatever they hold. */
  static final String WORDS =
      """
      import json, os, sys
      app = json.load(open(sys.argv[1]))['apps'][0]['app']
      os.dup2(os.open('bwrap.json', os.O_CREAT | os.O_WRONLY), 9, inheritable=True)
      os.execvp('bwrap', ['bwrap', '--bind', 'root', '/', '--proc', '/proc', '--dev', '/dev',
          '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--die-with-parent',
          '--chdir', app['workingDirectory'], '--info-fd', '9', '--'] + app['exec'])
      """;

  private Path program;

  @BeforeAll
  void install() throws IOException {
    Path directory = Files.createDirectory(rkt.home().resolve("stage1"));
    program = directory.resolve("bubble");
    Files.writeString(program, PROGRAM);
    Files.writeString(directory.resolve("words"), WORDS);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path configuration = Files.createDirectories(rkt.home().resolve("local/stage1.d"));
    Files.writeString(
        configuration.resolve("bubble.json"),
        "{\"rktKind\":\"stage1\",\"rktVersion\":\"v1\",\"name\":\"example.com/bubble\","
            + "\"version\":\"1.2\",\"location\":\"file://"
            + program
            + "\"}");
  }

  /** Whether the program has left something outside of the directory of the pod. */
  private boolean hasLeft(String id) {
    return Files.exists(program.resolveSibling("left-" + id));
  }

  @Test
  void aProgramRunsAnImageByTheContract() throws Exception {
    Result result =
        sh(
            "cat /etc/group | head -n 1; hostname; echo err >&2; exit 7",
            "--stage1-path=" + program);

    assertThat(result.status()).as("%s", result).isEqualTo(7);
    assertThat(result.out()).startsWith("root:x:0:\n");
    assertThat(result.err()).isEqualTo("err\n");
  }

  @Test
  void whatItIsAskedForIsLeftToItOrRefusedWhereItWouldNotBeTold() throws Exception {
    String path = "--stage1-path=" + program;
    Path uuid = rkt.home().resolve("uuid-left");
    String save = "--uuid-file-save=" + uuid;
    rkt.ok(words("true", path, save, "--sysctl=kernel.msgmax=5", "--memory=64Mi"));
    assertThat(rkt.ok("status", "--format=json", "--uuid-file=" + uuid).out())
        .contains("\"name\":\"os/unix/sysctl\"", "\"name\":\"resource/memory\"")
        .doesNotContain("\"outcome\":\"enforced\"");
    for (String flag : new String[] {"--tmpfs=/t", "--device=/dev/fuse", "--rootfs-size=1Mi"}) {
      assertThat(rkt.refuses("usage", words("true", path, flag)).err()).contains("bubble");
    }
  }

  @Test
  void itIsFoundByItsNameAndVersion() throws Exception {
    Path uuid = rkt.home().resolve("uuid-name");
    for (String name : new String[] {"example.com/bubble", "example.com/bubble:1.2"}) {
      assertThat(sh("exit 3", "--stage1-name=" + name, "--uuid-file-save=" + uuid).status())
          .isEqualTo(3);
    }
    assertThat(rkt.ok("status", "--uuid-file=" + uuid).out())
        .contains("stage1=example.com/bubble:1.2\n", "app-busybox=3\n");
    rkt.refuses("not-found", words("true", "--stage1-name=example.com/bubble:2"));
  }

  @Test
  void aPodOfItIsEnteredStoppedAndCollected() throws Exception {
    Path uuid = rkt.home().resolve("uuid-third");
    try (Running pod =
        rkt.pod(
            "ready",
            words(
                "echo ready > /state; echo ready; sleep 1000",
                "--stage1-path=" + program,
                "--uuid-file-save=" + uuid))) {
      String id = Files.readString(uuid).strip();
      assertThat(rkt.ok("enter", id, "cat", "/state").out()).isEqualTo("ready\n");
      assertThat(rkt.run("enter", id, "sh", "-c", "exit 9").status()).isEqualTo(9);
      rkt.ok("stop", id);
      assertThat(pod.await().status()).isEqualTo(143);
      assertThat(hasLeft(id)).isTrue();
      rkt.ok("rm", id);
      assertThat(hasLeft(id)).isFalse();
    }
  }

  @Test
  void aPodWhoseRecordIsDamagedStaysSinceNobodyKnowsWhomToAsk() throws Exception {
    Path uuid = rkt.home().resolve("uuid-damaged");
    rkt.ok(words("true", "--stage1-path=" + program, "--uuid-file-save=" + uuid));
    String id = Files.readString(uuid).strip();
    Path pod = rkt.data().resolve("pods/run").resolve(id);
    String record = Files.readString(pod.resolve("pod.json"));
    Files.writeString(pod.resolve("pod.json"), "{");

    assertThat(rkt.refuses("system", "rm", id).err())
        .contains("pod.json, which names it, cannot be read", "PROGRAM gc " + id, "stage1.json");
    assertThat(pod).isDirectory();
    assertThat(hasLeft(id)).isTrue();

    Files.writeString(pod.resolve("pod.json"), record);
    rkt.ok("rm", id);
    assertThat(hasLeft(id)).isFalse();
    assertThat(pod).doesNotExist();
  }

  @Test
  void killingRktEndsIt() throws Exception {
    try (Running pod =
        rkt.pod("ready", words("echo ready; sleep 736", "--stage1-path=" + program))) {
      var all = HostState.descendants(pod.pid());
      pod.signal("KILL");
      pod.await();
      for (long pid : all) {
        for (int i = 0; HostState.runs(pid) && i < 1200; i++) {
          Thread.sleep(50);
        }
        assertThat(HostState.runs(pid)).as("%s of %s", pid, all).isFalse();
      }
    }
  }

  @Test
  void aLinkToAProgramIsFollowedOnceAndNeverAgain() throws Exception {
    Path link = program.resolveSibling("link");
    Files.createSymbolicLink(link, program);
    Path uuid = rkt.home().resolve("uuid-link");
    try (Running pod =
        rkt.pod(
            "ready",
            words("echo ready; sleep 1000", "--stage1-path=" + link, "--uuid-file-save=" + uuid))) {
      Files.delete(link);
      Files.createSymbolicLink(link, Path.of("/bin/false"));
      String id = Files.readString(uuid).strip();
      assertThat(rkt.ok("enter", id, "echo", "inside").out()).isEqualTo("inside\n");
      rkt.ok("stop", id);
      pod.await();
      assertThat(rkt.ok("status", id).out()).contains("stage1=link\n");
      rkt.ok("rm", id);
      assertThat(hasLeft(id)).isFalse();
    }
  }

  @Test
  void aProgramThatOthersCouldChangeIsRefused() throws Exception {
    Path open = program.resolveSibling("open");
    Files.copy(program, open);
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxr-x"));
    rkt.refuses("usage", words("true", "--stage1-path=" + open));
    rkt.refuses("usage", words("true", "--stage1-path=" + program.getParent()));
    rkt.refuses("usage", words("true", "--stage1-path=/none"));
  }
}
