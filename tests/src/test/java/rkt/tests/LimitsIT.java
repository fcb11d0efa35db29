package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
  void whatTheKernelKilledForWantOfMemoryIsReported() throws Exception {
    String file = rkt.home().resolve("uuid-oom").toString();
    Result main =
        rkt.run(
            "run",
            "--memory=32Mi",
            "--uuid-file-save=" + file,
            "--exec=/bin/probe",
            image,
            "--",
            "eat",
            "300");
    assertThat(main.status()).as("%s", main).isEqualTo(137);
    String[] status = {"status", "--format=json", "--uuid-file=" + file};
    assertThat(rkt.ok(status).out()).contains("\"exit_code\":137,\"oom\":true,");
    assertThat(rkt.ok("status", "--uuid-file=" + file).out())
        .contains("app-busybox=137\n", "oom-busybox=true\n");

    sh("exit 3", "--memory=32Mi", "--uuid-file-save=" + file);
    assertThat(rkt.ok(status).out()).contains("\"exit_code\":3,").doesNotContain("oom");
    sh("kill -9 $$", "--memory=32Mi", "--uuid-file-save=" + file);
    assertThat(rkt.ok(status).out()).contains("\"exit_code\":137,").doesNotContain("oom");
  }

  @Test
  void theLimitOfProcessesIsTheFlags() throws Exception {
    try (Running bomb =
        rkt.pod("EAGAIN", "run", "--pids=20", "--exec=/bin/probe", image, "--", "bomb")) {
      assertThat(bomb.out()).isEqualTo("EAGAIN after 19\n");
    }
  }

  @Test
  void anAppThatWantsMoreThanItsQuotaIsThrottled() throws Exception {
    try (Pod pod = pod("while :; do :; done", "--cpu=20m")) {
      HostState.await(
          "periods in which the app was throttled",
          () -> !value(read(pod, "cpu.stat"), "nr_throttled").matches("0?"));
    }
  }

  @Test
  void sharesOfProcessorsAreAWeight() throws Exception {
    try (Pod pod = pod("sleep 1000", "--cpu-shares=512")) {
      assertThat(read(pod, "cpu.shares") + read(pod, "cpu.weight")).matches("512|20");
    }
  }

  @Test
  void trafficOfADiskIsThrottled() throws Exception {
    String disk = diskOf(rkt.data());
    String flag = "--io=rbps=10Mi,wbps=20Mi,riops=300,wiops=400";
    if (disk.isEmpty()) { // a container, whose files lie on no disk of its own
      rkt.refuses("run", words("true", flag));
      return;
    }
    try (Pod pod = pod("sleep 1000", flag)) {
      String v2 = read(pod, "io.max");
      if (v2.isEmpty()) {
        assertThat(read(pod, "blkio.throttle.read_bps_device")).isEqualTo(disk + " 10485760");
        assertThat(read(pod, "blkio.throttle.write_bps_device")).isEqualTo(disk + " 20971520");
        assertThat(read(pod, "blkio.throttle.read_iops_device")).isEqualTo(disk + " 300");
        assertThat(read(pod, "blkio.throttle.write_iops_device")).isEqualTo(disk + " 400");
      } else {
        assertThat(v2).isEqualTo(disk + " rbps=10485760 wbps=20971520 riops=300 wiops=400");
      }
    }
  }

  /** As {@code 8:0}; empty if it is on none. */
  private static String diskOf(Path directory) throws Exception {
    long device = (Long) Files.getAttribute(directory, "unix:dev");
    Path node = Path.of("/sys/dev/block/" + (device >> 8 & 0xfff) + ":" + (device & 0xff));
    if (!Files.exists(node)) {
      return "";
    }
    Path disk =
        Files.exists(node.resolve("partition")) ? node.resolve("../dev") : node.resolve("dev");
    return HostState.text(disk).strip();
  }

  @Test
  void whatCannotBeEnforcedIsRefusedToAUserAndIgnoredForAnImage() throws Exception {
    String operations = "{\"limit\":\"9\",\"device\":\"/proc\"}";
    String reason = "/proc is on no disk whose traffic the kernel counts";
    Result refused =
        rkt.refuses("run", words("true", "--isolator=resource/block-iops=" + operations));
    assertThat(refused.err()).contains("cannot limit the block iops of app \"busybox\": " + reason);

    String limited =
        Images.admit(
            rkt,
            Images.busybox()
                .exec("/bin/true")
                .app(
                    "isolators",
                    "[{\"name\":\"resource/block-iops\",\"value\":" + operations + "}]"));
    String file = rkt.home().resolve("uuid-ignored").toString();
    rkt.ok("run", "--uuid-file-save=" + file, limited);
    assertThat(rkt.ok("status", "--format=json", "--uuid-file=" + file).out())
        .contains("\"outcome\":\"ignored\",\"reason\":\"" + reason + "\"");
  }

  @Test
  void everyPodLeavesAQuarterOfTheMemoryToTheHost() throws Exception {
    try (Pod pod = pod("sleep 1000")) {
      String limit = readOfPod(pod, "memory.limit_in_bytes") + readOfPod(pod, "memory.max");
      String total = value(HostState.text(Path.of("/proc/meminfo")), "MemTotal:");
      long host = Long.parseLong(total.replace("kB", "").strip()) * 1024;
      assertThat(Long.parseLong(limit)).isBetween(host / 4 * 3 - 8192, host / 4 * 3);
      assertThat(rkt.ok("status", "--format=json", pod.uuid()).out())
          .contains("\"name\":\"resource/memory\"");
    }
  }

  @Test
  void aLimitOfThePodBoundsItsAppsTogether() throws Exception {
    String bomb =
        ",\"image\":{\"id\":\""
            + image
            + "\"},\"app\":{\"exec\":[\"/bin/probe\",\"bomb\"],\"user\":\"0\",\"group\":\"0\"}}";
    Path manifest = rkt.home().resolve("two-bombs.json");
    Files.writeString(
        manifest,
        "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":\"a\""
            + bomb
            + ",{\"name\":\"b\""
            + bomb
            + "],\"isolators\":[{\"name\":\"resource/pids\",\"value\":{\"limit\":\"30\"}},"
            + "{\"name\":\"resource/memory\",\"value\":{\"limit\":\"100Mi\"}}]}");
    String file = rkt.home().resolve("uuid-bombs").toString();
    try (Running pod =
        rkt.pod("EAGAIN", "run", "--pod-manifest=" + manifest, "--uuid-file-save=" + file)) {
      HostState.await("both apps to be at the limit", () -> pod.out().lines().count() == 2);
      int children = 0;
      for (String line : pod.out().lines().toList()) {
        children += Integer.parseInt(line.substring("EAGAIN after ".length()));
      }
      // With the two that made them 30; or one more, if the second came when the first was there.
      assertThat(children).as(pod.out()).isBetween(28, 29);
      String uuid = Files.readString(Path.of(file)).strip();
      assertThat(readOfPod(new Pod(pod, uuid), "pids.max")).isEqualTo("30");
      assertThat(rkt.ok("status", "--format=json", uuid).out())
          .contains(
              "\"isolators\":[{\"name\":\"resource/pids\",\"value\":\"{\\\"limit\\\":\\\"30\\\"}\","
                  + "\"outcome\":\"enforced\"},{\"name\":\"resource/memory\",\"value\":"
                  + "\"{\\\"limit\\\":\\\"100Mi\\\"}\",\"outcome\":\"enforced\"}]");
    }
  }

  @Test
  void whoEntersIsInEveryGroupOfTheApp() throws Exception {
    try (Pod pod = pod("sleep 1000");
        Running enter =
            rkt.call("enter", pod.uuid(), "sh", "-c", "echo in; sleep 1000; true")
                .start()
                .awaitOutput("in")) {
      List<String> groups = groupsOf(appOf(pod, "busybox"), pod);
      assertThat(groups).hasSameSizeAs(HostState.groups(pod.uuid()));
      List<Long> entered = HostState.descendants(enter.pid());
      assertThat(entered).hasSizeGreaterThan(1);
      for (long pid : entered.subList(1, entered.size())) {
        assertThat(groupsOf(pid, pod)).isEqualTo(groups);
      }
    }
  }

  /** In version 1; in version 2 only groups without groups below them hold processes. */
  @Test
  void appsHaveAGroupOfTheirOwnOnlyWhereThatMakesADifference() throws Exception {
    try (Pod plain = two();
        Pod weighed = two("--cpu-shares=512")) {
      for (String app : List.of("one", "two")) {
        assertThat(groupsOf(appOf(plain, app), plain))
            .allMatch(line ->
                line.endsWith(
                    line.matches("\\d+:[^:]*(cpu|devices|freezer).*")
                        ? "/" + plain.uuid()
                        : "/" + plain.uuid() + "/" + app))
            .anyMatch(line -> line.endsWith("/" + app));
        // Also the one without shares of its own: else it would count for as much as a process.
        assertThat(groupsOf(appOf(weighed, app), weighed))
            .filteredOn(line -> line.matches("\\d+:([^:]*cpu[^:]*|):.*"))
            .isNotEmpty()
            .allMatch(line -> line.endsWith("/" + weighed.uuid() + "/" + app));
      }
    }
  }

  /** A pod of two apps, the first with these flags. */
  private Pod two(String... flags) throws Exception {
    String file = rkt.home().resolve("uuid-two").toString();
    List<String> words = new ArrayList<>(List.of("run", "--uuid-file-save=" + file));
    words.addAll(List.of(image, "--name=one"));
    words.addAll(List.of(flags));
    words.addAll(List.of("--", "-c", "echo one; sleep 1000", "---"));
    words.addAll(List.of(image, "--name=two", "--", "-c", "echo two; sleep 1000"));
    Running running = rkt.call(words.toArray(new String[0])).start();
    running.awaitOutput("one\n").awaitOutput("two\n");
    return new Pod(running, Files.readString(Path.of(file)).strip());
  }

  /** A process of an app. */
  private long appOf(Pod pod, String app) throws Exception {
    for (long pid : HostState.descendants(pod.running().pid())) {
      for (String line : HostState.text(Path.of("/proc/" + pid + "/cgroup")).lines().toList()) {
        if (line.endsWith("/" + pod.uuid() + "/" + app)) {
          return pid;
        }
      }
    }
    throw new AssertionError("no process of app " + app);
  }

  /** The lines of /proc/PID/cgroup that are about groups of the pod. */
  private static List<String> groupsOf(long pid, Pod pod) throws Exception {
    return HostState.text(Path.of("/proc/" + pid + "/cgroup"))
        .lines()
        .filter(line -> line.contains("/" + pod.uuid()))
        .toList();
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

  private static String read(Pod pod, String name) {
    return read(pod, "busybox", name);
  }

  private static String readOfPod(Pod pod, String name) {
    return read(pod, ".", name);
  }

  /** What stands behind {@code key} in lines of {@code KEY VALUE}. */
  private static String value(String text, String key) {
    return text.lines()
        .filter(line -> line.startsWith(key + " "))
        .map(line -> line.substring(key.length()).strip())
        .findFirst()
        .orElse("");
  }

  private static String read(Pod pod, String directory, String name) {
    for (String group : HostState.groups(pod.uuid())) {
      Path file = Path.of(group, directory, name);
      if (Files.exists(file)) {
        return HostState.text(file).strip();
      }
    }
    return "";
  }
}
