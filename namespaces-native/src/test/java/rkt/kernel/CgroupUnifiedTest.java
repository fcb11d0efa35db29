package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Version 2, in a tree of ordinary files that stand where the kernel's would. */
class CgroupUnifiedTest {
  private static final int SELF = 4711;
  private static final String POD = "c0ffee";

  @TempDir private Path root;

  @BeforeEach
  void makeRoot() throws IOException {
    group("");
    Files.delete(root.resolve("cgroup.type")); // the host's own root has none
  }

  @Test
  void outsideOfUnitsThePodIsBelowRktAtTheRoot() throws Exception {
    group("user.slice/session-1.scope", SELF, 99);
    group("rkt/" + POD + "/web");
    CgroupParent parent = parent("user.slice/session-1.scope");

    assertThat(parent.isUnit()).isFalse();
    Cgroup pod = parent.create(POD);
    pod.createChild("web");

    assertThat(pod).hasToString(root + "/rkt/" + POD);
    assertThat(parent.paths(POD)).containsExactly(root + "/rkt/" + POD);
    for (String above : List.of("", "rkt", "rkt/" + POD)) {
      assertThat(read(above, "cgroup.subtree_control")).isEqualTo("+memory +cpu +pids +io");
    }
    assertThat(read("rkt/" + POD + "/web", "cgroup.subtree_control")).isEmpty();
    assertThat(read("user.slice/session-1.scope", "cgroup.subtree_control")).isEmpty();
    assertThat(root.resolve("user.slice/session-1.scope/supervisor")).doesNotExist();
  }

  @Test
  void inAUnitOfItsOwnThePodIsBelowTheUnitAndWeMoveAside() throws Exception {
    String unit = "system.slice/web.service";
    group(unit, SELF);
    group(unit + "/supervisor");
    group(unit + "/" + POD + "/web");
    CgroupParent parent = parent(unit);

    assertThat(parent.isUnit()).isTrue();
    assertThat(parent.create(POD)).hasToString(root + "/" + unit + "/" + POD);

    assertThat(read(unit + "/supervisor", "cgroup.procs")).isEqualTo("" + SELF);
    assertThat(read(unit, "cgroup.subtree_control")).isEqualTo("+memory +cpu +pids +io");
    assertThat(read("", "cgroup.subtree_control")).isEmpty();
    assertThat(read("system.slice", "cgroup.subtree_control")).isEmpty();
  }

  @Test
  void aUnitWithOtherProcessesIsLeftAloneUnlessItWasDelegated() throws Exception {
    String unit = "system.slice/tmux.service";
    group(unit, SELF, 12);
    assertThat(parent(unit).isUnit()).isFalse();

    delegate(unit);
    group(unit + "/supervisor");
    assertThat(parent(unit).isUnit()).isTrue();
    // Each process is one write; the last one is what an ordinary file keeps.
    assertThat(read(unit + "/supervisor", "cgroup.procs")).startsWith("12");
  }

  @Test
  void whoIsInASubgroupOfADelegatedUnitMovesNobody() throws Exception {
    String unit = "system.slice/web.service";
    group(unit);
    group(unit + "/payload", SELF, 12);
    group(unit + "/" + POD);
    delegate(unit);

    assertThat(parent(unit + "/payload").create(POD)).hasToString(root + "/" + unit + "/" + POD);

    assertThat(root.resolve(unit + "/supervisor")).doesNotExist();
    assertThat(read(unit, "cgroup.subtree_control")).isEqualTo("+memory +cpu +pids +io");
  }

  @Test
  void theRootOfACgroupNamespaceIsAGroupLikeAnyOther() throws Exception {
    group("", SELF);
    Files.writeString(root.resolve("cgroup.type"), "domain\n");
    group("supervisor");
    group("rkt/" + POD);

    assertThat(parent("").create(POD)).hasToString(root + "/rkt/" + POD);

    assertThat(read("supervisor", "cgroup.procs")).isEqualTo("" + SELF);
  }

  @Test
  void theInnermostUnitCounts() {
    assertThat(CgroupParent.unitOf("user.slice/user-7.slice/user@7.service/app.slice/x.scope/y"))
        .isEqualTo("user.slice/user-7.slice/user@7.service/app.slice/x.scope");
    assertThat(CgroupParent.unitOf("system.slice/a.service")).isEqualTo("system.slice/a.service");
    assertThat(CgroupParent.unitOf("kubepods/pod1")).isEmpty();
    assertThat(CgroupParent.unitOf("")).isEmpty();
  }

  @Test
  void everyLimitHasItsFile() throws Exception {
    String path = "rkt/" + POD + "/web";
    group(path);
    for (String file :
        List.of(
            "memory.max",
            "memory.swap.max",
            "memory.oom.group",
            "memory.low",
            "cpu.max",
            "cpu.weight",
            "pids.max",
            "io.max")) {
      Files.createFile(root.resolve(path).resolve(file));
    }
    Files.writeString(
        root.resolve(path).resolve("memory.events"),
        "low 0\noom 3\noom_kill 2\noom_group_kill 0\n");
    Files.writeString(root.resolve(path).resolve("memory.current"), "4096\n");
    Cgroup web = parent("").create(POD).createChild("web");
    for (CgroupLimit limit :
        List.of(
            new CgroupLimit.Memory(1 << 20),
            new CgroupLimit.CpuQuota(250),
            new CgroupLimit.CpuShares(1024),
            new CgroupLimit.Pids(9),
            new CgroupLimit.BlockIo(
                new Disk(8, 0),
                CgroupLimit.BlockIo.Direction.WRITE,
                CgroupLimit.BlockIo.Unit.OPERATIONS,
                50))) {
      assertThat(web.set(limit)).as("%s", limit).isEqualTo(CgroupOutcome.ENFORCED);
    }
    assertThat(read(path, "memory.max")).isEqualTo("1048576");
    assertThat(read(path, "memory.swap.max")).isEqualTo("0");
    assertThat(read(path, "memory.oom.group")).isEqualTo("1");
    assertThat(web.set(new CgroupLimit.MemoryRequest(1 << 19)).kind())
        .isEqualTo(CgroupOutcome.Kind.MODIFIED);
    assertThat(read(path, "memory.low")).isEqualTo("524288");
    assertThat(read(path, "cpu.max")).isEqualTo("25000 100000");
    assertThat(read(path, "cpu.weight")).isEqualTo("39");
    assertThat(read(path, "pids.max")).isEqualTo("9");
    assertThat(read(path, "io.max")).isEqualTo("8:0 wiops=50");
    assertThat(web.oomKills()).isEqualTo(2);
    assertThat(web.oomKillsFile()).hasValue(root + "/" + path + "/memory.events");
    assertThat(web.memoryUsage()).isEqualTo(4096);
  }

  @Test
  void whatAGroupCannotDoIsSaidWithAReason() throws Exception {
    String path = "rkt/" + POD;
    group(path);
    Files.writeString(root.resolve(path).resolve("cgroup.controllers"), "pids cpu\n");
    Cgroup pod = parent("").create(POD);

    CgroupOutcome memory = pod.set(new CgroupLimit.Memory(1));
    assertThat(memory.kind()).isEqualTo(CgroupOutcome.Kind.IGNORED);
    assertThat(memory.reason())
        .isEqualTo("the memory controller is not available to " + root + "/" + path);
    CgroupOutcome quota = pod.set(new CgroupLimit.CpuQuota(1));
    assertThat(quota.kind()).isEqualTo(CgroupOutcome.Kind.IGNORED);
    assertThat(quota.reason()).isEqualTo("this kernel has no cpu.max");
  }

  @Test
  void theGroupsOfAPodAreFoundAgainByTheirPaths() throws Exception {
    String unit = "system.slice/web.service";
    group(unit + "/" + POD + "/web");
    // The kernel's files go with their directory; ordinary ones do not.
    try (Stream<Path> files = Files.walk(root.resolve(unit + "/" + POD))) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        Files.delete(file);
      }
    }
    Cgroup pod = Cgroup.at(layout(""), List.of(root + "/" + unit + "/" + POD, "/elsewhere/" + POD));
    pod.remove();
    assertThat(root.resolve(unit)).isDirectory();
    assertThat(root.resolve(unit + "/" + POD)).doesNotExist();
  }

  private CgroupParent parent(String own) throws Exception {
    CgroupParent parent = CgroupParent.of(layout(own), SELF);
    parent.enter();
    return parent;
  }

  private CgroupLayout layout(String own) {
    var hierarchy = new CgroupLayout.Hierarchy(root.toString(), true, List.of(), own);
    return new CgroupLayout(List.of(hierarchy), hierarchy);
  }

  /** A group with what the kernel would have in it, and those above. */
  private void group(String path, int... processes) throws IOException {
    Path directory = root;
    fill(directory);
    for (Path name : Path.of(path)) {
      directory = Files.createDirectories(directory.resolve(name));
      fill(directory);
    }
    StringBuilder pids = new StringBuilder();
    for (int pid : processes) {
      pids.append(pid).append('\n');
    }
    Files.writeString(directory.resolve("cgroup.procs"), pids);
  }

  private static void fill(Path directory) throws IOException {
    if (!Files.exists(directory.resolve("cgroup.controllers"))) {
      Files.writeString(
          directory.resolve("cgroup.controllers"), "cpuset cpu io memory pids misc\n");
      Files.createFile(directory.resolve("cgroup.subtree_control"));
      Files.createFile(directory.resolve("cgroup.procs"));
      Files.writeString(directory.resolve("cgroup.type"), "domain\n");
    }
  }

  private void delegate(String unit) throws IOException {
    Files.getFileAttributeView(root.resolve(unit), UserDefinedFileAttributeView.class)
        .write("delegate", ByteBuffer.wrap("1".getBytes(StandardCharsets.US_ASCII)));
  }

  private String read(String group, String file) throws IOException {
    return Files.readString(root.resolve(group).resolve(file)).strip();
  }
}
