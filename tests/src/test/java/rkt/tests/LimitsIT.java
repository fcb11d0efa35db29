package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory, processor and processes of a pod. Works on both versions of control groups. */
@Tag("privileged")
class LimitsIT extends PodTests {
  @Test
  void anAppThatTakesMoreMemoryThanItHasIsKilled() throws Exception {
    Result result = rkt.run("run", "--memory=32Mi", "--exec=/bin/probe", image, "--", "eat", "300");

    assertThat(result.status()).as("%s", result).isEqualTo(137);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void anAppWithEnoughMemoryRuns() throws Exception {
    assertThat(rkt.ok("run", "--memory=64Mi", "--exec=/bin/probe", image, "--", "eat", "20").out())
        .isEqualTo("eaten\n");
  }

  @Test
  void theMemoryLimitOfTheImageHoldsUnlessTheFlagSaysAnother() throws Exception {
    String limited =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/probe")
                .app(
                    "isolators",
                    "[{\"name\":\"resource/memory\",\"value\":{\"limit\":\"32Mi\"}}]"));

    assertThat(rkt.run("run", limited, "--", "eat", "300").status()).isEqualTo(137);
    assertThat(rkt.run("run", "--memory=512Mi", limited, "--", "eat", "100").status()).isZero();
  }

  @Test
  void theProcessorShareIsAQuota() throws Exception {
    try (Pod pod = pod("sleep 1000", "--cpu=500m")) {
      String v1 = read(pod, "cpu.cfs_quota_us");
      String v2 = read(pod, "cpu.max");
      if (v2.isEmpty()) {
        long period = Long.parseLong(read(pod, "cpu.cfs_period_us"));
        assertThat(Long.parseLong(v1)).isEqualTo(period / 2);
      } else {
        String[] both = v2.split(" ");
        assertThat(Long.parseLong(both[0])).isEqualTo(Long.parseLong(both[1]) / 2);
      }
    }
  }

  @Test
  void theMemoryLimitIsInTheControlGroupOfTheApp() throws Exception {
    try (Pod pod = pod("sleep 1000", "--memory=100M")) {
      String limit = read(pod, "memory.limit_in_bytes") + read(pod, "memory.max");
      long bytes = Long.parseLong(limit);
      assertThat(bytes).isBetween(100_000_000L - 4096, 100_000_000L);
    }
  }

  @Test
  void everyProcessOfThePodIsInItsControlGroup() throws Exception {
    try (Pod pod = pod("sleep 1000 & sleep 1000 & wait")) {
      int init = rkt.initPid(pod.uuid());
      for (long pid : HostState.descendants(init)) {
        if (pid != init) {
          assertThat(HostState.text(Path.of("/proc/" + pid + "/cgroup")))
              .contains("/rkt/" + pod.uuid() + "/busybox");
        }
      }
    }
  }

  @Test
  void theAppSeesItsControlGroupAsTheRoot() throws Exception {
    String groups = out("cat /proc/self/cgroup");

    assertThat(groups.lines().filter(l -> !l.endsWith(":/"))).allMatch(l -> l.contains("/../"));
    assertThat(groups).contains(":/\n").doesNotContain("rkt");
  }

  @Test
  void aForkBombEndsAtTheLimitAndThePodCanStillBeEnteredAndStopped() throws Exception {
    String file = rkt.home().resolve("uuid-bomb").toString();
    try (Running bomb =
        rkt.pod(
            "EAGAIN",
            "run",
            "--uuid-file-save=" + file,
            "--exec=/bin/probe",
            image,
            "--",
            "bomb")) {
      assertThat(bomb.out()).matches("EAGAIN after 10[12][0-9]\n");
      Result enter =
          rkt.run("enter", Files.readString(Path.of(file)).strip(), "sh", "-c", "true | true");
      assertThat(enter.status()).as("%s", enter).isNotZero();
      assertThat(enter.err()).contains("can't fork");
      Result stop = rkt.ok("stop", "--timeout=1s", "--uuid-file=" + file);
      assertThat(stop.millis()).isLessThan(10_000);
      assertThat(bomb.await().status()).isEqualTo(137);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "1e3x", "99999999999999999999", "0", "1.5.5", "1 M"})
  void aQuantityThatIsNoneIsRefused(String text) throws Exception {
    rkt.refuses("usage|run", words("true", "--memory=" + text));
    rkt.refuses("usage|run", words("true", "--cpu=" + text));
  }

  @Test
  void theControlGroupsOfAPodThatEndedAreGone() throws Exception {
    String file = rkt.home().resolve("uuid-groups").toString();
    sh("true", "--memory=64Mi", "--uuid-file-save=" + file);

    String uuid = Files.readString(Path.of(file)).strip();
    assertThat(HostState.cgroupsOf(List.of(uuid))).isEmpty();
  }

  private String read(Pod pod, String name) {
    for (String group : HostState.groups(pod.uuid())) {
      Path file = Path.of(group, "busybox", name);
      if (Files.exists(file)) {
        return HostState.text(file).strip();
      }
    }
    return "";
  }
}
