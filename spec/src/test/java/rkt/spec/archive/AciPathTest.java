package rkt.spec.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ErrorClass;
import rkt.spec.SpecException;

class AciPathTest {
  @TempDir Path cwd;

  @BeforeEach
  void fill() throws Exception {
    Files.createFile(cwd.resolve("plain"));
    Files.createFile(cwd.resolve("oci:plain"));
    Files.createDirectory(cwd.resolve("directory"));
  }

  @ParameterizedTest
  @CsvSource({
    "app.aci, app.aci",
    "./app, app",
    "../app, ../app",
    "sub/app.aci, sub/app.aci",
    "./oci:plain, oci:plain",
    "./sha256:00.aci, sha256:00.aci",
    "plain, plain",
    "a b.aci, a b.aci",
    "example.com:5000/app.aci, example.com:5000/app.aci"
  })
  void pathsAreBelowTheWorkingDirectory(String text, String path) throws Exception {
    assertThat(AciPath.find(text, cwd)).contains(cwd.resolve(path).normalize());
  }

  @Test
  void absolutePathsAndFileUrlsSayAll() throws Exception {
    assertThat(AciPath.find("/srv/x", cwd)).contains(Path.of("/srv/x"));
    assertThat(AciPath.find("/srv/../x", cwd)).contains(Path.of("/x"));
    assertThat(AciPath.find("file:///srv/a%20b.aci", cwd)).contains(Path.of("/srv/a b.aci"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.com/app",
        "example.com/app:1.0",
        "directory",
        "sha512-00.aci",
        "sha256:00",
        "docker://example.com/app.aci",
        "docker:app.aci",
        "https://example.com/app.aci",
        "ftp://example.com/app.aci",
        "magnet:?xt=app.aci",
        "cimd:appc:v=0:app.aci",
        "oci:plain",
        "oci:./layout",
        "oci-archive:./x.aci",
        "docker-archive:./x.aci",
        "dir:/srv",
        "nul\0",
        ""
      })
  void everythingElseIsNoPath(String text) throws Exception {
    assertThat(AciPath.find(text, cwd)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nul\0.aci", "/nul\0", "file:///x", "file://host/x.aci", "file://%zz.aci"})
  void aPathThatNoFileCanHaveIsRefused(String text) {
    assertThatThrownBy(() -> AciPath.find(text, cwd))
        .isInstanceOfSatisfying(
            SpecException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }
}
