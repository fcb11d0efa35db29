package rkt.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Groups, limits and their end, on whatever layout this host has. */
@Tag("privileged")
class CgroupIT {
  private static final OptionalLong NONE = OptionalLong.empty();
  private final String base = "rkt-test-" + UUID.randomUUID();
  private CgroupLayout layout = new CgroupLayout(List.of());
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
    assertThat(
            group.limit(
                new CgroupLimits(
                    OptionalLong.of(32 << 20), OptionalLong.of(500), OptionalLong.of(7))))
        .isEmpty();
    String output = run("i=0; while [ $i -lt 10 ]; do sleep 2 & i=$((i+1)); done; echo end");
    assertThat(output).contains("can't fork");
  }

  @Test
  void aProcessOverItsMemoryIsKilledAndCounted() throws Exception {
    group.limit(new CgroupLimits(OptionalLong.of(8 << 20), NONE, NONE));
    String output = run("dd if=/dev/zero of=/dev/null bs=64M count=1");
    assertThat(output).endsWith("status 137");
    assertThat(group.oomKills()).isPositive();
    assertThat(group.memoryUsage()).isNotNegative().isLessThan(9 << 20);
  }

  @Test
  void killAllEndsAForkingTree() throws Exception {
    group.limit(new CgroupLimits(NONE, NONE, OptionalLong.of(500)));
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
