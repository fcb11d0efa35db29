package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** The same commands as an ordinary user, with a copy of the distribution that they may read. */
@Tag("privileged") // the user is made for this
@TestInstance(Lifecycle.PER_CLASS)
class RootlessIT {
  private static final String USER = "rkt-it-rootless";

  /** A number that no user has, and to which nobody gave further ids. */
  private static final String STRANGER = "48213";

  private static final String FLY = "--stage1-name=fly";

  private Path base;
  private Path home;
  private Path bin;
  private int uid;
  private String image;

  @BeforeAll
  void makeTheUser() throws Exception {
    base = Files.createTempDirectory(Path.of("/var/tmp"), "rkt-it-rootless-");
    Images.execute(List.of("chmod", "755", base.toString()));
    removeUser();
    home = base.resolve("home");
    Images.execute(List.of("useradd", "--create-home", "--home-dir", home + "", USER));
    uid = Integer.parseInt(Images.execute(List.of("id", "-u", USER)).strip());
    if (!Files.readString(Path.of("/etc/subuid")).contains(USER + ":")) {
      Images.execute(
          List.of(
              "usermod", "--add-subuids", "700000-765535", "--add-subgids", "700000-765535", USER));
    }
    Images.execute(List.of("cp", "-a", Rkt.DISTRIBUTION.toString(), base.toString()));
    bin = base.resolve(Rkt.DISTRIBUTION.getFileName()).resolve("bin");
    Path aci = Images.busybox().exec("/bin/sh").make();
    for (String suffix : List.of("", ".asc")) {
      Files.copy(Path.of(aci + suffix), base.resolve("image.aci" + suffix));
    }
    Files.copy(Images.key(), base.resolve("key.asc"), StandardCopyOption.REPLACE_EXISTING);
    Images.execute(
        List.of("chmod", "a+r", base + "/image.aci", base + "/image.aci.asc", base + "/key.asc"));
    ok("trust", "--prefix=example.com/it", base + "/key.asc");
    image = ok("fetch", base + "/image.aci").out().strip();
    ok(sh("true"));
  }

  @AfterAll
  void removeTheUser() throws Exception {
    if (bin != null) {
      gc();
      assertThat(home.resolve(".local/share/rkt/pods/run")).isEmptyDirectory();
      for (int i = 0; i < 600 && !processes().isEmpty(); i++) {
        Thread.sleep(100);
      }
      assertThat(processes()).isEmpty();
    }
    removeUser();
    Rkt.delete(base);
  }

  @Test
  void everythingIsInTheDirectoriesOfTheUser() throws Exception {
    assertThat(home.resolve(".local/share/rkt/store/oci-layout")).isRegularFile();
    assertThat(home.resolve(".config/rkt/trustedkeys")).isDirectory();
    assertThat(ok("image", "list", "--no-legend").out().lines()).hasSize(1);
    assertThat(ok("trust", "list").out()).contains("example.com/it");
    Path elsewhere = home.resolve("elsewhere");
    Result list =
        call("image", "list", "--no-legend").env("XDG_DATA_HOME", elsewhere.toString()).run();
    assertThat(list.out()).isEmpty();
    Result relative = call("image", "list", "--no-legend").env("XDG_DATA_HOME", "elsewhere").run();
    assertThat(relative.out().lines()).as("a relative path is ignored").hasSize(1);
  }

  @Test
  void filesAreJudgedByTheKeysOfTheUserAndByThoseOfTheMachine() throws Exception {
    Path aci = base.resolve("image.aci");
    assertThat(asUser("rkt-verify", aci.toString()).run().out()).isEqualTo(aci + "\n");
    assertThat(ok("audit", "log", "--event=verdict", "--format=json").out())
        .contains("\"purpose\":\"verify\"");
    Path machine = base.resolve("etc");
    Call byMachine =
        asUser(
            "rkt-verify",
            "--dir=" + base.resolve("nothing"),
            "--local-config=" + machine,
            aci.toString());
    assertThat(byMachine.run().status()).isEqualTo(12);
    Images.execute(
        List.of(
            Rkt.DISTRIBUTION.resolve("bin/rkt").toString(),
            "--dir=" + base.resolve("roots"),
            "--local-config=" + machine,
            "trust",
            "--prefix=example.com/it",
            base.resolve("key.asc").toString()));
    Result result = byMachine.run();
    assertThat(result.out()).as("%s", result).isEqualTo(aci + "\n");
    assertThat(base.resolve("nothing")).doesNotExist();
  }

  @Test
  void aCommandThatStartsOverForBothCompilersKeepsToThem() throws Exception {
    Path rendered = home.resolve("rendered");
    ok("image", "render", image, rendered.toString());
    assertThat(rendered.resolve("manifest")).isRegularFile();
    assertThat(uid(rendered)).isEqualTo(uid);
    Path config = home.resolve("configured");
    Result other =
        call("image", "render", image, home.resolve("not") + "")
            .env("XDG_DATA_HOME", config.toString())
            .run();
    assertThat(other.err()).startsWith("not-found: ");
  }

  @Test
  void theUserIsRootInThePodAndTheOthersAreTheirFurtherIds() throws Exception {
    Path volume = home.resolve("volume");
    Images.execute(List.of("install", "-d", "-o", USER, volume.toString()));
    String script = "id -u; echo x > /v/root; echo x > /v/web; chown web /v/web; stat -c %u /v/web";
    Result result =
        ok(sh(script, "--volume=v,kind=host,source=" + volume, "--mount=volume=v,target=/v"));
    assertThat(result.out()).isEqualTo("0\n1234\n");
    assertThat(uid(volume.resolve("root"))).isEqualTo(uid);
    int first = Integer.parseInt(subordinate().split(":")[1]);
    assertThat(uid(volume.resolve("web"))).isEqualTo(first + 1233);
  }

  @Test
  void theProcessThatWasStartedIsThePodsSupervisorAndReturnsItsStatus() throws Exception {
    assertThat(call(sh("exit 7")).run().status()).isEqualTo(7);
    try (Running running = start("trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done")) {
      Path command = Path.of("/proc/" + running.pid() + "/comm");
      for (int i = 0; i < 600 && !Files.readString(command).equals("pod-init\n"); i++) {
        Thread.sleep(100);
      }
      assertThat(command).hasContent("pod-init\n");
      running.signal("TERM");
      assertThat(running.await().status()).isEqualTo(9);
    }
  }

  @Test
  void killingItEndsThePod() throws Exception {
    try (Running running = start("echo ready; sleep 1000 & sleep 1000")) {
      List<Long> all = HostState.descendants(running.pid());
      assertThat(all).hasSizeGreaterThanOrEqualTo(4);
      running.signal("KILL");
      running.await();
      for (long pid : all) {
        for (int i = 0; i < 600 && HostState.runs(pid); i++) {
          Thread.sleep(100);
        }
        assertThat(HostState.runs(pid)).isFalse();
      }
    }
  }

  @Test
  void whatEntersIsAsTheAppIs() throws Exception {
    String probe =
        "cat /proc/self/uid_map /proc/self/cgroup;"
            + " grep -E '^(Uid|Gid|Groups|Cap|NoNew|Seccomp)' /proc/self/status;"
            + " for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done;"
            + " touch /new && rm /new; mknod /b b 8 0 || echo no device";
    for (String flag : List.of("--user=0", "--user=web", "--net=host")) {
      try (Running running = start(probe + "; echo ready; sleep 600", flag)) {
        String app = running.out().replace("ready\n", "");
        String uuid = runningPod();
        assertThat(ok("enter", uuid, "/bin/sh", "-c", probe).out()).isEqualTo(app);
        assertThat(app).contains("user:[", "no device");
      }
    }
  }

  @Test
  void aPodIsListedStoppedAndRemoved() throws Exception {
    try (Running running = start("echo ready; sleep 600")) {
      String uuid = runningPod();
      assertThat(ok("status", uuid).out()).contains("state=running", "device-rules=nothing\n");
      ok("stop", uuid);
      assertThat(running.await().status()).isEqualTo(143);
      assertThat(ok("status", uuid).out()).contains("state=exited");
      ok("rm", uuid);
      assertThat(ok("list", "--full").out()).doesNotContain(uuid);
    }
  }

  @Test
  void aServiceManagerIsToldWhenThePodIsReady() throws Exception {
    Path socket = home.resolve("manager");
    try (Running manager =
        new Call(List.of(Images.probe("probe.c").toString(), "manager", socket.toString()))
            .start()
            .awaitOutput("listening")) {
      Images.execute(List.of("chmod", "666", socket.toString()));
      String asks = "--annotation=appc.io/executor/supports-systemd-notify=true";
      try (Running pod =
          call(sh("probe notify READY=1; sleep 1000", asks))
              .env("NOTIFY_SOCKET", socket.toString())
              .start()) {
        manager.awaitOutput("told READY=1 by " + pod.pid() + "\n");
      }
    }
  }

  @Test
  void aDeviceIsNotGivenWithLessThanNothingWouldEnforce() throws Exception {
    Result result = call(sh("true", "--device=/dev/kmsg:r")).run();
    Rkt.assertRefusalText("run", result);
    assertThat(result.err()).contains("nothing here would hold the app to it");
  }

  @Test
  void filesOfFurtherIdsAreCollectedToo() throws Exception {
    ok(sh("mkdir -m 700 /home/web/private; touch /home/web/private/f; chown -R web /home/web"));
    gc();
    try (Stream<Path> pods = Files.walk(home.resolve(".local/share/rkt/pods"), 2)) {
      assertThat(pods.filter(p -> p.getFileName().toString().length() == 36)).isEmpty();
    }
  }

  @Test
  void noControlGroupCanBeWrittenInside() throws Exception { // CVE-2023-25809
    String script =
        "for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/x && echo made $d/x;"
            + " echo 1 > $d/cgroup.procs && echo wrote $d; done 2>/dev/null; echo done";
    for (String network : List.of("--net=none", "--net=host")) {
      assertThat(ok(sh(script, network, "--insecure-options=paths")).out()).isEqualTo("done\n");
    }
  }

  @Test
  void aLimitOfTrafficIsRefusedSinceTheKernelTakesProgramsFromRootAlone() throws Exception {
    Result refused = call(sh("true", "--network-bandwidth=1M")).run();
    assertThat(refused.status()).isEqualTo(254);
    Rkt.assertRefusalText("run", refused);
    assertThat(refused.err()).contains("cannot limit the network bandwidth of app \"busybox\": ");
  }

  @Test
  void groupsOfTheCallerDoNotComeAlong() throws Exception { // CVE-2022-2990
    Images.execute(List.of("usermod", "--append", "--groups", "daemon,mail", USER));
    assertThat(ok(sh("grep Groups: /proc/self/status; id -G")).out()).isEqualTo("Groups:\t0 \n0\n");
    assertThat(ok(sh("id -G", "--user=web")).out()).isEqualTo("1235 2001 2002\n");
  }

  @Test
  void theSandboxIsThatOfRoot() throws Exception {
    String script =
        """
        grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status
        mount -t tmpfs none /tmp || echo no mounts
        hostname x || echo no name
        echo x > /proc/sys/kernel/core_pattern || echo no setting
        ls /proc/1/root || echo no process 1
        unshare -U true || echo no namespaces
        """;
    String expected;
    try (Rkt root = Rkt.fresh()) {
      String same = Images.admitBusybox(root);
      expected = root.ok(PodTests.wordsOf(same, script)).out();
    }
    assertThat(ok(sh(script)).out()).isEqualTo(expected).contains("no mounts", "no process 1");
    List<String> several = new ArrayList<>(List.of(sh(script)));
    several.addAll(List.of("---", sh("")[1], "--name=other", "--", "-c", "true"));
    assertThat(ok(several.toArray(new String[0])).out()).isEqualTo(expected);
  }

  @Test
  void anAgentOfFlyIsRootInTheNamespaceOfTheUserAndElseOnTheHost() throws Exception {
    StringBuilder expected = new StringBuilder();
    for (String kind : List.of("pid", "net", "ipc", "uts")) {
      expected.append(Files.readSymbolicLink(Path.of("/proc/self/ns/" + kind))).append('\n');
    }
    String script =
        "for n in pid net ipc uts; do readlink /proc/self/ns/$n; done; id -u;"
            + " cat /etc/group | head -n 1; exit 6";
    Result result = call(sh(script, FLY)).run();
    assertThat(result.status()).as("%s", result).isEqualTo(6);
    assertThat(result.out()).isEqualTo(expected + "0\nroot:x:0:\n");

    try (Running pod = start("echo mine > /state; echo ready; sleep 1000", FLY)) {
      String id = runningPod();
      assertThat(ok("enter", id, "cat", "/state").out()).isEqualTo("mine\n");
      assertThat(ok("status", id).out()).contains("stage1=fly\n");
      assertThat(ok("stop", id).out()).isEqualTo(id + "\n");
      pod.await();
    }
  }

  @Test
  void aProgramOfAThirdPartyRunsAnImageForTheUser() throws Exception {
    Path directory = Files.createDirectory(home.resolve("stage1"));
    Path program = directory.resolve("bubble");
    Files.writeString(program, Stage1IT.PROGRAM);
    Files.writeString(directory.resolve("words"), Stage1IT.WORDS);
    Images.execute(List.of("chmod", "755", program.toString()));
    Images.execute(List.of("chown", "-R", USER + ":" + USER, directory.toString()));
    String stage1 = "--stage1-path=" + program;

    Result result = call(sh("id -u; cat /etc/group | head -n 1; exit 7", stage1)).run();
    assertThat(result.status()).as("%s", result).isEqualTo(7);
    assertThat(result.out()).isEqualTo("0\nroot:x:0:\n");

    try (Running pod = start("echo mine > /state; echo ready; sleep 1000", stage1)) {
      String id = runningPod();
      assertThat(ok("enter", id, "cat", "/state").out()).isEqualTo("mine\n");
      assertThat(ok("stop", id).out()).isEqualTo(id + "\n");
      pod.await();
    }
  }

  @Test
  void whatBelongsToRootIsClosed() throws Exception {
    try (Rkt root = Rkt.fresh()) {
      Images.admitBusybox(root);
      Result result = call("--dir=" + root.data(), "image", "list").run();
      assertThat(result.status()).isEqualTo(254);
      Rkt.assertRefusalText("system|usage", result);
    }
  }

  @Test
  void aUserWithoutFurtherIdsIsToldHowToGetThem() throws Exception {
    Path place = base.resolve("stranger");
    Images.execute(List.of("install", "-d", "-o", STRANGER, "-g", STRANGER, place.toString()));
    assertThat(stranger(place, "trust", "--prefix=example.com/it", base + "/key.asc").status())
        .isZero();
    assertThat(stranger(place, "fetch", base + "/image.aci").status()).isZero();
    Result result = stranger(place, sh("true"));
    assertThat(result.status()).isEqualTo(254);
    Rkt.assertRefusalText("system", result);
    assertThat(result.err()).contains("usermod --add-subuids");
  }

  private Result stranger(Path place, String... words) throws Exception {
    return tool("rkt", words)
        .env("HOME", place.toString())
        .under("setpriv", "--reuid=" + STRANGER, "--regid=" + STRANGER, "--clear-groups")
        .run();
  }

  private Call tool(String name, String... words) {
    List<String> command = new ArrayList<>(List.of(bin.resolve(name).toString()));
    command.addAll(List.of(words));
    return new Call(command);
  }

  private Call call(String... words) {
    return asUser("rkt", words);
  }

  private Call asUser(String tool, String... words) {
    return tool(tool, words)
        .env("HOME", home.toString())
        .under("setpriv", "--reuid=" + USER, "--regid=" + USER, "--init-groups");
  }

  private Result ok(String... words) throws IOException, InterruptedException {
    Result result = call(words).run();
    assertThat(result.status()).as("%s", result).isZero();
    return result;
  }

  private String[] sh(String script, String... flags) {
    return PodTests.wordsOf(image == null ? "image" : image, script, flags);
  }

  private Running start(String script, String... flags) throws IOException, InterruptedException {
    return call(sh(script, flags)).start().awaitOutput("ready");
  }

  private String runningPod() throws IOException, InterruptedException {
    List<String> running =
        ok("list", "--full", "--no-legend")
            .out()
            .lines()
            .filter(l -> l.contains("running"))
            .toList();
    assertThat(running).hasSize(1);
    return running.get(0).split("\\s")[0];
  }

  private void gc() throws IOException, InterruptedException {
    ok("gc", "--grace-period=0s");
    ok("gc", "--grace-period=0s");
  }

  private static String subordinate() throws IOException {
    return Files.readString(Path.of("/etc/subuid"))
        .lines()
        .filter(line -> line.startsWith(USER + ":"))
        .findFirst()
        .orElseThrow();
  }

  private List<ProcessHandle> processes() {
    return ProcessHandle.allProcesses()
        .filter(p -> p.info().user().equals(java.util.Optional.of(USER)))
        .filter(p -> HostState.runs(p.pid()))
        .toList();
  }

  private static void removeUser() throws IOException, InterruptedException {
    Images.execute(List.of("sh", "-c", "! id " + USER + " 2>/dev/null || userdel " + USER));
  }

  private static int uid(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }
}
