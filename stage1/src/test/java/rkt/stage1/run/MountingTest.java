package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class MountingTest {
  @ParameterizedTest
  @CsvSource({
    "/data, /data",
    "//data/, /data",
    "/a/./b, /a/b",
    "/process, /process",
    "/devices, /devices",
    "/a/proc, /a/proc",
    "/system, /system",
    "/..., /...",
  })
  void aTargetIsNormalised(String target, String normal) throws Exception {
    assertThat(Mounting.parse("volume=v,target=" + target)).isEqualTo(new Mounting("v", normal));
    assertThat(Mounting.parse("target=" + target + ",volume=v"))
        .isEqualTo(new Mounting("v", normal));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/proc",
        "/proc/",
        "//proc",
        "/./proc",
        "/proc/sys",
        "/sys",
        "/sys/fs/cgroup",
        "/dev",
        "/dev/shm",
        "/dev//null",
      })
  void whatTheRuntimeMountsItselfIsOffLimits(String target) {
    refused(target)
        .hasMessage("nothing may be mounted at \"" + target + "\", which is the runtime's own");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/..", "/../etc", "/data/..", "/a/../../b", "/a\0b", "/data/../proc"})
  void aTargetNeverLeadsUpwards(String target) {
    refused(target).hasMessage("the mount target \"" + target + "\" is not a plain path");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "//", "/.", "/./."})
  void theRootItselfIsNoTarget(String target) {
    refused(target).hasMessage("a volume cannot be mounted over the root of an app");
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ?> refused(String target) {
    return assertThatThrownBy(() -> Mounting.checked("v", target))
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "v",
        "volume=v",
        "target=/a",
        "volume=v,target=a",
        "volume=V,target=/a",
        "volume=v,target=/a,target=/b",
        "volume=v,volume=w,target=/a",
        "volume=v,target=/a,ro",
      })
  void whatIsNoMountIsAUsageError(String text) {
    assertThatThrownBy(() -> Mounting.parse(text))
        .isInstanceOf(StageException.class)
        .hasMessage("cannot read the mount \"" + text + "\"");
  }

  @Test
  void aRelativeTargetIsABug() {
    assertThatThrownBy(() -> new Mounting("v", "data"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
