package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class CgroupLayoutTest {
  private static final String ROOT = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n";

  @Test
  void aHostOfVersion2HasOneHierarchy() {
    var layout =
        CgroupLayout.parse(
            ROOT
                + "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            "0::/system.slice/web.service\n");
    assertThat(layout.kind()).isEqualTo(CgroupLayout.Kind.UNIFIED);
    var hierarchy =
        new CgroupLayout.Hierarchy("/sys/fs/cgroup", true, List.of(), "system.slice/web.service");
    assertThat(layout.hierarchies()).containsExactly(hierarchy);
    assertThat(layout.tracking()).isEqualTo(hierarchy);
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
            """,
            """
            9:name=systemd:/system.slice/web.service
            1:cpu,cpuacct:/system.slice
            0::/
            """);
    assertThat(layout.kind()).isEqualTo(CgroupLayout.Kind.HYBRID);
    assertThat(layout.hierarchies())
        .containsExactly(
            new CgroupLayout.Hierarchy(
                "/sys/fs/cgroup/cpu,cpuacct", false, List.of("cpu", "cpuacct"), "system.slice"),
            new CgroupLayout.Hierarchy("/sys/fs/cgroup/unified", true, List.of(), ""));
    assertThat(layout.tracking())
        .isEqualTo(
            new CgroupLayout.Hierarchy(
                "/sys/fs/cgroup/systemd", false, List.of(), "system.slice/web.service"));
  }

  @Test
  void hierarchiesThatNobodyNeedsCanBeLeftOut() {
    var layout =
        CgroupLayout.parse(
            """
            1 1 0:1 / /c/cpu rw - cgroup cgroup rw,cpu
            1 1 0:2 / /c/blkio rw - cgroup cgroup rw,blkio
            1 1 0:3 / /c/unified rw - cgroup2 cgroup2 rw
            """,
            "0::/\n");
    assertThat(layout.only("memory", "cpu").hierarchies())
        .extracting(CgroupLayout.Hierarchy::mountPoint)
        .containsExactly("/c/cpu", "/c/unified");
    assertThat(layout.only("cpu", "devices").hierarchies()) // a program of version 2 serves as well
        .extracting(CgroupLayout.Hierarchy::mountPoint)
        .containsExactly("/c/cpu", "/c/unified");
    assertThat(layout.only("cpu").hierarchies())
        .extracting(CgroupLayout.Hierarchy::mountPoint)
        .containsExactly("/c/cpu");
  }

  @Test
  void cpusetIsNotTakenForCpu() {
    var layout = CgroupLayout.parse("34 31 0:31 / /c/cpuset rw - cgroup cgroup rw,cpuset\n", "");
    assertThat(layout.hierarchies().get(0).controllers()).containsExactly("cpuset");
    assertThat(layout.kind()).isEqualTo(CgroupLayout.Kind.LEGACY);
  }

  @Test
  void whatIsReadOnlyOrAbsentIsNone() throws Exception {
    assertThat(CgroupLayout.parse(ROOT, "").kind()).isEqualTo(CgroupLayout.Kind.NONE);
    var readOnly =
        CgroupLayout.parse("30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n", "0::/\n");
    assertThat(readOnly.kind()).isEqualTo(CgroupLayout.Kind.NONE);

    Cgroup group = Cgroup.create(readOnly, "rkt/x");
    CgroupOutcome outcome = group.set(new CgroupLimit.Pids(1));
    assertThat(outcome.kind()).isEqualTo(CgroupOutcome.Kind.IGNORED);
    assertThat(outcome.reason()).isEqualTo("no cgroup hierarchy is mounted for writing");
    assertThat(group.oomKillsFile()).isEmpty();
    assertThat(group.memoryUsage()).isEqualTo(-1);
    group.killAll();
    group.remove();
  }

  @Test
  void whatIsMountedOfAHierarchyIsWhereTheOwnGroupIsLookedFor() {
    String mounts = "30 23 0:26 /docker/abc /c rw - cgroup cgroup rw,memory\n";
    assertThat(own(mounts, "3:memory:/docker/abc/inner\n")).isEqualTo("inner");
    assertThat(own(mounts, "3:memory:/docker/abc\n")).isEmpty();
    assertThat(own(mounts, "3:memory:/docker/abcdef\n")).isEmpty();
    assertThat(own(mounts, "3:memory:/../../x\n")).isEmpty();
    assertThat(own(mounts, "3:memory,cpu:/docker/abc/x\n4:pids:/y\n")).isEqualTo("x");
  }

  private static String own(String mounts, String groups) {
    return CgroupLayout.parse(mounts, groups).hierarchies().get(0).own();
  }

  @Test
  void aPathThatLeadsOutIsRefused() {
    var layout = CgroupLayout.parse(ROOT, "");
    assertThatThrownBy(() -> Cgroup.at(layout, "rkt/../x"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Cgroup.at(layout, "/rkt"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLimitIsPositiveAndAQuotaAtLeastAMillisecond() {
    assertThatThrownBy(() -> new CgroupLimit.Memory(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CgroupLimit.Pids(1L << 40))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new CgroupLimit.CpuShares(1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(new CgroupLimit.CpuQuota(1500).micros()).isEqualTo(150_000);
    assertThat(new CgroupLimit.CpuQuota(1).micros()).isEqualTo(1000);
    assertThat(new CgroupLimit.CpuQuota(Long.MAX_VALUE).micros()).isEqualTo(100_000_000);
  }

  @Test
  void sharesAndWeightsHaveTheSameEnds() {
    assertThat(new CgroupLimit.CpuShares(2).weight()).isEqualTo(1);
    assertThat(new CgroupLimit.CpuShares(1024).weight()).isEqualTo(39);
    assertThat(new CgroupLimit.CpuShares(262_144).weight()).isEqualTo(10_000);
  }
}
