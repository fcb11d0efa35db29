package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Groups, limits and their end, on whatever layout this host has. */
@Tag("privileged")
class CgroupIT {
  private final String base = "rkt-test-" + UUID.randomUUID();
  private CgroupLayout layout = new CgroupLayout(List.of(), null);
  private Cgroup group = Cgroup.at(layout, "x");

  @BeforeEach
  void create() throws Exception {
    layout = CgroupLayout.detect();
    Assumptions.assumeTrue(
        layout.kind() != CgroupLayout.Kind.NONE, "this host has no cgroup hierarchy to write to");
    group = Cgroup.create(layout, base + "/app");
  }

  @AfterEach
  void remove() throws Exception {
    Cgroup pod = Cgroup.at(layout, base);
    pod.killAll();
    pod.remove();
    for (var hierarchy : layout.hierarchies()) {
      assertThat(Path.of(hierarchy.mountPoint(), base)).doesNotExist();
    }
  }

  @Test
  void limitsAreWhatTheProcessesMeet() throws Exception {
    for (CgroupLimit limit :
        List.of(
            new CgroupLimit.Memory(32 << 20),
            new CgroupLimit.CpuQuota(500),
            new CgroupLimit.CpuShares(2048),
            new CgroupLimit.Pids(7))) {
      assertThat(group.set(limit)).as("%s", limit).isEqualTo(CgroupOutcome.ENFORCED);
    }
    String output = run("i=0; while [ $i -lt 10 ]; do sleep 2 & i=$((i+1)); done; echo end");
    assertThat(output).contains("can't fork");
  }

  @Test
  void aProcessOverItsMemoryIsKilledAndCounted() throws Exception {
    group.set(new CgroupLimit.Memory(8 << 20));
    String output = run("dd if=/dev/zero of=/dev/null bs=64M count=1");
    assertThat(output).endsWith("status 137");
    assertThat(group.oomKills()).isPositive();
    assertThat(group.memoryUsage()).isNotNegative().isLessThan(9 << 20);
  }

  @Test
  void theGroupAboveBoundsTheSumOfThoseBelow() throws Exception {
    Cgroup pod = Cgroup.at(layout, base);
    pod.set(new CgroupLimit.Pids(6));
    Cgroup other = pod.createChild("other");
    other.set(new CgroupLimit.Pids(5));
    int resting = spawn("sleep 60 & sleep 60 & sleep 60 & wait", FdMapping.STANDARD, true);
    while (pod.pids().size() < 4) {
      Thread.onSpinWait();
    }
    group = other;
    assertThat(run("sleep 60 & sleep 60 & sleep 60 & echo end")).contains("can't fork");
    pod.killAll();
    assertThat(Processes.await(resting)).isEqualTo(137);
  }

  @Test
  void aQuotaAboveThatOfTheGroupAboveIsNotTakenForEnforcedUnlessItIs() throws Exception {
    Cgroup pod = Cgroup.at(layout, base);
    assertThat(pod.set(new CgroupLimit.CpuQuota(200))).isEqualTo(CgroupOutcome.ENFORCED);
    CgroupOutcome outcome = group.set(new CgroupLimit.CpuQuota(900));
    assertThat(outcome.kind())
        .isEqualTo(
            layout.kind() == CgroupLayout.Kind.UNIFIED
                ? CgroupOutcome.Kind.ENFORCED // the lesser of the two holds
                : CgroupOutcome.Kind.MODIFIED);
    assertThat(group.set(new CgroupLimit.CpuQuota(100))).isEqualTo(CgroupOutcome.ENFORCED);
  }

  @Test
  void aGroupCanBeTakenByControllers() throws Exception {
    Cgroup memory = group.in(List.of("memory"));
    Cgroup others = group.besides(List.of("memory"));

    assertThat(memory.paths()).isNotEmpty().doesNotContainAnyElementsOf(others.paths());
    List<String> all = new ArrayList<>(memory.paths());
    all.addAll(others.paths());
    assertThat(all).containsExactlyInAnyOrderElementsOf(group.paths());
    assertThat(memory.oomKills()).isZero();
    assertThat(others.oomKills()).isEqualTo(-1);
    Cgroup below = memory.createChild("below");
    assertThat(below.isAnywhere()).isTrue();
    assertThat(group.in(List.of()).isAnywhere())
        .as("version 2, where all groups of processes are at the end of a branch")
        .isEqualTo(layout.kind() != CgroupLayout.Kind.LEGACY);
  }

  @Test
  void aDiskCanBeThrottled() throws Exception {
    Disk disk = anyDisk();
    var limit =
        new CgroupLimit.BlockIo(
            disk, CgroupLimit.BlockIo.Direction.WRITE, CgroupLimit.BlockIo.Unit.BYTES, 1 << 20);
    CgroupOutcome outcome = group.set(limit);
    assertThat(outcome.kind()).as(outcome.reason()).isEqualTo(CgroupOutcome.Kind.ENFORCED);
    assertThat(Disk.of("/proc/self")).isEmpty();
  }

  private static Disk anyDisk() throws Exception {
    try (var devices = Files.list(Path.of("/sys/dev/block"))) {
      Path device =
          devices.filter(d -> !Files.exists(d.resolve("partition"))).findFirst().orElseThrow();
      String[] number = device.getFileName().toString().split(":", -1);
      return new Disk(Long.parseLong(number[0]), Long.parseLong(number[1]));
    }
  }

  @Test
  void killAllEndsAForkingTree() throws Exception {
    group.set(new CgroupLimit.Pids(500));
    String forking = "(while :; do /bin/busybox true; done) & ";
    int pid = spawn(forking.repeat(20) + "wait", FdMapping.STANDARD, true);
    while (group.pids().size() < 20) {
      Thread.onSpinWait();
    }
    Cgroup.at(layout, base).killAll();
    assertThat(Processes.await(pid)).isEqualTo(137);
    assertThat(group.pids()).isEmpty();
  }

  @Test
  void theGroupIsInEveryHierarchy() throws Exception {
    String output = run("cat /proc/self/cgroup");
    for (var hierarchy : layout.hierarchies()) {
      assertThat(Path.of(hierarchy.mountPoint(), base, "app")).isDirectory();
    }
    assertThat(output.lines().filter(line -> line.endsWith(base + "/app")).count())
        .isEqualTo(layout.hierarchies().size());
  }

  private String run(String script) throws Exception {
    try (Descriptors.Pipe pipe = Descriptors.pipe()) {
      var mappings = List.of(FdMapping.of(pipe.writer(), 1), FdMapping.of(pipe.writer(), 2));
      int status = Processes.await(spawn(script, mappings, false));
      group.killAll();
      pipe.writer().close();
      String text = new String(Descriptors.read(pipe.reader(), 65536), StandardCharsets.UTF_8);
      return text + "status " + status;
    }
  }

  /** Starts a shell that joins the group through descriptors, as pod-init does, then runs. */
  private int spawn(String script, List<FdMapping> mappings, boolean silent) throws Exception {
    List<Fd> joins = group.openForJoining();
    try {
      var all = new java.util.ArrayList<>(mappings);
      StringBuilder join = new StringBuilder();
      int to = 10;
      for (Fd fd : joins) {
        join.append("echo 0 >/proc/self/fd/").append(to).append("; ");
        all.add(FdMapping.of(fd, to++));
      }
      if (silent) {
        join.append("exec 2>/dev/null; ");
      }
      return new Program(
              "/bin/busybox",
              List.of("sh", "-c", join + script),
              List.of("PATH=/bin:/usr/bin"),
              all)
          .spawn();
    } finally {
      for (Fd fd : joins) {
        fd.close();
      }
    }
  }
}
