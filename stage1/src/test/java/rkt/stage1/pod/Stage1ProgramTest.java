package rkt.stage1.pod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.stage1.StageException;

class Stage1ProgramTest {
  private static final String ID = "6733c4d4-8d4a-4d51-b3f5-4f3d1a3f8c7e";

  @TempDir Path home;

  private Path program(String script) throws IOException {
    Path program = Files.writeString(home.resolve("program"), "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return program;
  }

  @Test
  void itCollectsInTheDirectoryOfThePod() throws Exception {
    Path program = program("echo $1 $2 > said; [ $RKT_POD_UUID = $2 ]");

    Stage1Program.collect(program, ID, home, Duration.ofMinutes(1));

    assertThat(home.resolve("said")).hasContent("gc " + ID);
  }

  @Test
  void aStatusThatIsNotZeroIsAFailure() throws Exception {
    Path program = program("exit 3");

    assertThatThrownBy(() -> Stage1Program.collect(program, ID, home, Duration.ofMinutes(1)))
        .isInstanceOf(StageException.class)
        .hasMessageContaining("cannot collect pod " + ID + ": it exited with 3");
  }

  @Test
  void oneThatDoesNotEndIsKilledWithWhatItStarted() throws Exception {
    Path program = program("sleep 1000 & echo $! > child; wait");
    long begun = System.nanoTime();

    assertThatThrownBy(() -> Stage1Program.collect(program, ID, home, Duration.ofSeconds(1)))
        .hasMessageContaining("cannot collect pod " + ID + ": it was killed after 1 s");

    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMinutes(1));
    Path stat = Path.of("/proc", Files.readString(home.resolve("child")).strip(), "stat");
    for (int i = 0; runs(stat) && i < 200; i++) {
      Thread.sleep(50);
    }
    assertThat(runs(stat)).isFalse();
  }

  /** Neither gone nor a zombie. */
  private static boolean runs(Path stat) throws IOException {
    try {
      return !Files.readString(stat).contains(") Z ");
    } catch (NoSuchFileException e) {
      return false;
    }
  }
}
