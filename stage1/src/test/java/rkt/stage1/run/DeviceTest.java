package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.kernel.DeviceRule;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class DeviceTest {
  @Test
  void aDeviceKeepsItsNameUnlessAnotherIsGiven() throws Exception {
    Device fuse = new Device("/dev/fuse", "/dev/fuse", DeviceRule.READ_WRITE);
    assertThat(Device.parse("/dev/fuse")).isEqualTo(fuse);
    assertThat(Device.parse("/dev/fuse:rw")).isEqualTo(fuse);
    assertThat(Device.parse("/dev/fuse:wr")).isEqualTo(fuse);
    assertThat(Device.parse("/dev/sda:/dev/disk/one:rw"))
        .isEqualTo(new Device("/dev/sda", "/dev/disk/one", DeviceRule.READ_WRITE));
    assertThat(Device.parse("/dev/null:/dev/null2"))
        .isEqualTo(new Device("/dev/null", "/dev/null2", DeviceRule.READ_WRITE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fuse",
        "/dev",
        "/dev/",
        "/devices/x",
        "/etc/passwd",
        "/dev/../etc/passwd",
        "/dev//fuse",
        "/dev/fuse/.",
        "/dev/fuse:",
        "/dev/fuse:x",
        "/dev/fuse:/tmp/fuse",
        "/dev/fuse:/dev/..",
        "/dev/fuse:rw:rw",
        "/dev/fuse:/dev/a:rw:x",
        "/dev/fuse:/dev/null",
        "/dev/fuse:/dev/pts/0",
        "/dev/fuse:/dev/shm/x",
        "/dev/fuse:/dev/console",
        "/dev/tty",
      })
  void whatIsNoDeviceOrNoPlaceForOneIsAUsageError(String text) {
    refused(text);
  }

  @Test
  void anAccessIsSomeOfReadingWritingAndMakingNodes() throws Exception {
    for (String access : List.of("r", "w", "rm", "wm", "rwm")) {
      Device device = Device.parse("/dev/fuse:/dev/here:" + access);
      assertThat(DeviceRule.letters(device.access())).isEqualTo(access);
      assertThat(device.isRestricted()).isEqualTo(!access.startsWith("rw"));
      assertThat(device.text()).isEqualTo("/dev/fuse:/dev/here:" + access);
    }
    assertThat(Device.parse("/dev/fuse:rw").text()).isEqualTo("/dev/fuse:/dev/fuse");
  }

  @ParameterizedTest
  @ValueSource(strings = {"m", "rr", "rwmr", "rwx", "R"})
  void whatIsNoAccessOrOpensNothingIsRefused(String access) {
    refused("/dev/fuse:" + access);
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ?> refused(String text) {
    return assertThatThrownBy(() -> Device.parse(text))
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }
}
