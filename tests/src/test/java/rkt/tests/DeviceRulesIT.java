package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What an app may do with devices, whoever holds it to that: spec/pod.md#device-rules. Each file
 * system of an app is nodev besides, so that the host makes the nodes that are tried here.
 */
@Tag("privileged")
class DeviceRulesIT extends PodTests {
  /** As the mounts of control groups are that rkt finds. */
  enum Host {
    AS_IT_IS(""),
    WITHOUT_VERSION_1("umount -a -t cgroup;"),
    WITHOUT_CONTROL_GROUPS("umount -a -t cgroup; umount -a -t cgroup2;");

    private final String change;

    Host(String change) {
      this.change = change;
    }

    String[] shell() {
      return new String[] {"unshare", "-m", "sh", "-c", change + "exec \"$@\"", "host"};
    }

    String rules() {
      boolean hasController = HostState.text(Path.of("/proc/mounts")).contains("devices");
      return switch (this) {
        case AS_IT_IS -> hasController ? "controller" : "program";
        case WITHOUT_VERSION_1 -> "program";
        case WITHOUT_CONTROL_GROUPS -> "nothing";
      };
    }
  }

  /** An app that may do anything but for its devices, with a file system that has them. */
  private static final String[] STRONG = {"--insecure-options=capabilities,seccomp,userns"};

  private static final String TRIES =
      "for n in null zero kmsg; do"
          + " for a in '<' '>>'; do (eval \": $a/nodes/$n\") 2>/dev/null && echo $a$n; done; done;";

  private static void makeNodes(long pid) throws Exception {
    String nodes = "/proc/" + pid + "/root/nodes/";
    Images.execute(List.of("mknod", nodes + "null", "c", "1", "3"));
    Images.execute(List.of("mknod", nodes + "zero", "c", "1", "5"));
    Images.execute(List.of("mknod", nodes + "kmsg", "c", "1", "11"));
  }

  @ParameterizedTest
  @EnumSource(
      value = Host.class,
      names = {"AS_IT_IS", "WITHOUT_VERSION_1"})
  void aStrongAppWithAnyNodeOpensTheDevicesOfItsListAlone(Host host) throws Exception {
    String script =
        "mkdir /nodes; mount -t tmpfs -o dev none /nodes || exit 9; mknod /nodes/own c 1 5; echo ready;"
            + " until [ -e /nodes/kmsg ]; do sleep 0.1; done; ls /nodes; "
            + TRIES
            + " echo tried; sleep 1000";
    Path uuidFile = rkt.home().resolve("uuid-" + UUID.randomUUID());
    try (Running running =
        rkt.call(words(script, STRONG[0], "--uuid-file-save=" + uuidFile))
            .under(host.shell())
            .start()
            .awaitOutput("ready")) {
      String uuid = Files.readString(uuidFile).strip();
      List<Long> processes = HostState.descendants(rkt.initPid(uuid));
      makeNodes(processes.get(1));
      running.awaitOutput("tried");
      String opened = "<null\n>>null\n<zero\n>>zero\n";
      assertThat(running.out()).isEqualTo("ready\nkmsg\nnull\nzero\n" + opened + "tried\n");
      assertThat(running.err()).contains("mknod: /nodes/own: Operation not permitted");

      assertThat(rkt.ok("enter", uuid, "sh", "-c", TRIES + "true").out()).isEqualTo(opened);
      assertThat(rkt.ok("status", "--format=json", uuid).out())
          .contains("\"device_rules\":{\"by\":\"" + host.rules() + "\"}");
      assertThat(rkt.ok("status", uuid).out()).contains("\ndevice-rules=" + host.rules() + "\n");
      rkt.ok("stop", uuid);
      running.await();
      assertThat(HostState.groups(uuid)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Host.class,
      names = {"AS_IT_IS", "WITHOUT_VERSION_1"})
  void aDeviceCanBeGivenForOneAccessAndToOneApp(Host host) throws Exception {
    String tries =
        "for a in '<' '>>'; do [ -c /dev/log ] && (eval \": $a/dev/log\") 2>/dev/null && echo \"$AC_APP_NAME $a\"; done;"
            + " mknod /tmp/node c 1 11 2>/dev/null && echo \"$AC_APP_NAME m\"; true";
    String log = "--device=/dev/kmsg:/dev/log:";
    Result result =
        rkt.call(
                "run",
                STRONG[0],
                image,
                "--name=reads",
                log + "r",
                "--",
                "-c",
                tries,
                "---",
                image,
                "--name=writes",
                log + "w",
                "--",
                "-c",
                tries,
                "---",
                image,
                "--name=makes",
                log + "rwm",
                "--",
                "-c",
                tries,
                "---",
                image,
                "--name=lacks",
                "--",
                "-c",
                tries)
            .under(host.shell())
            .run();
    assertThat(result.status()).as("%s", result).isZero();
    assertThat(result.lines())
        .containsExactlyInAnyOrder("reads <", "writes >>", "makes <", "makes >>", "makes m");
  }

  @ParameterizedTest
  @EnumSource(Host.class)
  void theSandboxSaysWhatIsAllowedAndWhatHoldsTheAppToIt(Host host) throws Exception {
    Result result =
        rkt.call("run", "--print-sandbox", "--device=/dev/kmsg", image).under(host.shell()).run();
    assertThat(result.status()).as("%s", result).isZero();
    String compact = result.out().replaceAll("\\s", "");
    assertThat(compact)
        .contains(
            "\"allowed_devices\":[\"c1:3rw\",\"c1:5rw\",\"c1:7rw\",\"c1:8rw\",\"c1:9rw\",\"c5:0rw\","
                + "\"c5:2rw\",\"c136:*rw\",\"c1:11rw\"]")
        .contains("\"device_rules\":{\"by\":\"" + host.rules() + "\"");
  }

  @Test
  void whatNothingWouldEnforceIsRefusedIfItIsAskedForAndReportedOtherwise() throws Exception {
    String[] nowhere = Host.WITHOUT_CONTROL_GROUPS.shell();
    assertThat(
            rkt.refuses("run", rkt.call(words("true", "--device=/dev/kmsg:r")).under(nowhere))
                .err())
        .contains("cannot give /dev/kmsg with the access r alone: nothing here would hold the app");

    Path uuidFile = rkt.home().resolve("uuid-nothing");
    String[] plain = words("true", "--device=/dev/kmsg", "--uuid-file-save=" + uuidFile);
    assertThat(rkt.call(plain).under(nowhere).run().status()).isZero();
    assertThat(rkt.ok("status", "--format=json", "--uuid-file=" + uuidFile).out())
        .contains(
            "\"device_rules\":{\"by\":\"nothing\",\"reason\":\"there is neither a devices controller"
                + " of version 1 nor a group of version 2; ");
  }

  @Test
  void whatNoDeviceRuleCanSayIsRefused() throws Exception {
    assertThat(rkt.refuses("usage", words("true", "--device=/dev/zero:/dev/x:r")).err())
        .contains("every app can read and write this device");
    rkt.refuses("usage", words("true", "--device=/dev/kmsg:m"));
    String[] fly = words("true", "--stage1-name=fly", "--device=/dev/kmsg:r");
    assertThat(rkt.refuses("usage", fly).err()).contains("the stage1 \"fly\" cannot give");
  }
}
