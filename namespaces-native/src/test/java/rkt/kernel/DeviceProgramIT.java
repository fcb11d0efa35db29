package rkt.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static rkt.kernel.DeviceProgramTest.rule;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The kernel takes the program, and it does in a group of version 2 what its list says. */
@Tag("privileged")
class DeviceProgramIT {
  private static final int PROG_GET_FD_BY_ID = 13;

  /** None of those above 100 has a driver: then it opens with another error than a denial. */
  private static final List<String> DEVICES =
      List.of(
          "c 1:3",
          "c 1:5",
          "c 1:11",
          "c 240:9",
          "c 240:1000",
          "c 241:9",
          "c 4095:1048575",
          "b 1:3",
          "b 240:9",
          "b 240:10");

  private static final DeviceList LIST =
      new DeviceList(
          List.of(
              rule("c 1:3 rw"),
              rule("c 1:5 w"),
              rule("c 1:11 r"),
              rule("c 240:* m"),
              rule("c 4095:1048575 rwm"),
              rule("b 240:9 rm")));

  private final String base = "rkt-test-" + UUID.randomUUID();
  private CgroupLayout layout = new CgroupLayout(List.of(), null);
  private Cgroup group = Cgroup.at(layout, "x");

  @BeforeEach
  void create() throws Exception {
    for (CgroupLayout.Hierarchy hierarchy : CgroupLayout.detect().hierarchies()) {
      if (hierarchy.unified()) {
        layout = new CgroupLayout(List.of(hierarchy), hierarchy);
      }
    }
    Assumptions.assumeTrue(
        layout.kind() == CgroupLayout.Kind.UNIFIED, "this host has no cgroups of version 2");
    group = Cgroup.create(layout, base + "/app");
  }

  @AfterEach
  void remove() throws Exception {
    Cgroup pod = Cgroup.at(layout, base);
    pod.killAll();
    pod.remove();
  }

  @Test
  void eachAccessToEachDeviceIsAllowedOrDeniedAsTheListSays() throws Exception {
    assertThat(group.allowOnly(LIST)).isEqualTo(DeviceEnforcement.BY_PROGRAM);
    List<String> expected = new ArrayList<>();
    for (String device : DEVICES) {
      for (String access : List.of("r", "w", "rw", "m")) {
        DeviceRule asked = rule(device + " " + access);
        boolean allowed = (LIST.access(asked) & asked.access()) == asked.access();
        expected.add(asked + (allowed ? " allowed" : " denied"));
      }
    }
    assertThat(tries(group)).isEqualTo(expected);
  }

  @Test
  void anEmptyListAllowsNothing() throws Exception {
    assertThat(group.allowOnly(new DeviceList(List.of()))).isEqualTo(DeviceEnforcement.BY_PROGRAM);
    assertThat(tries(group)).allMatch(line -> line.endsWith(" denied"));
  }

  @Test
  void whatAGroupAboveDoesNotAllowStaysOutOfReach() throws Exception {
    Cgroup above = Cgroup.at(layout, base);
    assertThat(above.allowOnly(LIST)).isEqualTo(DeviceEnforcement.BY_PROGRAM);
    List<String> before = tries(group);
    assertThat(group.allowOnly(LIST.plus(List.of(rule("c 1:11 w"), rule("b 1:3 r")))))
        .isEqualTo(DeviceEnforcement.BY_PROGRAM);
    assertThat(tries(group)).isEqualTo(before);
    group.narrow(LIST, new DeviceList(List.of(rule("c 1:3 r"))));
    assertThat(tries(group))
        .filteredOn(line -> line.endsWith(" allowed"))
        .containsExactly("c 1:3 r allowed");
  }

  @Test
  void aProgramAboveThatWouldGiveWayKeepsItsSay() throws Exception {
    DeviceList little = new DeviceList(List.of(rule("c 1:3 r")));
    try (Fd above = Descriptors.open(Cgroup.at(layout, base).toString(), OpenFlag.READ);
        Fd program = Bpf.load(Bpf.Hook.DEVICE, DeviceProgram.of(little))) {
      attach(program, above, 1); // BPF_F_ALLOW_OVERRIDE
    }
    List<String> before = tries(group);
    DeviceEnforcement enforcement = group.allowOnly(LIST);
    assertThat(enforcement.by()).isEqualTo(DeviceEnforcement.By.NOTHING);
    assertThat(enforcement.reason()).contains("would lose its say");
    assertThat(tries(group)).isEqualTo(before).contains("c 1:3 r allowed", "c 1:3 w denied");
  }

  @Test
  void aProgramAboveThatAllowsNoOtherIsReported() throws Exception {
    try (Fd above = Descriptors.open(Cgroup.at(layout, base).toString(), OpenFlag.READ);
        Fd program = Bpf.load(Bpf.Hook.DEVICE, DeviceProgram.of(LIST))) {
      attach(program, above, 0);
    }
    assertThat(group.allowOnly(LIST).reason()).contains("BPF_PROG_ATTACH").contains("EPERM");
  }

  @Test
  void whoMayNotLoadProgramsIsToldSo() throws Exception {
    OwnThread.run(() -> {
      dropCapabilities();
      DeviceEnforcement enforcement = group.allowOnly(LIST);
      assertThat(enforcement.by()).isEqualTo(DeviceEnforcement.By.NOTHING);
      assertThat(enforcement.reason()).contains("BPF_PROG_LOAD").contains("EPERM");
    });
    assertThat(tries(group)).contains("b 1:3 r allowed");
  }

  @Test
  void theProgramGoesWithItsGroup() throws Exception {
    group.allowOnly(LIST);
    int id;
    try (Fd open = Descriptors.open(group.toString(), OpenFlag.READ)) {
      id = idOfOnly(open);
    }
    assertThat(isLoaded(id)).isTrue();
    group.remove();
    Instant limit = Instant.now().plus(Duration.ofSeconds(60));
    while (isLoaded(id)) { // the kernel frees it a little later
      assertThat(Instant.now()).as("program %d is still there", id).isBefore(limit);
      Thread.sleep(10);
    }
  }

  private static void attach(Fd program, Fd group, int flags) throws Exception {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(16);
      Scratch.MEMORY.putInt(arguments, group.number());
      Scratch.MEMORY.putInt(arguments + 4, program.number());
      Scratch.MEMORY.putInt(arguments + 8, 6);
      Scratch.MEMORY.putInt(arguments + 12, flags);
      LibC.checked(LibC.syscall(SystemCall.BPF, 8, arguments, 16), "bpf", "attach");
    }
  }

  /** The id of the one program that is attached to the group itself. */
  private static int idOfOnly(Fd group) throws Exception {
    try (Scratch scratch = new Scratch()) {
      long ids = scratch.zeroed(8);
      long arguments = scratch.zeroed(32);
      Scratch.MEMORY.putInt(arguments, group.number());
      Scratch.MEMORY.putInt(arguments + 4, 6);
      Scratch.MEMORY.putLong(arguments + 16, ids);
      Scratch.MEMORY.putInt(arguments + 24, 2);
      LibC.checked(LibC.syscall(SystemCall.BPF, 16, arguments, 32), "bpf", "query");
      assertThat(Scratch.MEMORY.getInt(arguments + 24)).isEqualTo(1);
      return Scratch.MEMORY.getInt(ids);
    }
  }

  private static boolean isLoaded(int id) {
    try (Scratch scratch = new Scratch()) {
      long arguments = scratch.zeroed(16);
      Scratch.MEMORY.putInt(arguments, id);
      long fd = LibC.syscall(SystemCall.BPF, PROG_GET_FD_BY_ID, arguments, 16);
      if (fd < 0) {
        return false;
      }
      Fd.adopt((int) fd).close();
      return true;
    }
  }

  /** Of the calling thread. capset(2) */
  private static void dropCapabilities() throws Exception {
    try (Scratch scratch = new Scratch()) {
      long header = scratch.zeroed(8);
      Scratch.MEMORY.putInt(header, 0x2008_0522);
      LibC.checked(
          LibC.syscall(SystemCall.CAPSET, header, scratch.zeroed(24)), "capset", "of a thread");
    }
  }

  /** What a process of {@code group} is allowed of {@link #DEVICES}, whatever nodes there are. */
  private static List<String> tries(Cgroup group) throws Exception {
    String script =
        """
        mount -t tmpfs -o dev none /mnt && cd /mnt || exit 1
        for d; do mknod "$d" ${d%% *} $(echo "${d#* }" | tr : ' ') || exit 1; done
        echo 0 >/proc/self/fd/10
        try() {
          said=$("$@" 2>&1)
          case $said in
            *"not permitted"*) echo "$d $how denied" ;;
            *) echo "$d $how allowed" ;;
          esac
        }
        reads() { : <"$d"; }
        writes() { : >>"$d"; }
        both() { : <>"$d"; }
        makes() { mknod node.$$ ${d%% *} $(echo "${d#* }" | tr : ' '); rm -f node.$$; }
        for d; do
          how=r; try reads; how=w; try writes; how=rw; try both; how=m; try makes
        done
        """;
    List<String> words = new ArrayList<>(List.of("unshare", "-m", "busybox", "sh", "-c", script));
    words.add("tries");
    words.addAll(DEVICES);
    List<Fd> joins = group.openForJoining();
    try (Descriptors.Pipe pipe = Descriptors.pipe();
        Fd nothing = Descriptors.open("/dev/null", OpenFlag.READ)) {
      List<FdMapping> mappings =
          List.of(
              FdMapping.of(nothing, 0),
              FdMapping.of(pipe.writer(), 1),
              FdMapping.of(pipe.writer(), 2),
              FdMapping.of(joins.get(0), 10));
      int pid = new Program("/bin/busybox", words, List.of("PATH=/bin:/usr/bin"), mappings).spawn();
      int status = Processes.await(pid);
      pipe.writer().close();
      String text = new String(Descriptors.read(pipe.reader(), 65536), UTF_8);
      assertThat(status).as(text).isZero();
      return text.lines().toList();
    } finally {
      for (Fd join : joins) {
        join.close();
      }
    }
  }
}
