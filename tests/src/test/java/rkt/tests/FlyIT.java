package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pods that have a root of their own and nothing else. spec/stage1.md#fly */
@Tag("privileged")
class FlyIT extends PodTests {
  private static final String FLY = "--stage1-name=fly";
  private static final String ISOLATION = "warning: the stage1 \"fly\" isolates nothing";

  @Test
  void anAppHasTheImageAsItsRootAndTheNamespacesOfTheHost() throws Exception {
    Result result =
        sh(
            "for n in pid net ipc uts user cgroup; do readlink /proc/self/ns/$n; done;"
                + " cat /etc/group | head -n 1; [ -e /host-only ] && echo out; exit 6",
            FLY);

    StringBuilder expected = new StringBuilder();
    for (String kind : List.of("pid", "net", "ipc", "uts", "user", "cgroup")) {
      expected.append(Files.readSymbolicLink(Path.of("/proc/self/ns/" + kind))).append('\n');
    }
    assertThat(result.status()).as("%s", result).isEqualTo(6);
    assertThat(result.out()).isEqualTo(expected + "root:x:0:\n");
    assertThat(result.err()).startsWith(ISOLATION).hasLineCount(1);
  }

  @Test
  void nothingIsDeniedButWhatWasAsked() throws Exception {
    String facts = "grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status";
    String own = Files.readString(Path.of("/proc/self/status"));
    String all = own.lines().filter(line -> line.startsWith("CapEff")).findFirst().orElseThrow();

    assertThat(out(facts, FLY)).isEqualTo(all + "\nNoNewPrivs:\t0\nSeccomp:\t0\n");
    assertThat(rkt.ok("run", FLY, image, "--caps-retain=CAP_KILL", "--", "-c", facts).out())
        .startsWith("CapEff:\t0000000000000020\n");
    assertThat(out(facts, FLY, "--user=web")).startsWith("CapEff:\t0000000000000000\n");
    rkt.refuses("usage", words("true", FLY, "--memory=64M"));
  }

  @Test
  void whatIsMountedInAVolumeIsMountedOnTheHost() throws Exception {
    Path shared = Files.createDirectory(rkt.home().resolve("shared"));
    Files.createDirectory(shared.resolve("below"));
    Images.execute(List.of("mount", "--bind", shared.toString(), shared.toString()));
    try {
      Images.execute(List.of("mount", "--make-shared", shared.toString()));
      Result result =
          sh(
              "mount -t tmpfs agent /v/below && echo x > /v/below/x",
              FLY,
              "--volume=v,kind=host,source=" + shared,
              "--mount=volume=v,target=/v");

      assertThat(result.status()).as("%s", result).isZero();
      assertThat(shared.resolve("below/x")).exists();
      Images.execute(List.of("umount", shared.resolve("below").toString()));
    } finally {
      Images.execute(List.of("umount", shared.toString()));
    }
  }

  @Test
  void everyProcessEndsWithThePod() throws Exception {
    for (String signal : List.of("TERM", "KILL")) {
      try (Running pod =
          rkt.pod(
              "ready",
              words("(sleep 733 &); unshare -p -f sleep 734 & echo ready; sleep 735", FLY))) {
        List<Long> all = HostState.descendants(pod.pid());
        assertThat(all).hasSizeGreaterThan(3);
        pod.signal(signal);
        assertThat(pod.await().status()).isGreaterThan(128);
        for (long pid : all) {
          for (int i = 0; HostState.runs(pid) && i < 1200; i++) {
            Thread.sleep(50);
          }
          assertThat(HostState.runs(pid)).as("%s of %s", pid, all).isFalse();
        }
      }
    }
  }

  @Test
  void itIsRecordedAndCanBeEnteredAndStopped() throws Exception {
    Path uuid = rkt.home().resolve("uuid-fly");
    try (Running pod =
        rkt.pod("ready", words("echo ready; sleep 1000", FLY, "--uuid-file-save=" + uuid))) {
      String id = Files.readString(uuid).strip();
      assertThat(rkt.ok("status", id).out()).contains("stage1=fly\n", "networks=host\n");
      assertThat(rkt.ok("status", "--format=json", id).out()).contains("\"stage1\":\"fly\"");
      assertThat(rkt.podFile(id, "pod.json")).contains("\"stage1\":\"fly\"");
      assertThat(rkt.ok("enter", id, "ls", "/").out()).isEqualTo(rkt.ok(words("ls /")).out());
      rkt.ok("stop", id);
      assertThat(pod.await().status()).isEqualTo(143);
    }
  }

  @Test
  void whatItCannotDoIsRefusedWhereItIsAskedFor() throws Exception {
    for (String flag :
        List.of(
            "--net=none",
            "--hostname=other",
            "--sysctl=net.core.somaxconn=77",
            "--proc=pid",
            "--rootfs-size=1Mi",
            "--device=/dev/fuse:/dev/other",
            "--pids=5")) {
      assertThat(rkt.refuses("usage", words("true", FLY, flag)).err()).contains("\"fly\"");
    }
    Path manifest =
        Files.writeString(
            rkt.home().resolve("fly.json"),
            """
            {"acVersion": "0.8.11", "acKind": "PodManifest",
             "apps": [{"name": "a", "image": {"id": "%s"}}],
             "isolators": [{"name": "resource/memory", "value": {"limit": "64Mi"}}]}
            """
                .formatted(image));
    assertThat(rkt.refuses("usage", "run", FLY, "--pod-manifest=" + manifest).err())
        .contains("cannot enforce resource/memory");
  }

  @Test
  void itIsForOneApp() throws Exception {
    rkt.refuses("usage", "run", FLY, image, "--name=a", "---", image, "--name=b");
    rkt.refuses("not-found", words("true", "--stage1-name=unknown"));
    rkt.refuses("not-found", words("true", "--stage1-name=coreos.com/rkt/stage1-kvm"));
  }

  @Test
  void theNamesOfTheFirstRktMeanTheSame() throws Exception {
    String name = "--stage1-name=coreos.com/rkt/stage1-";
    assertThat(rkt.ok(words("true", name + "fly:1.30.0")).err())
        .contains("\"fly\" isolates nothing");
    assertThat(rkt.refuses("usage", words("true", name + "fly", "--hostname=other")).err())
        .contains("\"fly\"");
    assertThat(rkt.ok(words("true", name + "coreos")).err()).isEmpty();
  }

  @Test
  void anImageMustBeTrustedAsEverywhere() throws Exception {
    Rkt other = rkt.withData(rkt.home().resolve("untrusted"));
    other.refuses("not-found|trust|usage", other.call("run", FLY, "--pull-policy=never", image));
  }
}
