package rkt.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Running;

/** The descriptors that an app is born with. */
@Tag("privileged")
class StandardStreamsIT {
  /** Sets the mode and the owner that it has: it fails only for want of a right, and harms not. */
  private static final String CHANGE =
      "for n in 0 1 2; do chmod 666 /proc/$$/fd/$n && echo mode $n >&3;"
          + " chown 0:0 /proc/$$/fd/$n && echo owner $n >&3; done;"
          + " echo x > /proc/$$/fd/1 && echo writes >&3; cat /proc/$$/fd/0 && echo reads >&3";

  @Test
  void theNullDeviceOfTheHostCannotBeChangedThroughADescriptor() throws Exception {
    Path device = Path.of("/dev/null");
    Map<String, Object> before = Files.readAttributes(device, "unix:mode,uid,gid,ctime");
    try (Rkt rkt = Rkt.fresh()) {
      String image = Images.admitBusybox(rkt);
      Path shared = Files.createDirectory(rkt.home().resolve("shared")).toRealPath();
      String script = "exec 3>/v/seen; " + CHANGE;

      for (String input : List.of("--interactive", "--hostname=a")) {
        rkt.call(
                "run",
                input,
                "--volume=v,kind=host,source=" + shared,
                "--mount=volume=v,target=/v",
                image,
                "--",
                "-c",
                script)
            .under("sh", "-c", "exec \"$@\" </dev/null >/dev/null 2>&1", "sh")
            .run();
        assertThat(Files.readString(shared.resolve("seen"))).isEqualTo("writes\nreads\n");
      }

      try (Running _ =
          rkt.pod(
              "ready",
              "run",
              "--uuid-file-save=" + rkt.home().resolve("uuid"),
              "--volume=v,kind=host,source=" + shared,
              "--mount=volume=v,target=/v",
              image,
              "--",
              "-c",
              "echo ready; sleep 60")) {
        String uuid = Files.readString(rkt.home().resolve("uuid")).strip();
        rkt.call("enter", uuid, "/bin/sh", "-c", script)
            .under("sh", "-c", "exec \"$@\" </dev/null >/dev/null 2>&1", "sh")
            .run();
        assertThat(Files.readString(shared.resolve("seen"))).isEqualTo("writes\nreads\n");
        rkt.ok("stop", "--force", uuid);
      }
    }
    assertThat(Files.readAttributes(device, "unix:mode,uid,gid,ctime")).isEqualTo(before);
  }

  @Test
  void aDirectoryIsNotHandedOn() throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      String image = Images.admitBusybox(rkt);
      rkt.ok("run", image, "--", "-c", "true"); // makes the directories of pods

      Result result =
          rkt.refuses(
              "usage",
              rkt.call("run", "--interactive", image, "--", "-c", "ls /proc/self/fd/0/")
                  .under("sh", "-c", "exec \"$@\" </etc", "sh"));

      assertThat(result.err()).contains("standard input is a directory");
    }
  }
}
