package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import rkt.kernel.DeviceRule;

class HostDevicesTest {
  @Test
  void whatEveryAppMayUseIsWhatTheVectorsSay() throws Exception {
    assertThat(HostDevices.allowed().rules())
        .extracting(DeviceRule::toString)
        .isEqualTo(Files.readAllLines(Path.of("../spec/vectors/devices/usual.rules")));
  }
}
