package rkt.tests.attack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Call;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Running;

/** Who can write to the data directory decides what runs as root. */
@Tag("privileged")
class DataDirectoryIT {
  @ParameterizedTest
  @ValueSource(strings = {"run x", "fetch x", "list", "gc", "image list", "enter x", "stop x"})
  void aDirectoryOfAnotherUserOrOpenToOthersIsNotUsed(String words) throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Path open = Files.createDirectory(rkt.home().resolve("open"));
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
      assertRefused(rkt.withData(open), open, words);

      Path foreign = Files.createDirectory(rkt.home().resolve("foreign"));
      Files.setAttribute(foreign, "unix:uid", 1234);
      assertRefused(rkt.withData(foreign), foreign, words);
    }
  }

  @ParameterizedTest
  @CsvSource({"rkt-fetch, 2", "rkt-verify, 2", "rkt-render, 2", "rkt-run, 254"})
  void neitherDoesASingleToolUseIt(String tool, int status) throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Path open = Files.createDirectory(rkt.home().resolve("open"));
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
      Path foreign = Files.createDirectory(rkt.home().resolve("foreign"));
      Files.setAttribute(foreign, "unix:uid", 1234);
      for (Path data : List.of(open, foreign)) {
        Result result = rkt.withData(data).tool(tool, "/nowhere.aci").run();
        assertThat(result.status()).as("%s", result).isEqualTo(status);
        Rkt.assertRefusalText("usage", result);
        assertThat(result.err()).contains(data.toString());
        assertThat(data).isEmptyDirectory();
      }
    }
  }

  private static void assertRefused(Rkt rkt, Path data, String words) throws Exception {
    Result result = rkt.run(words.split(" ", -1));
    assertThat(result.status()).isEqualTo(254);
    Rkt.assertRefusalText("usage", result);
    assertThat(result.err()).contains(data.toString());
    try (Stream<Path> content = Files.list(data)) {
      assertThat(content).isEmpty();
    }
  }

  @Test
  void whatRktMakesIsForItsOwnerOnlyWhateverTheUmask() throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Images.trust(rkt);
      String image = Images.admit(rkt, Images.busybox());
      rkt.call("run", image, "--", "-c", "true")
          .under("sh", "-c", "umask 000; exec \"$@\"", "sh")
          .run();
      try (Stream<Path> entries = Files.list(rkt.data())) {
        for (Path entry : (Iterable<Path>) entries::iterator) {
          if (!entry.endsWith("seccomp")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(entry)))
                .as("%s", entry)
                .isEqualTo(Files.isDirectory(entry) ? "rwx------" : "rw-------");
          }
        }
      }
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(rkt.data())))
          .isEqualTo("rwx------");
    }
  }

  /** CVE-2021-41091, CVE-2024-25621: set-uid programs of an image are no one else's. */
  @Test
  void anotherUserCannotAskForAnythingInItWhileAPodRuns() throws Exception {
    String ask =
        """
        import os, sys
        seen = 0
        for path in sys.stdin.buffer.read().split(b'\\0'):
            for call in (os.stat, os.listdir):
                try:
                    call(path)
                    print('may', call.__name__, path)
                except PermissionError:
                    seen += 1
        print('refused', seen)
        """;
    try (Rkt rkt = Rkt.fresh()) {
      Files.setPosixFilePermissions(rkt.home(), PosixFilePermissions.fromString("rwxr-xr-x"));
      Images.trust(rkt);
      String image = Images.admit(rkt, Images.busybox().file("bin/suid", 04755, "#!/bin/sh\n"));
      try (Running pod =
          rkt.call("run", image, "--", "-c", "echo ready; sleep 1000")
              .under("sh", "-c", "umask 000; exec \"$@\"", "sh")
              .start()
              .awaitOutput("ready")) {
        List<String> paths = new ArrayList<>();
        for (String part : List.of("store", "trees", "pods")) {
          try (Stream<Path> found = Files.walk(rkt.data().resolve(part), 4)) {
            found.forEach(path -> paths.add(path.toString()));
          }
        }
        assertThat(paths).hasSizeGreaterThan(10).anyMatch(path -> path.endsWith("/bin"));

        Result result =
            new Call(List.of("python3", "-c", ask))
                .under("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
                .stdin(String.join("\0", paths).getBytes(UTF_8))
                .run();

        assertThat(result.out()).as("%s", result).isEqualTo("refused " + 2 * paths.size() + "\n");
        assertThat(pod.isAlive()).isTrue();
        rkt.ok("stop", "--force", rkt.uuids().get(0));
      }
    }
  }
}
