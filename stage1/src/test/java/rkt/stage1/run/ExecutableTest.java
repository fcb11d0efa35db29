package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.kernel.DirFd;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class ExecutableTest {
  @TempDir Path directory;
  private Path root;

  @BeforeEach
  void anImage() throws IOException {
    root = Files.createDirectories(directory.resolve("root"));
    file("bin/tool", "rwxr-xr-x");
    file("bin/data", "rw-r--r--");
    file("work/run", "rwx------");
    Files.createSymbolicLink(root.resolve("bin/link"), Path.of("/work/run"));
    Files.writeString(directory.resolve("outside"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        directory.resolve("outside"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createSymbolicLink(root.resolve("bin/out"), directory.resolve("outside"));
    Files.createSymbolicLink(root.resolve("bin/loop"), Path.of("loop"));
  }

  private void file(String name, String mode) throws IOException {
    Files.createDirectories(root.resolve(name).getParent());
    Files.writeString(root.resolve(name), "");
    Files.setPosixFilePermissions(root.resolve(name), PosixFilePermissions.fromString(mode));
  }

  private List<String> candidates(String program, String directory, Map<String, String> environment)
      throws Exception {
    try (DirFd open = DirFd.open(root.toString())) {
      return Executable.candidates(
          "web",
          "",
          open,
          program,
          directory,
          AppEnvironment.path(AppEnvironment.lines(environment)));
    }
  }

  @Test
  void aNameIsSoughtInTheOrderOfPath() throws Exception {
    assertThat(candidates("tool", "/", Map.of("PATH", "/usr/bin:/bin:sbin")))
        .containsExactly("/usr/bin/tool", "/bin/tool", "/sbin/tool");
    assertThat(candidates("tool", "/", Map.of())).hasSize(6).contains("/bin/tool");
  }

  @Test
  void aPathIsTakenAsItIs() throws Exception {
    assertThat(candidates("/bin/tool", "/", Map.of())).containsExactly("/bin/tool");
    assertThat(candidates("./run", "/work", Map.of())).containsExactly("/work/./run");
  }

  @Test
  void aLinkIsFollowedInsideTheImage() throws Exception {
    assertThat(candidates("/bin/link", "/", Map.of())).containsExactly("/bin/link");
  }

  @Test
  void aPlaceOfTheKernelsIsLeftToTheKernelToJudge() throws Exception {
    assertThat(candidates("/proc/self/exe", "/", Map.of())).containsExactly("/proc/self/exe");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bin/data", "/bin", "/bin/out", "/bin/loop", "/none", "data", "run", ""})
  void aProgramThatTheImageDoesNotHoldIsRefusedBeforeAnythingStarts(String program) {
    assertThatThrownBy(() -> candidates(program, "/", Map.of()))
        .hasMessage("app \"web\" cannot start: no program \"" + program + "\" in its image")
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.RUN));
  }
}
