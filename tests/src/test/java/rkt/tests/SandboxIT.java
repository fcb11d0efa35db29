package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What {@code --print-sandbox} says is what a probe sees from inside, field by field. */
@Tag("privileged")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SandboxIT extends PodTests {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** In the order of their numbers. */
  private static final String[] LIMITS = {
    "cpu",
    "fsize",
    "data",
    "stack",
    "core",
    "rss",
    "nproc",
    "nofile",
    "memlock",
    "as",
    "locks",
    "sigpending",
    "msgqueue",
    "nice",
    "rtprio",
    "rttime"
  };

  private String probed;

  @BeforeAll
  void admit() throws Exception {
    probed =
        Images.admit(
            rkt,
            Images.busybox()
                .file("bin/sandbox", 0755, Files.readAllBytes(Images.probe("sandbox.c"))));
  }

  private JsonNode inside(String... flags) throws Exception {
    return JSON.readTree(rkt.ok(line(List.of(flags))).out());
  }

  private JsonNode printed(String... flags) throws Exception {
    List<String> all = new ArrayList<>(List.of(flags));
    all.add("--print-sandbox");
    return JSON.readTree(rkt.ok(line(all)).out());
  }

  private String[] line(List<String> flags) {
    List<String> words = new ArrayList<>(List.of("run"));
    words.addAll(flags);
    words.addAll(List.of("--hostname=here", "--exec=/bin/sandbox", probed, "--", "a", "b c"));
    return words.toArray(new String[0]);
  }

  @Test
  void ofTheDefaultPod() throws Exception {
    check();
  }

  @Test
  void ofAnAppOfAnotherUser() throws Exception {
    check("--user=web", "--supplementary-gids=2001,2002");
  }

  @Test
  void ofAnAppWithManyWishes() throws Exception {
    check(
        "--caps-retain=CAP_CHOWN,CAP_NET_RAW",
        "--seccomp=mode=remove,errno=EACCES,chmod,@systemd/clock,personality",
        "--rlimit=nofile=200:300",
        "--rlimit=stack=1048576:2097152",
        "--oom-score-adj=400",
        "--readonly-rootfs",
        "--working-dir=/tmp",
        "--environment=A=1",
        "--proc=pid",
        "--sysctl=kernel.msgmax=4096");
  }

  @Test
  void ofAnAppOfSeveral() throws Exception {
    assertSame(several("--print-sandbox"), several(), several("--insecure-options=seccomp"));
  }

  private JsonNode several(String... flags) throws Exception {
    List<String> words = new ArrayList<>(List.of("run"));
    words.addAll(List.of(flags));
    words.addAll(List.of("--hostname=here", probed, "--exec=/bin/sandbox", "--", "a", "b c"));
    words.addAll(List.of("---", probed, "--name=other", "--exec=/bin/true"));
    return JSON.readTree(rkt.ok(words.toArray(new String[0])).out());
  }

  @Test
  void ofAPodThatIsConfinedLess() throws Exception {
    check("--insecure-options=capabilities,paths,seccomp,no-new-privileges,rlimits,landlock");
  }

  @Test
  void nothingRunsAndNothingIsLeft() throws Exception {
    Set<String> before = files();
    List<String> groups = rkt.cgroups();

    printed("--volume=v,kind=empty", "--mount=volume=v,target=/v");

    assertThat(files()).isEqualTo(before);
    assertThat(rkt.cgroups()).isEqualTo(groups);
    assertThat(HostState.mountsBelow(rkt.data())).isEmpty();
  }

  private Set<String> files() throws Exception {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> found = Files.walk(rkt.data())) {
      found.map(Path::toString).forEach(names::add);
    }
    return names;
  }

  private void check(String... flags) throws Exception {
    List<String> unfiltered = new ArrayList<>();
    boolean filtered = true;
    for (String flag : flags) {
      if (!flag.startsWith("--seccomp=")) {
        unfiltered.add(flag);
      }
      filtered &= !flag.startsWith("--insecure-options=");
    }
    if (filtered) {
      unfiltered.add("--insecure-options=seccomp");
    }
    JsonNode free = inside(unfiltered.toArray(new String[0]));
    assertSame(printed(flags), inside(flags), free);
  }

  private static void assertSame(JsonNode printed, JsonNode seen, JsonNode free) throws Exception {
    JsonNode app = printed.get("apps").get(0);
    assertCapabilities(app, seen.get("status"));
    assertThat(seen.get("status").get("NoNewPrivs").asText())
        .isEqualTo(app.get("no_new_privileges").asBoolean() ? "1" : "0");
    boolean filtered = app.get("seccomp").get("mode").asText().equals("filter");
    assertThat(seen.get("status").get("Seccomp").asText()).isEqualTo(filtered ? "2" : "0");
    assertCalls(app.get("seccomp").get("calls"), seen, free);
    assertIdentity(app, seen);
    assertNamespaces(printed, seen);
    assertMounts(app, seen);
    assertDevices(app, seen);
    assertLimits(app, seen);
    assertThat(texts(seen.get("argv"))).isEqualTo(texts(app.get("argv")));
    assertThat(texts(seen.get("env"))).isEqualTo(texts(app.get("env")));
    assertThat(seen.get("cwd").asText()).isEqualTo(app.get("cwd").asText());
    assertThat(seen.get("descriptors").toString()).isEqualTo("[0,1,2]");
    assertThat(app.get("session").asText()).isEqualTo("new");
    assertThat(seen.get("session")).isEqualTo(seen.get("pid"));
    for (JsonNode name : seen.get("hostname")) { // unless /proc shows processes alone
      assertThat(name.asText()).isEqualTo(printed.get("hostname").asText());
    }
  }

  private static void assertCapabilities(JsonNode app, JsonNode status) {
    Map<String, String> sets =
        Map.of(
            "bounding", "CapBnd",
            "effective", "CapEff",
            "permitted", "CapPrm",
            "inheritable", "CapInh",
            "ambient", "CapAmb");
    List<String> names = List.of(CAPABILITIES);
    for (Map.Entry<String, String> set : sets.entrySet()) {
      long mask = Long.parseUnsignedLong(status.get(set.getValue()).asText(), 16);
      List<String> held = new ArrayList<>();
      for (int i = 0; i < names.size(); i++) {
        if ((mask >> i & 1) != 0) {
          held.add("CAP_" + names.get(i));
        }
      }
      assertThat(texts(app.get("capabilities").get(set.getKey()))).as(set.getKey()).isEqualTo(held);
    }
  }

  private static final String[] CAPABILITIES =
      ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP"
              + " LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK"
              + " IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT"
              + " SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE"
              + " AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND"
              + " AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE")
          .split(" ");

  /** Each call by its number: refused as printed, or answered as without a filter. */
  private static void assertCalls(JsonNode calls, JsonNode seen, JsonNode unfiltered) {
    assertThat(calls).hasSameSizeAs(seen.get("calls"));
    List<String> wrong = new ArrayList<>();
    for (int number = 0; number < calls.size(); number++) {
      JsonNode answers = calls.get(number).get("answers");
      String got = seen.get("calls").get(number).asText();
      String free = unfiltered.get("calls").get(number).asText();
      boolean fits = false;
      for (JsonNode answer : answers) {
        String action = answer.get("action").asText();
        fits |=
            switch (action) {
              // How long sync(2) and others take is not the filter's doing.
              case "allow" -> got.equals(free) || got.equals("waits") || waited(free, got);
              case "kill" -> got.equals("SIGSYS");
              default -> got.equals(action);
            };
      }
      // uretprobe and uprobe: the kernel lets them pass without asking a filter.
      boolean asked =
          !System.getProperty("os.arch").equals("amd64") || number < 335 || number > 336;
      if (!fits && asked) {
        wrong.add(calls.get(number) + " but " + got);
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static boolean waited(String free, String got) {
    return free.equals("waits") && got.equals("ok");
  }

  private static void assertIdentity(JsonNode app, JsonNode seen) {
    for (String kind : List.of("uid", "gid")) {
      for (JsonNode id : seen.get(kind)) {
        assertThat(id.asLong()).as(kind).isEqualTo(app.get(kind).asLong());
      }
    }
    TreeSet<String> groups = new TreeSet<>(texts(seen.get("groups")));
    assertThat(groups).isEqualTo(new TreeSet<>(texts(app.get("groups"))));
    assertThat(Long.parseLong(seen.get("status").get("Umask").asText(), 8))
        .isEqualTo(app.get("umask").asLong());
    String score = app.has("oom_score_adj") ? app.get("oom_score_adj").asText() : null;
    if (score != null) {
      assertThat(seen.get("oomScoreAdj").get(0).asText()).isEqualTo(score);
    }
  }

  private static void assertNamespaces(JsonNode printed, JsonNode seen) throws Exception {
    Map<String, String> kinds = new TreeMap<>();
    seen.get("namespaces")
        .properties()
        .forEach(entry -> {
          try {
            String host =
                Files.readSymbolicLink(Path.of("/proc/self/ns", entry.getKey())).toString();
            kinds.put(entry.getKey(), host.equals(entry.getValue().asText()) ? "host" : "new");
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    Map<String, String> said = new TreeMap<>();
    printed
        .get("namespaces")
        .properties()
        .forEach(e -> said.put(e.getKey(), e.getValue().asText()));
    assertThat(kinds).isEqualTo(said);
    // Which range a pod gets is decided anew each time; that it is one is not.
    boolean isPrivate = printed.get("ids").get("private").asBoolean();
    String map = seen.get("uidMap").get(0).asText().strip().replaceAll(" +", " ");
    assertThat(!map.startsWith("0 0 ")).isEqualTo(isPrivate);
  }

  /** What stands where, on top, and what it forbids. */
  private static void assertMounts(JsonNode app, JsonNode seen) {
    Map<String, String> expected = new TreeMap<>();
    for (JsonNode mount : app.get("mounts")) {
      expected.put(
          mount.get("target").asText(),
          mount.get("type").asText() + " " + String.join(",", texts(mount.get("flags"))));
    }
    Map<String, String> found = new TreeMap<>();
    for (String line : texts(seen.get("mounts"))) {
      String[] words = line.split(" ");
      int separator = List.of(words).indexOf("-");
      List<String> flags = new ArrayList<>();
      for (String flag : List.of("ro", "nosuid", "nodev", "noexec")) {
        if (List.of(words[5].split(",")).contains(flag)) {
          flags.add(flag);
        }
      }
      found.put(words[4], words[separator + 1] + " " + String.join(",", flags));
    }
    assertThat(found).isEqualTo(expected);
  }

  private static void assertDevices(JsonNode app, JsonNode seen) {
    Map<String, String> found = new LinkedHashMap<>();
    seen.get("devices")
        .properties()
        .forEach(entry -> {
          String facts = entry.getValue().asText();
          if (facts.startsWith("c ") || facts.startsWith("b ")) {
            found.put(entry.getKey(), facts);
          }
        });
    Map<String, String> said = new LinkedHashMap<>();
    app.get("devices").properties().forEach(e -> said.put(e.getKey(), e.getValue().asText()));
    assertThat(found).isEqualTo(said);
  }

  private static void assertLimits(JsonNode app, JsonNode seen) {
    for (int i = 0; i < LIMITS.length; i++) {
      JsonNode said = app.get("limits").get(LIMITS[i]);
      JsonNode found = seen.get("limits").get(i);
      assertThat(List.of(text(found.get(0)), text(found.get(1))))
          .as(LIMITS[i])
          .isEqualTo(List.of(said.get("soft").asText(), said.get("hard").asText()));
    }
  }

  private static String text(JsonNode limit) {
    return limit.asLong() == -1 ? "unlimited" : limit.asText();
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    if (list != null) {
      list.forEach(item -> texts.add(item.asText()));
    }
    return texts;
  }
}
