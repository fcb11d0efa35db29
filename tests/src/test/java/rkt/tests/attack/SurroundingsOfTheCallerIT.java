package rkt.tests.attack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** What the caller's process state must not do to an app. */
@Tag("privileged")
class SurroundingsOfTheCallerIT {
  @ParameterizedTest
  @ValueSource(strings = {"<&-", "<&- >&-", "<&- 2>&-", "<&- >&- 2>&-"})
  void aClosedStandardDescriptorIsNotAFileOfOurs(String closed) throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      String image = Images.admitBusybox(rkt);
      Path shared = Files.createDirectory(rkt.home().resolve("shared")).toRealPath();

      rkt.call(
              "run",
              "--interactive",
              "--volume=v,kind=host,source=" + shared,
              "--mount=volume=v,target=/v",
              image,
              "--",
              "-c",
              "for n in 0 1 2; do readlink /proc/$$/fd/$n; done > /v/links 3>&1")
          .under("sh", "-c", "exec \"$@\" " + closed, "sh")
          .run();

      assertThat(Files.readString(shared.resolve("links")))
          .doesNotContain("/modules")
          .doesNotContain(rkt.data().toString())
          .doesNotContain(Rkt.DISTRIBUTION.toString())
          .hasLineCount(3);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"000", "027", "077", "0777"})
  void theUmaskOfTheCallerIsNotThatOfTheRoot(String umask) throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      String image = Images.admitBusybox(rkt);

      Result result =
          rkt.call("run", "--user=1234", image, "--", "-c", "stat -c %a / /dev /tmp; umask")
              .under("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh")
              .run();

      assertThat(result.out()).as("%s", result).isEqualTo("755\n755\n1777\n0022\n");
    }
  }

  @Test
  void theFileForTheUuidIsNotWrittenThroughALink() throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      String image = Images.admitBusybox(rkt);
      Path target = Files.writeString(rkt.home().resolve("precious"), "precious");
      Path link = Files.createSymbolicLink(rkt.home().resolve("link"), target);

      Result result = rkt.run("run", "--uuid-file-save=" + link, image, "--", "-c", "echo ran");

      assertThat(result.status()).isEqualTo(254);
      assertThat(result.out()).isEmpty();
      assertThat(Files.readString(target)).isEqualTo("precious");
      assertThat(rkt.uuids()).isEmpty();
    }
  }

  @Test
  void theLauncherRunsNoProgramOfTheCallersPath() throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Path evil = Files.createDirectory(rkt.home().resolve("evil"));
      Path program =
          Files.writeString(evil.resolve("readlink"), "#!/bin/sh\ntouch " + evil + "/ran\n");
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
      Path link =
          Files.createSymbolicLink(evil.resolve("rkt"), Rkt.DISTRIBUTION.resolve("bin/rkt"));

      Result result =
          rkt.call()
              .env("PATH", evil + ":/usr/bin:/bin")
              .under("/bin/sh", "-c", "exec " + link + " version", "sh")
              .run();

      assertThat(result.status()).as("%s", result).isZero();
      assertThat(evil.resolve("ran")).doesNotExist();
    }
  }
}
