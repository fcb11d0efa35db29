package rkt.spec.store;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.SpecException;

class DataDirectoryTest {
  @TempDir Path parent;

  @Test
  void aMissingDirectoryIsFine() {
    assertThatCode(() -> DataDirectory.check(parent.resolve("missing"))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwx------", "rwxr-xr-x"})
  void oneThatOnlyItsOwnerWritesToIsFine(String mode) throws Exception {
    assertThatCode(() -> DataDirectory.check(directory(mode))).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxrwx", "rwx-w----", "rwx----w-"})
  void oneThatOthersWriteToIsRefused(String mode) throws Exception {
    Path directory = directory(mode);
    assertThatThrownBy(() -> DataDirectory.check(directory))
        .isInstanceOf(SpecException.class)
        .hasMessageContaining(directory + " is open to others");
  }

  private Path directory(String mode) throws Exception {
    return Files.setPosixFilePermissions(
        Files.createDirectory(parent.resolve("data")), PosixFilePermissions.fromString(mode));
  }
}
