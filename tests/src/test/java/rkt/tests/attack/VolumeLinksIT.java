package rkt.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/**
 * A mount point that the image made a link into /dev: the volume's {@code null}, itself a link into
 * /proc/sys, was bound writable over what masks hide, and with it the host's core_pattern.
 */
@Tag("privileged")
class VolumeLinksIT {
  @ParameterizedTest
  @ValueSource(strings = {"/dev", "/dev/shm", "/sys", "/proc", "/", "/tmp/../dev"})
  void aLinkOfTheImageLeadsNoVolumeOntoWhatIsTheRuntimes(String target) throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Images.trust(rkt);
      String image = Images.admit(rkt, Images.busybox().link("data", target));
      Path source = Files.createDirectory(rkt.home().resolve("source")).toRealPath();
      Path device = source.resolve("null");
      Files.createSymbolicLink(device, Path.of("/apps/busybox/proc/sys/kernel/core_pattern"));

      Result result =
          rkt.run(
              "run",
              "--volume=v,kind=host,source=" + source,
              "--mount=volume=v,target=/data",
              image,
              "--",
              "-c",
              "echo started; cat /proc/keys");

      assertThat(result.status()).as("%s", result).isEqualTo(254);
      assertThat(result.out()).isEmpty();
      assertThat(result.err()).contains("which is the runtime's own");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/srv", "tmp", "/proc2", "/devices"})
  void otherLinksAreFollowedInsideTheRoot(String target) throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Images.trust(rkt);
      String image =
          Images.admit(
              rkt,
              Images.busybox()
                  .directory("srv", 0755)
                  .directory("proc2", 0755)
                  .directory("devices", 0755)
                  .link("data", target));
      Path source = Files.createDirectory(rkt.home().resolve("source")).toRealPath();
      Files.writeString(source.resolve("file"), "content\n");

      Result result =
          rkt.ok(
              "run",
              "--volume=v,kind=host,source=" + source,
              "--mount=volume=v,target=/data",
              image,
              "--",
              "-c",
              "cat /data/file");

      assertThat(result.out()).isEqualTo("content\n");
    }
  }
}
