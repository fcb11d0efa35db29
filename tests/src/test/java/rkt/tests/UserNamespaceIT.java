package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whose ids the processes of a pod have, and what belongs to them. spec/pod.md#ids */
@Tag("privileged")
class UserNamespaceIT extends PodTests {
  private static final Path RANGES = Path.of("/run/rkt/ids");
  private static final String MAP = "cat /proc/self/uid_map /proc/self/gid_map";

  @Test
  void theUsersOfAPodAreARangeOfTheHostWithRootAtItsBeginning() throws Exception {
    long first = first(out(MAP));
    assertThat(first).isBetween(1_879_048_192L, 2_147_352_575L - 65_535);
    assertThat(out(MAP, "--private-users").lines().toList()).hasSize(2);
    assertThat(Files.getPosixFilePermissions(RANGES))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void theRangeIsInTheRecordAndTheStatus() throws Exception {
    try (Pod pod = pod("sleep 600", "--tmpfs=/run:size=64k", "--rootfs-size=1Mi")) {
      int init = rkt.initPid(pod.uuid());
      long first = first(Files.readString(Path.of("/proc/" + init, "uid_map")));
      String ids = "\"ids\":{\"first\":" + first + ",\"count\":65536}";
      assertThat(rkt.ok("status", pod.uuid()).out()).contains("ids=" + first + ":65536\n");
      assertThat(rkt.ok("status", "--format=json", pod.uuid()).out()).contains(ids);
      assertThat(Files.readString(rkt.data().resolve("pods/run/" + pod.uuid() + "/pod.json")))
          .contains(ids, "\"tmpfs\":{\"/run\":65536},\"rootfsSize\":1048576");
    }
  }

  @Test
  void whoAsksForAUserNamespaceByNameDoesNotGiveItUpAsWell() throws Exception {
    for (String other : List.of("--insecure-options=userns", "--stage1-name=fly")) {
      Result refused = rkt.refuses("usage", words("true", "--private-users", other));
      assertThat(refused.err()).contains("exclude each other");
    }
  }

  @Test
  void sixtyPodsAtOnceHaveSixtyRanges() throws Exception {
    List<Future<Running>> starts = new ArrayList<>();
    Set<Long> firsts = new HashSet<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
      for (int i = 0; i < 60; i++) {
        starts.add(
            pool.submit(() ->
                rkt.call(words(MAP + "; echo ready; sleep 600")).start().awaitOutput("ready")));
      }
    }
    try {
      for (Future<Running> start : starts) {
        firsts.add(first(start.get().out().replace("ready\n", "")));
      }
      assertThat(firsts).hasSize(60);
    } finally {
      for (Future<Running> start : starts) {
        start.get().close();
      }
    }
    for (long first : firsts) {
      awaitFree(first);
    }
  }

  @Test
  void aRangeIsHeldWhileThePodRunsAndFreeWhenItsSupervisorWasKilled() throws Exception {
    try (Pod pod = pod("sleep 600")) {
      long first = first(Files.readString(Path.of("/proc/" + rkt.initPid(pod.uuid()), "uid_map")));
      assertThat(isFree(first)).isFalse();
      pod.running().signal("KILL");
      pod.running().await();
      awaitFree(first);
    }
  }

  @Test
  void everyNamespaceOfThePodBelongsToItsUserNamespace() throws Exception {
    try (Pod pod = pod("sleep 600")) {
      int init = rkt.initPid(pod.uuid());
      long app = HostState.descendants(init).get(1);
      String user = HostState.namespace(app, "user");
      assertThat(user).isEqualTo(HostState.namespace(init, "user"));
      assertThat(user).isNotEqualTo(HostState.namespace(ProcessHandle.current().pid(), "user"));
      String number = user.replaceAll("\\D", "");
      List<String> owners =
          Images.execute(List.of("lsns", "--noheadings", "--raw", "-o", "TYPE,ONS", "-p", "" + app))
              .lines()
              .filter(line -> !line.startsWith("user ") && !line.startsWith("time "))
              .toList();
      assertThat(owners)
          .containsExactlyInAnyOrder(
              "cgroup " + number,
              "ipc " + number,
              "mnt " + number,
              "net " + number,
              "pid " + number,
              "uts " + number);
    }
  }

  /** What root of a pod tries that has every capability, and what comes of it. */
  private static final String ATTEMPTS =
      """
      mount -t tmpfs none /tmp && echo mounts of its own
      hostname other && echo a name of its own
      mknod /tmp/disk b 8 0 || echo no device
      umount /dev || echo no unmounting
      mount -o remount,rw /sys || echo no remounting
      mount -o bind,remount,rw /dev/null || echo no remounting of a mount
      echo x > /proc/sys/kernel/core_pattern || echo no setting of the kernel
      echo 1 > /proc/1/oom_score_adj || echo no process 1
      ls /proc/1/root || echo no root of process 1
      """;

  private static final String ANSWERS =
      """
      mounts of its own
      a name of its own
      no device
      no unmounting
      no remounting
      no remounting of a mount
      no setting of the kernel
      no process 1
      no root of process 1
      """;

  @Test
  void withEveryCapabilityRootOfThePodIsNobodyOutside() throws Exception {
    Result result = sh(ATTEMPTS, "--insecure-options=capabilities,seccomp,paths");
    assertThat(result.out()).isEqualTo(ANSWERS);
  }

  @Test
  void norInAPodOfSeveralAppsWhereEachSeesItsOwnMountsAlone() throws Exception {
    String look = "echo $(grep -c overlay /proc/self/mountinfo) root";
    Result result =
        rkt.ok(
            "run",
            "--insecure-options=capabilities,seccomp,paths",
            image,
            "--name=a",
            "--",
            "-c",
            look,
            "---",
            image,
            "--name=b",
            "--",
            "-c",
            ATTEMPTS + look);
    assertThat(result.out().replace("1 root\n", "")).isEqualTo(ANSWERS);
  }

  @Test
  void nothingOnDiskBelongsToARange() throws Exception {
    String script =
        "echo x >> /etc/passwd; touch /root/new; chown 1234:1235 /root/new; mkdir /home/web/d;"
            + " chown web /etc/group; touch /v/own; ls -ln /root/new";
    String out =
        out(script, "--volume=v,kind=empty,uid=1234,gid=1235", "--mount=volume=v,target=/v");
    assertThat(out).contains(" 1234 ", " 1235 ");
    List<String> foreign = new ArrayList<>();
    boolean sawChange = false;
    try (Stream<Path> paths = Files.walk(rkt.data())) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        int uid = (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (uid > 1235 || uid < 0) {
          foreign.add(path + " " + uid);
        }
        sawChange |= path.endsWith("upper/root/new") && uid == 1234;
      }
    }
    assertThat(foreign).isEmpty();
    assertThat(sawChange).isTrue();
  }

  @Test
  void filesOfAVolumeOfTheHostBelongToTheSameNumbersOnBothSides() throws Exception {
    Path volume = Files.createDirectory(rkt.home().resolve("owners"));
    Path before = Files.writeString(volume.resolve("before"), "x");
    Files.setAttribute(before, "unix:uid", 1234);
    Path strange = Files.writeString(volume.resolve("strange"), "x");
    Files.setAttribute(strange, "unix:uid", 100_000);
    Files.setAttribute(volume, "unix:uid", 1234);
    Path below = Files.createDirectory(volume.resolve("below"));
    Images.execute(List.of("mount", "-t", "tmpfs", "none", below.toString()));
    try {
      String[] flags = {
        "--volume=v,kind=host,source=" + volume, "--mount=volume=v,target=/v", "--user=web"
      };
      assertThat(out("stat -c '%n %u' /v/before /v/strange; echo x > /v/web; ls /v/below", flags))
          .isEqualTo("/v/before 1234\n/v/strange 65534\n");
      flags[2] = "--user=0";
      assertThat(sh("echo x > /v/root; echo x > /v/below/root", flags).status()).isZero();
      assertThat(uid(volume.resolve("web"))).isEqualTo(1234);
      assertThat(uid(volume.resolve("root"))).isZero();
      assertThat(uid(below.resolve("root"))).isZero();
      assertThat(sh("echo x > /v/strange", flags).status()).isNotZero();
      assertThat(uid(strange)).isEqualTo(100_000);
    } finally {
      Images.execute(List.of("umount", below.toString()));
    }
  }

  @Test
  void aVolumeThatCannotBeIdMappedIsRefusedWithTheWayOut() throws Exception {
    Result result =
        rkt.refuses(
            "run", words("true", "--volume=v,kind=host,source=/sys", "--mount=volume=v,target=/v"));
    assertThat(result.err()).contains("/sys", "EINVAL", "--insecure-options=userns");
  }

  @Test
  void standardOutputCanBeOpenedAgainWhenItIsAPipe() throws Exception {
    String script = "echo out > /dev/stdout; echo err > /dev/stderr";
    for (String user : List.of("--user=0", "--user=web")) {
      Result result = sh(script, user);
      assertThat(result.out()).as(user).isEqualTo("out\n");
      assertThat(result.err()).as(user).isEqualTo("err\n");
    }
  }

  @Test
  void whatEntersHasTheUsersOfTheAppAndItsNamespaces() throws Exception {
    String probe =
        MAP + "; for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done";
    try (Pod pod = pod(probe + "; echo done; sleep 600")) {
      pod.running().awaitOutput("done");
      String app = pod.running().out().replace("ready\n", "").replace("done\n", "");
      assertThat(rkt.ok("enter", pod.uuid(), "/bin/sh", "-c", probe).out()).isEqualTo(app);
      assertThat(app).contains("user:[");
    }
  }

  @Test
  void withoutAUserNamespaceItIsRootOfTheHostAndRecorded() throws Exception {
    try (Pod pod = pod(MAP + "; sleep 600", "--insecure-options=userns")) {
      pod.running().awaitOutput("4294967295");
      assertThat(rkt.podFile(pod.uuid(), "pod.json")).contains("\"insecure\":[\"userns\"]");
      assertThat(HostState.namespace(rkt.initPid(pod.uuid()), "user"))
          .isEqualTo(HostState.namespace(ProcessHandle.current().pid(), "user"));
    }
  }

  @Test
  void aKernelThatMakesNoUserNamespaceMeansNoPod() throws Exception {
    // The limit is one of each user namespace, so the host's stays as it is.
    Call call =
        rkt.call(words("true"))
            .under(
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                "echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\"",
                "sh");
    Result result = rkt.refuses("run", call);
    assertThat(result.err()).contains("ENOSPC", "max_user_namespaces", "--insecure-options=userns");
  }

  private static int uid(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  /** The id outside of root, of a map of users and the same one of groups. */
  private static long first(String maps) {
    long first = -1;
    for (String line : maps.lines().toList()) {
      String[] words = line.strip().split(" +");
      assertThat(words).as(maps).hasSize(3);
      assertThat(words[0]).isEqualTo("0");
      assertThat(words[2]).isEqualTo("65536");
      long outside = Long.parseLong(words[1]);
      assertThat(first == -1 || first == outside).as(maps).isTrue();
      first = outside;
    }
    return first;
  }

  private static boolean isFree(long first) throws Exception {
    Process flock =
        new ProcessBuilder(
                "flock", "--nonblock", RANGES.resolve(Long.toString(first)).toString(), "true")
            .start();
    assertThat(flock.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return flock.exitValue() == 0;
  }

  /** Process 1 needs a moment to see that its supervisor is gone. */
  private static void awaitFree(long first) throws Exception {
    for (int i = 0; i < 600 && !isFree(first); i++) {
      Thread.sleep(100);
    }
    assertThat(isFree(first)).isTrue();
  }
}
