package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The defaults of a pod of root, one test a row of the comparison in
 * docs/adr/0006-hardening-defaults.md.
 */
@Tag("privileged")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HardeningIT extends PodTests {
  private static final ObjectMapper JSON = new ObjectMapper();

  private String probed;
  private JsonNode root;
  private JsonNode web;

  @BeforeAll
  void look() throws Exception {
    probed =
        Images.admit(
            rkt,
            Images.busybox()
                .file("bin/sandbox", 0755, Files.readAllBytes(Images.probe("sandbox.c"))));
    root = probe();
    web = probe("--user=web");
  }

  private JsonNode probe(String... flags) throws Exception {
    List<String> words = new ArrayList<>(List.of("run"));
    words.addAll(List.of(flags));
    words.addAll(List.of("--exec=/bin/sandbox", probed));
    return JSON.readTree(rkt.call(words.toArray(new String[0])).env("SECRET", "1").run().out());
  }

  private static String status(JsonNode seen, String name) {
    return seen.get("status").get(name).asText();
  }

  @Test
  void capabilitiesKept() {
    assertThat(status(root, "CapEff")).isEqualTo("00000000000004fb");
    assertThat(status(root, "CapBnd")).isEqualTo("00000000000004fb");
    assertThat(status(web, "CapEff")).isEqualTo("0000000000000000");
    for (JsonNode seen : List.of(root, web)) {
      assertThat(status(seen, "CapInh")).isEqualTo("0000000000000000");
      assertThat(status(seen, "CapAmb")).isEqualTo("0000000000000000");
    }
  }

  @Test
  void userNamespace() {
    String[] map = root.get("uidMap").get(0).asText().strip().split(" +");
    assertThat(root.get("uidMap")).hasSize(1);
    assertThat(map[0]).isEqualTo("0");
    assertThat(Long.parseLong(map[1])).isPositive();
    assertThat(map[2]).isEqualTo("65536");
  }

  @Test
  void noNewPrivs() {
    assertThat(status(root, "NoNewPrivs")).isEqualTo("1");
    assertThat(status(web, "NoNewPrivs")).isEqualTo("1");
  }

  @Test
  void seccomp() {
    assertThat(status(root, "Seccomp")).isEqualTo("2");
    JsonNode calls = root.get("calls");
    for (int last = 500; last < 512; last++) {
      assertThat(calls.get(last).asText()).as("unknown call " + last).isEqualTo("ENOSYS");
    }
    root.get("cases")
        .properties()
        .forEach(each -> {
          boolean harmless =
              List.of("clone SIGHAND", "ioctl FIONREAD", "personality 0", "socket UNIX")
                  .contains(each.getKey());
          assertThat(each.getValue().asText().equals("EPERM"))
              .as(each.getKey())
              .isEqualTo(!harmless);
        });
  }

  @Test
  void maskedAndReadOnlyPaths() {
    root.get("reach")
        .properties()
        .forEach(each -> {
          String facts = each.getValue().asText();
          boolean hidden = !each.getKey().startsWith("/proc/sys/");
          assertThat(hidden ? facts.replace("w", isNull(each.getKey()) ? "" : "w") : facts)
              .as(each.getKey())
              .doesNotContain("w");
          if (hidden
              && !each.getKey().startsWith("/sys/kernel/")
              && !each.getKey().equals("/proc/irq/default_smp_affinity")) {
            assertThat(facts).as(each.getKey()).doesNotContain("r");
          }
        });
  }

  /** What is covered by the null device may be written to, and nothing comes of it. */
  private static boolean isNull(String path) {
    return path.startsWith("/proc/") && !path.startsWith("/proc/sys") && !path.contains("irq");
  }

  @Test
  void procAndSysFlags() {
    assertThat(mount(root, "/proc")).contains("nosuid").contains("nodev").contains("noexec");
    assertThat(mount(root, "/sys")).startsWith("ro,").contains("nosuid", "nodev", "noexec");
  }

  @Test
  void hidepidWhenAppsRunAsSeveralUsers() throws Exception {
    String several =
        rkt.ok(
                "run",
                image,
                "--name=one",
                "--",
                "-c",
                "grep ' /proc ' /proc/self/mountinfo; ls -d /proc/1 2>/dev/null; true",
                "---",
                image,
                "--name=two",
                "--user=web",
                "--",
                "-c",
                "ls -d /proc/1 2>/dev/null && echo seen; true")
            .out();
    assertThat(several).contains("hidepid=invisible").doesNotContain("seen");
    assertThat(mountLine(root, "/proc")).doesNotContain("hidepid");
    assertThat(out("ls /proc | grep -v '^[0-9]'", "--proc=pid")).isEqualTo("self\nthread-self\n");
  }

  @Test
  void devices() {
    List<String> nodes = new ArrayList<>();
    root.get("devices")
        .properties()
        .forEach(e -> {
          if (e.getValue().asText().startsWith("c") || e.getValue().asText().startsWith("b")) {
            nodes.add(e.getKey() + " " + e.getValue().asText());
          }
        });
    assertThat(nodes)
        .containsExactlyInAnyOrder(
            "full c 1:7", "null c 1:3", "random c 1:8", "tty c 5:0", "urandom c 1:9", "zero c 1:5");
    for (JsonNode line : root.get("mounts")) {
      String[] words = line.asText().split(" ");
      if (!words[4].startsWith("/dev/")) {
        boolean covers = words[3].equals("/null");
        assertThat(covers || words[5].contains("nodev")).as(line.asText()).isTrue();
      }
    }
  }

  @Test
  void devIsAFreshTmpfs() {
    assertThat(mount(root, "/dev")).contains("nosuid").contains("noexec");
    assertThat(mountLine(root, "/dev")).contains("- tmpfs").contains("size=64k");
    assertThat(mountLine(root, "/dev/shm")).contains("size=65536k");
  }

  @Test
  void rootfs() throws Exception {
    assertThat(mount(root, "/")).contains("nodev").contains("nosuid");
    assertThat(mount(probe("--insecure-options=no-new-privileges"), "/"))
        .contains("nodev")
        .doesNotContain("nosuid");
  }

  @Test
  void aMissingAppArmorProfileIsRefused() throws Exception {
    Result result =
        rkt.run("run", "--isolator=os/linux/apparmor-profile={\"profile\":\"none-such\"}", image);
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).startsWith("run: app ").contains("none-such");
  }

  @Test
  void whatAnImageAsksForInVainIsReplacedByWhatTheUserAsksFor() throws Exception {
    String asking =
        Images.admit(
            rkt,
            Images.busybox()
                .app(
                    "isolators",
                    """
                    [{"name":"os/linux/apparmor-profile","value":{"profile":"none-such"}},
                     {"name":"resource/memory","value":{"limit":"much"}}]\
                    """));
    assertThat(rkt.run(wordsOf(asking, "true")).status()).isEqualTo(254);
    String file = rkt.home().resolve("uuid-replaced").toString();
    rkt.ok(
        wordsOf(
            asking,
            "true",
            "--isolator=os/linux/apparmor-profile={\"profile\":\"unconfined\"}",
            "--memory=64Mi",
            "--uuid-file-save=" + file));
    assertThat(rkt.ok("status", "--format=json", "--uuid-file=" + file).out())
        .contains(
            "\"value\":\"{\\\"profile\\\":\\\"none-such\\\"}\",\"outcome\":\"modified\"",
            "\"value\":\"{\\\"limit\\\":\\\"much\\\"}\",\"outcome\":\"modified\"");
  }

  @Test
  void landlock() throws Exception {
    // Mounting is what Landlock forbids to whoever it restricts, whatever else they may do.
    String mount = "mount -t tmpfs x /tmp 2>&1 && echo mounted; true";
    String[] filter = {
      "--seccomp=mode=retain,@rkt/default-whitelist,mount", "--caps-retain=CAP_SYS_ADMIN"
    };
    assertThat(out(mount, filter)).isEqualTo("mounted\n"); // it is left out for those who mount
    assertThat(out("echo x > /dev/stdout; echo y > /proc/self/fd/1; echo z > /z; cat /z"))
        .isEqualTo("x\ny\nz\n");
  }

  @Test
  void landlockRefusesWritesToWhatIsOutsideOfTheRootHoweverItCameIn() throws Exception {
    Path shared = Files.createDirectory(rkt.home().resolve("shared"));
    Path outside = Files.writeString(rkt.home().resolve("outside"), "as it was");
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rw-rw-rw-"));
    String socket = shared.resolve("socket").toString();
    for (boolean weakened : new boolean[] {false, true}) {
      Call pass =
          new Call(List.of(Images.probe("probe.c").toString(), "pass", socket, outside.toString()));
      try (Running host = pass.start().awaitOutput("listening")) {
        Result result =
            sh(
                "probe take /v/socket",
                "--volume=v,kind=host,source=" + shared,
                "--mount=volume=v,target=/v",
                weakened ? "--insecure-options=landlock" : "--net=none");
        // The file may be written by everybody; it is not below the root of the app.
        assertThat(result.out()).as("%s", result).isEqualTo(weakened ? "ok 7\n" : "EACCES\n");
        assertThat(host.await().status()).isZero();
      }
      assertThat(outside).hasContent(weakened ? "changedas" : "as it was");
      Files.delete(Path.of(socket));
    }
  }

  @Test
  void theDeviceControllerOfVersion1AllowsWhatIsInDevAndNothingElse() throws Exception {
    boolean hasController =
        Files.readString(Path.of("/proc/self/mountinfo"))
            .matches("(?s).* - cgroup [^\n]*devices.*");
    Path uuid = rkt.home().resolve("uuid-devices");
    Path node = Path.of("/dev/rkt-it-" + ProcessHandle.current().pid());
    Images.execute(List.of("mknod", node.toString(), "c", "251", "7"));
    List<String> words = new ArrayList<>(List.of("run", "--uuid-file-save=" + uuid));
    words.addAll(List.of(image, "--name=log", "--device=/dev/kmsg", "--", "-c", "sleep 600"));
    words.addAll(List.of("---", image, "--name=other", "--", "-c", "echo ready; sleep 600"));
    try (Running pod = rkt.pod("ready", words.toArray(new String[0]))) {
      String id = Files.readString(uuid).strip();
      List<Path> groups = new ArrayList<>();
      for (JsonNode group : new ObjectMapper().readTree(record(id)).get("cgroups")) {
        if (Files.exists(Path.of(group.asText(), "devices.list"))) {
          groups.add(Path.of(group.asText()));
        }
      }
      assertThat(groups).as("groups of log, of other, of the pod").hasSize(hasController ? 3 : 0);
      for (Path group : groups) {
        // Root of the host, with every right but those of the group.
        String tries =
            "echo $$ >"
                + group
                + "/tasks; for d in null tty ptmx zero kmsg $(basename "
                + node
                + "); do"
                + " (: </dev/$d) 2>&1 | grep -q 'not permitted' && echo no $d; done; true";
        boolean isOther = group.endsWith("other");
        assertThat(Images.execute(List.of("sh", "-c", tries)))
            .isEqualTo((isOther ? "no kmsg\n" : "") + "no " + node.getFileName() + "\n");
      }
      rkt.ok("stop", id);
      pod.await();
    } finally {
      Files.delete(node);
    }
  }

  private String record(String id) throws Exception {
    return Files.readString(rkt.data().resolve("pods/run/" + id + "/pod.json"));
  }

  @Test
  void keyring() {
    assertThat(root.get("keyring").asLong()).isEqualTo(-1);
  }

  @Test
  void limitsOfResources() throws Exception {
    assertThat(root.get("limits").get(4).toString()).isEqualTo("[0,0]");
    assertThat(root.get("limits").get(7).get(0).asLong()).isEqualTo(1024);
    assertThat(root.get("limits").get(7).get(1).asLong()).isBetween(1024L, 65_536L);
    assertThat(root.get("limits").get(8).get(0).asLong()).isBetween(0L, 65_536L);
    assertThat(out("ulimit -n; ulimit -c", "--rlimit=nofile=77:99", "--rlimit=core=0"))
        .isEqualTo("77\n0\n");
  }

  @Test
  void sysctl() throws Exception {
    assertThat(
            out(
                "cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward",
                "--sysctl=kernel.msgmax=4321",
                "--sysctl=net.ipv4.ip_forward=1"))
        .isEqualTo("4321\n1\n");
    assertThat(
            out(
                "cat /proc/sys/net/ipv4/ping_group_range",
                "--sysctl=net.ipv4.ping_group_range=5 6"))
        .as("groups of the pod")
        .isEqualTo("5\t6\n");
    Result result = rkt.run("run", "--sysctl=kernel.core_pattern=x", image);
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).startsWith("usage: cannot set kernel.core_pattern");
  }

  @Test
  void cgroupView() {
    for (JsonNode line : root.get("cgroup")) {
      assertThat(line.asText()).doesNotContain("rkt");
    }
    assertThat(root.get("cgroupWritable").asInt()).isZero();
  }

  @Test
  void descriptorsAndEnvironment() {
    assertThat(root.get("descriptors").toString()).isEqualTo("[0,1,2]");
    assertThat(root.get("env").toString()).doesNotContain("SECRET");
  }

  @Test
  void theSessionIsFresh() {
    assertThat(root.get("session")).isEqualTo(root.get("pid"));
    assertThat(root.get("group")).isEqualTo(root.get("pid"));
  }

  @Test
  void otherProcessesAreThoseOfThePod() {
    assertThat(root.get("processes").size()).isLessThanOrEqualTo(2);
  }

  @Test
  void eachWeakeningIsSaidAndRecorded() throws Exception {
    String file = rkt.home().resolve("uuid-weak").toString();
    Result result =
        rkt.run(
            "run",
            "--insecure-options=landlock,rlimits",
            "--uuid-file-save=" + file,
            image,
            "--",
            "-c",
            "true");
    assertThat(result.err())
        .isEqualTo(
            "warning: this pod is confined less than usual"
                + " (--insecure-options=landlock,rlimits); this is recorded\n");
    assertThat(rkt.ok("status", "--uuid-file=" + file).out())
        .contains("insecure-options=landlock,rlimits\n");
  }

  @Test
  void aFilterThatIsNoneIsAWeakeningToo() throws Exception {
    assertThat(rkt.run(words("true", "--seccomp=mode=retain,@appc.io/all")).err())
        .isEqualTo(
            "warning: this pod is confined less than usual (without seccomp); this is recorded\n");
  }

  @Test
  void aProgramIsStartedWhateverTheFilterAllowsIt() throws Exception {
    // It is the program that fails then, by its own status, and not rkt.
    for (String set : List.of("@appc.io/empty", "write")) {
      Result result = rkt.run(words("true", "--seccomp=mode=retain,errno=EPERM," + set));
      assertThat(result.status()).as("%s", result).isPositive().isNotEqualTo(254);
      assertThat(rkt.run(words("true", "--seccomp=mode=retain," + set)).status())
          .isEqualTo(128 + 31);
    }
    List<String> many = new ArrayList<>(List.of("run", image, "--exec=/bin/echo", "--"));
    many.addAll(Collections.nCopies(5000, "word"));
    assertThat(rkt.ok(many.toArray(new String[0])).out()).hasSize(5000 * 5);
  }

  @Test
  void blockedCallsEndTheProcessOrFailAsAsked() throws Exception {
    assertThat(rkt.run(words("chmod 700 /tmp", "--seccomp=mode=remove,chmod,fchmodat")).status())
        .isEqualTo(128 + 31);
    assertThat(
            out("chmod 700 /tmp 2>&1; true", "--seccomp=mode=remove,errno=EACCES,chmod,fchmodat"))
        .contains("Permission denied");
    String strict =
        Images.admit(
            rkt,
            Images.busybox()
                .app(
                    "isolators",
                    "[{\"name\":\"os/linux/seccomp-remove-set\",\"value\":{\"set\":[\"chmod\","
                        + "\"fchmodat\"],\"errno\":\"EACCES\"}}]"));
    assertThat(rkt.ok(wordsOf(strict, "chmod 700 /tmp 2>&1; true")).out())
        .contains("Permission denied");
  }

  private static String mount(JsonNode seen, String target) {
    return mountLine(seen, target).split(" ")[5];
  }

  private static String mountLine(JsonNode seen, String target) {
    String found = "";
    for (JsonNode line : seen.get("mounts")) {
      if (line.asText().split(" ")[4].equals(target)) {
        found = line.asText();
      }
    }
    assertThat(found).as(target).isNotEmpty();
    return found;
  }
}
