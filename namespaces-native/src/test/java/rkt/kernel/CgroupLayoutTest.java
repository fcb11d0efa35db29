package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupLayoutTest {
  private static final String ROOT = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n";

  @Test
  void aHostOfVersion2HasOneHierarchy() {
    var layout =
        CgroupLayout.parse(
            ROOT
                + "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    assertThat(layout.kind()).isEqualTo(CgroupLayout.Kind.UNIFIED);
    assertThat(layout.hierarchies())
        .containsExactly(new CgroupLayout.Hierarchy("/sys/fs/cgroup", true, List.of()));
  }

  @Test
  void aHybridHostHasBothAndTheNamedOneIsNotUsed() {
    var layout =
        CgroupLayout.parse(
            """
            31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
            32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
            40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
            41 31 0:38 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw
            """);
    assertThat(layout.kind()).isEqualTo(CgroupLayout.Kind.HYBRID);
    assertThat(layout.hierarchies())
        .containsExactly(
            new CgroupLayout.Hierarchy(
                "/sys/fs/cgroup/cpu,cpuacct", false, List.of("cpu", "cpuacct")),
            new CgroupLayout.Hierarchy("/sys/fs/cgroup/unified", true, List.of()));
  }

  @Test
  void hierarchiesThatNobodyNeedsCanBeLeftOut() {
    var layout =
        CgroupLayout.parse(
            """
            1 1 0:1 / /c/cpu rw - cgroup cgroup rw,cpu
            1 1 0:2 / /c/blkio rw - cgroup cgroup rw,blkio
            1 1 0:3 / /c/unified rw - cgroup2 cgroup2 rw
            """);
    assertThat(layout.only("memory", "cpu").hierarchies())
        .extracting(CgroupLayout.Hierarchy::mountPoint)
        .containsExactly("/c/cpu", "/c/unified");
    assertThat(layout.only("cpu").hierarchies())
        .extracting(CgroupLayout.Hierarchy::mountPoint)
        .containsExactly("/c/cpu");
  }

  @Test
  void cpusetIsNotTakenForCpu() {
    var layout = CgroupLayout.parse("34 31 0:31 / /c/cpuset rw - cgroup cgroup rw,cpuset\n");
    assertThat(layout.hierarchies().get(0).controllers()).containsExactly("cpuset");
    assertThat(layout.kind()).isEqualTo(CgroupLayout.Kind.LEGACY);
  }

  @Test
  void whatIsReadOnlyOrAbsentIsNone() throws Exception {
    assertThat(CgroupLayout.parse(ROOT).kind()).isEqualTo(CgroupLayout.Kind.NONE);
    var readOnly = CgroupLayout.parse("30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n");
    assertThat(readOnly.kind()).isEqualTo(CgroupLayout.Kind.NONE);

    Cgroup group = Cgroup.create(readOnly, "rkt/x");
    var limits = new CgroupLimits(OptionalLong.of(1), OptionalLong.empty(), OptionalLong.of(1));
    assertThat(group.limit(limits))
        .extracting(Cgroup.Unenforced::limit)
        .containsExactly("memory", "pids");
    assertThat(group.limit(limits).get(0).reason())
        .isEqualTo("no cgroup hierarchy is mounted for writing");
    assertThat(group.memoryUsage()).isEqualTo(-1);
    group.killAll();
    group.remove();
  }

  @Test
  void version2IsEnabledOnTheWayDownAndWrittenInItsOwnFiles(@TempDir Path root) throws Exception {
    Path app = Files.createDirectories(root.resolve("rkt/pod/app"));
    for (Path directory : List.of(root, root.resolve("rkt"), root.resolve("rkt/pod"), app)) {
      Files.writeString(directory.resolve("cgroup.controllers"), "cpu memory pids\n");
      Files.writeString(directory.resolve("cgroup.subtree_control"), "cpu memory\n");
    }
    for (String file : List.of("memory.max", "memory.swap.max", "cpu.max", "pids.max")) {
      Files.createFile(app.resolve(file));
    }
    Files.writeString(app.resolve("memory.events"), "low 0\noom 3\noom_kill 2\noom_group_kill 0\n");
    Files.writeString(app.resolve("memory.current"), "4096\n");
    var layout =
        new CgroupLayout(List.of(new CgroupLayout.Hierarchy(root.toString(), true, List.of())));

    Cgroup group = Cgroup.create(layout, "rkt/pod/app");
    var limits =
        new CgroupLimits(OptionalLong.of(1 << 20), OptionalLong.of(250), OptionalLong.of(9));
    assertThat(group.limit(limits)).isEmpty();

    assertThat(app.resolve("memory.max")).hasContent("1048576");
    assertThat(app.resolve("memory.swap.max")).hasContent("0");
    assertThat(app.resolve("cpu.max")).hasContent("25000 100000");
    assertThat(app.resolve("pids.max")).hasContent("9");
    assertThat(group.oomKills()).isEqualTo(2);
    assertThat(group.memoryUsage()).isEqualTo(4096);
    for (Path parent : List.of(root, root.resolve("rkt"), root.resolve("rkt/pod"))) {
      assertThat(parent.resolve("cgroup.subtree_control")).content().startsWith("+pids");
    }
    assertThat(app.resolve("cgroup.subtree_control")).hasContent("cpu memory");
  }

  @Test
  void aPathThatLeadsOutIsRefused() {
    var layout = CgroupLayout.parse(ROOT);
    assertThatThrownBy(() -> Cgroup.at(layout, "rkt/../x"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Cgroup.at(layout, "/rkt"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLimitIsPositiveAndAQuotaAtLeastAMillisecond() {
    var none = OptionalLong.empty();
    assertThatThrownBy(() -> new CgroupLimits(OptionalLong.of(0), none, none))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(CgroupLimits.cpuQuotaMicros(1500)).isEqualTo(150_000);
    assertThat(CgroupLimits.cpuQuotaMicros(1)).isEqualTo(1000);
  }
}
