package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Pods that are started by a unit of systemd: by a process that is alone in a group called after
 * one, in every hierarchy. spec/pod.md#control-groups
 */
@Tag("privileged")
class UnitIT extends PodTests {
  private final List<Path> unit = new ArrayList<>();

  @BeforeEach
  void makeUnit() throws IOException {
    String name = "rkt-it-" + UUID.randomUUID() + ".service";
    for (Path hierarchy : HostState.hierarchies()) {
      unit.add(Files.createDirectory(hierarchy.resolve(name)));
    }
  }

  @AfterEach
  void removeUnit() throws Exception {
    for (Path group : unit) {
      Path aside = group.resolve("supervisor"); // version 2; systemd removes it with the unit
      HostState.await("the end of what is in " + group, () -> isEmpty(group) && isEmpty(aside));
      Files.deleteIfExists(aside);
      Files.delete(group); // fails if anything else was left in it
    }
    unit.clear();
  }

  @Test
  void aPodIsBelowTheUnitThatStartedIt() throws Exception {
    String uuid;
    try (Running running = start("echo ready; sleep 1000").awaitOutput("ready")) {
      uuid = uuid();
      assertThat(HostState.groups(uuid)).isEmpty();
      String app = "/" + unit.get(0).getFileName() + "/" + uuid + "/busybox\n";
      int init = rkt.initPid(uuid);
      assertThat(HostState.text(Path.of("/proc/" + init + "/cgroup")))
          .contains("/" + unit.get(0).getFileName())
          .doesNotContain(uuid);
      for (long pid : HostState.descendants(init)) {
        if (pid != init) {
          assertThat(HostState.text(Path.of("/proc/" + pid + "/cgroup"))).contains(app);
        }
      }
      assertThat(HostState.cgroupsBelow(unit, uuid)).isNotEmpty();
      rkt.ok("stop", uuid);
      running.await();
    }
    assertThat(HostState.cgroupsBelow(unit, uuid)).isEmpty();
  }

  @Test
  void whoEntersFromOutsideOfTheUnitIsInEveryGroupOfTheApp() throws Exception {
    try (Running running = start("echo ready; sleep 1000").awaitOutput("ready")) {
      String uuid = uuid();
      String ofPod = "/" + unit.get(0).getFileName() + "/" + uuid;
      String ofApp = ofPod + "/busybox"; // of its own where that makes a difference
      try (Running enter =
          rkt.call("enter", uuid, "sh", "-c", "echo in; sleep 1000; true")
              .start()
              .awaitOutput("in")) {
        List<Long> entered = HostState.descendants(enter.pid());
        assertThat(entered).hasSizeGreaterThan(1);
        for (long pid : entered.subList(1, entered.size())) {
          assertThat(HostState.text(Path.of("/proc/" + pid + "/cgroup")).lines())
              .filteredOn(line -> line.endsWith(ofApp) || line.endsWith(ofPod))
              .hasSameSizeAs(HostState.cgroupsBelow(unit, uuid))
              .anyMatch(line -> line.endsWith(ofApp));
        }
      }
      rkt.ok("stop", uuid);
      running.await();
    }
  }

  @Test
  void theLimitOfTheUnitHoldsForThePod() throws Exception {
    limitMemory("67108864");
    String file = rkt.home().resolve("uuid-unit").toString();

    Result result =
        rkt.call("run", "--uuid-file-save=" + file, "--exec=/bin/probe", image, "--", "eat", "300")
            .under(joining())
            .run();

    assertThat(result.status()).as("%s", result).isEqualTo(137);
    assertThat(result.out()).isEmpty();
    assertThat(rkt.ok("status", "--uuid-file=" + file).out()).contains("oom-busybox=true\n");
  }

  @Test
  void whatAKilledSupervisorLeavesInTheUnitIsCollected() throws Exception {
    String uuid;
    try (Running running = start("echo ready; sleep 1000").awaitOutput("ready")) {
      uuid = uuid();
      assertThat(HostState.cgroupsBelow(unit, uuid)).isNotEmpty();
      running.signal("KILL");
      running.await();
    }
    rkt.ok("gc", "--grace-period=0s");
    assertThat(HostState.cgroupsBelow(unit, uuid)).isEmpty();
  }

  private Running start(String script) throws Exception {
    return rkt.call(words(script, "--uuid-file-save=" + file())).under(joining()).start();
  }

  private Path file() {
    return rkt.home().resolve("uuid-" + unit.get(0).getFileName());
  }

  private String uuid() throws IOException {
    return Files.readString(file()).strip();
  }

  /** A shell that moves itself into the unit and becomes what it is given. */
  private String[] joining() {
    StringBuilder script = new StringBuilder();
    for (Path group : unit) {
      script.append("echo $$ >").append(group).append("/cgroup.procs && ");
    }
    return new String[] {"sh", "-c", script + "exec \"$@\"", "unit"};
  }

  private void limitMemory(String bytes) throws IOException {
    boolean isSet = false;
    for (Path group : unit) {
      for (String name : List.of("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")) {
        isSet |= write(group.resolve(name), bytes);
      }
      isSet |= write(group.resolve("memory.max"), bytes);
      write(group.resolve("memory.swap.max"), "0");
    }
    assertThat(isSet).as("some hierarchy that limits memory").isTrue();
  }

  private static boolean write(Path file, String text) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    Files.writeString(file, text);
    return true;
  }

  private static boolean isEmpty(Path group) {
    return HostState.text(group.resolve("cgroup.procs")).isEmpty();
  }
}
