package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DescriptorRoomTest {
  /** How many descriptors there are places for in this process. proc_pid_status(5) */
  private static int places() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("FDSize:")) {
        return Integer.parseInt(line.substring(line.indexOf(':') + 1).strip());
      }
    }
    throw new AssertionError("no FDSize");
  }

  @Test
  void thereIsRoomForManyAppsAMomentLater() throws Exception {
    int wanted = places() * 2;

    DescriptorRoom.makeFor(wanted / 6);

    for (int i = 0; places() < wanted && i < 200; i++) {
      Thread.sleep(10);
    }
    assertThat(places()).isGreaterThanOrEqualTo(wanted);
  }
}
