package rkt.stage1.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ErrorClass;
import rkt.stage1.StageException;

class TmpfsTest {
  @Test
  void withoutOptionsItIsBoundedAndRunsNothing() throws Exception {
    assertThat(Tmpfs.parse("/scratch"))
        .isEqualTo(new Tmpfs("/scratch", 64L << 20, 16_384, 01777, 0, 0, false, false));
  }

  @Test
  void optionsAreThoseOfTmpfs() throws Exception {
    assertThat(
            Tmpfs.parse("/a//b/:size=1g,nr_inodes=2k,mode=0750,uid=5,gid=6,exec,ro,nosuid,nodev"))
        .isEqualTo(new Tmpfs("/a/b", 1L << 30, 2048, 0750, 5, 6, true, true));
    assertThat(Tmpfs.parse("/a:exec,noexec,ro,rw"))
        .isEqualTo(new Tmpfs("/a", 64L << 20, 16_384, 01777, 0, 0, false, false));
  }

  @ParameterizedTest
  @CsvSource({"100, 100", "4k, 4096", "4K, 4096", "4Ki, 4096", "3m, 3145728", "3Mi, 3145728"})
  void aSizeIsInBytesOrPowersOf1024(String size, long bytes) throws Exception {
    assertThat(Tmpfs.parse("/a:size=" + size).bytes()).isEqualTo(bytes);
    assertThat(Tmpfs.parse("/a:size=" + size).files()).isEqualTo(Math.max(64, bytes / 4096));
  }

  @Test
  void sharedMemoryIsTheOnePlaceOfTheRuntimesThatItMayReplace() throws Exception {
    assertThat(Tmpfs.parse("/dev/shm:size=1g").target()).isEqualTo("/dev/shm");
    for (String place : new String[] {"/dev", "/dev/shm/x", "/dev/mqueue", "/proc", "/sys/fs"}) {
      assertThatThrownBy(() -> Tmpfs.parse(place)).hasMessageContaining("the runtime's own");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "scratch",
        "/",
        "/..",
        "/a/../b",
        "/a:size",
        "/a:size=",
        "/a:size=0",
        "/a:size=-1",
        "/a:size=+1",
        "/a:size=50%",
        "/a:size=1i",
        "/a:size=k",
        "/a:size=9223372036854775807k",
        "/a:size=1.5m",
        "/a:mode=8",
        "/a:mode=17777",
        "/a:uid=4294967296",
        "/a:uid=",
        "/a:dev",
        "/a:suid",
        "/a:exec=1",
        "/a:huge=always",
        "/a:,",
        "/a:size=1m:exec",
      })
  void whatCannotBeReadIsAUsageError(String text) {
    assertThatThrownBy(() -> Tmpfs.parse(text))
        .isInstanceOfSatisfying(
            StageException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }
}
