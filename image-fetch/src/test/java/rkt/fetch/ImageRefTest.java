package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;

final class ImageRefTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "cimd:docker:v=0:registry.example.com/app:1.4 docker://registry.example.com/app:1.4",
        "cimd:aci-archive:v=0:https%3A%2F%2Fexample.com%2Fapp.aci https://example.com/app.aci",
        "cimd:appc:v=0:example.com/app?version=1.0&os=linux example.com/app:1.0,os=linux",
      })
  void whatRktCalledAnImageToItselfIsThatImage(String identifier, String reference)
      throws Exception {
    assertThat(ImageRef.parse(identifier, Path.of("/")))
        .isEqualTo(ImageRef.parse(reference, Path.of("/")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cimd:",
        "cimd:appc:v=0:",
        "cimd:appc:v=1:example.com/app",
        "cimd:oci:v=0:x",
        "cimd:aci-archive:v=0:%2Fetc%2Fpasswd.aci",
        "cimd:aci-archive:v=0:%zz",
        "cimd:appc:v=0:../../x",
      })
  void anIdentifierOfAnotherKindIsRefused(String identifier) {
    assertThatThrownBy(() -> ImageRef.parse(identifier, Path.of("/")))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE));
  }

  @TempDir Path cwd;

  @ParameterizedTest
  @CsvSource({
    "docker://busybox, docker.io/library/busybox:latest",
    "docker:busybox:1.36, docker.io/library/busybox:1.36",
    "docker://user/app, docker.io/user/app:latest",
    "docker://index.docker.io/user/app:1, docker.io/user/app:1",
    "docker://localhost/app, localhost/app:latest",
    "docker://127.0.0.1:5000/team/app:1.4, 127.0.0.1:5000/team/app:1.4",
    "docker://quay.io/a/b/c:v1, quay.io/a/b/c:v1",
    "https://example.com/app.aci, https://example.com/app.aci",
    "example.com/app, example.com/app",
    "example.com/app:1.0.0, example.com/app:1.0.0",
    "'example.com/app:1.0.0,os=linux,arch=amd64', example.com/app:1.0.0",
    "'example.com/app,os=linux', example.com/app",
    "sha512-abcd, sha512-abcd",
    "sha256:abcd, sha256:abcd",
  })
  void aReferenceIsLookedUpUnderItsFullSpelling(String text, String lookup) throws Exception {
    assertThat(ImageRef.parse(text, cwd).lookup()).isEqualTo(lookup);
  }

  @Test
  void aDigestTakesThePlaceOfTheTag() throws Exception {
    Digest digest = Digest.sha256(new byte[0]);
    assertThat(ImageRef.parse("docker://localhost:5000/app@" + digest, cwd))
        .isEqualTo(new ImageRef.Registry("localhost:5000", "app", "", Optional.of(digest)))
        .extracting(ImageRef::lookup)
        .isEqualTo("localhost:5000/app@" + digest);
  }

  @Test
  void pathsAreFilesAndNamesAreNames() throws Exception {
    assertThat(ImageRef.parse("./app", cwd)).isEqualTo(new ImageRef.AciFile(cwd.resolve("app")));
    assertThat(ImageRef.parse("app.aci", cwd))
        .isEqualTo(new ImageRef.AciFile(cwd.resolve("app.aci")));
    assertThat(ImageRef.parse("file:///srv/app.aci", cwd))
        .isEqualTo(new ImageRef.AciFile(Path.of("/srv/app.aci")));
    assertThat(ImageRef.parse("example.com/app", cwd))
        .isEqualTo(new ImageRef.AppcName(new ImageName("example.com/app"), Map.of()));
    Files.writeString(cwd.resolve("plain"), "");
    assertThat(ImageRef.parse("plain", cwd)).isEqualTo(new ImageRef.AciFile(cwd.resolve("plain")));
  }

  @Test
  void aLayoutHasATagOrADigestOrNeither() throws Exception {
    Digest digest = Digest.sha256(new byte[0]);
    Path layout = cwd.resolve("layout");
    assertThat(ImageRef.parse("oci:layout", cwd))
        .isEqualTo(new ImageRef.OciLayout(layout, "", Optional.empty()));
    assertThat(ImageRef.parse("oci:layout:v1", cwd))
        .isEqualTo(new ImageRef.OciLayout(layout, "v1", Optional.empty()));
    assertThat(ImageRef.parse("oci:" + layout + "@" + digest, cwd))
        .isEqualTo(new ImageRef.OciLayout(layout, "", Optional.of(digest)));
    assertThat(ImageRef.parse("oci:layout:host:5000/app:v1", cwd))
        .isEqualTo(new ImageRef.OciLayout(layout, "host:5000/app:v1", Optional.empty()));
  }

  @Test
  void archivesAndDirectoriesAreNamedByTheirPrefix() throws Exception {
    assertThat(ImageRef.parse("oci-archive:a.tar:v1", cwd))
        .isEqualTo(new ImageRef.OciArchive(cwd.resolve("a.tar"), "v1", Optional.empty()));
    assertThat(ImageRef.parse("docker-archive:a.tar:x/app:v1", cwd))
        .isEqualTo(new ImageRef.DockerArchive(cwd.resolve("a.tar"), "x/app:v1"));
    assertThat(ImageRef.parse("docker-archive:a.tar:@1", cwd))
        .isEqualTo(new ImageRef.DockerArchive(cwd.resolve("a.tar"), "@1"));
    assertThat(ImageRef.parse("dir:a", cwd))
        .isEqualTo(new ImageRef.DirectoryImage(cwd.resolve("a")));
    Files.writeString(cwd.resolve("odd:name.tar"), "");
    assertThat(ImageRef.parse("oci-archive:odd:name.tar", cwd))
        .isEqualTo(new ImageRef.OciArchive(cwd.resolve("odd:name.tar"), "", Optional.empty()));
  }

  @Test
  void otherProtocolsAreForPrograms() throws Exception {
    for (String text :
        new String[] {
          "magnet:?xt=urn:btih:aa&dn=app.aci",
          "ipfs://example.com/app",
          "https://example.com/app.aci.torrent"
        }) {
      assertThat(ImageRef.parse(text, cwd)).isEqualTo(new ImageRef.Transported(URI.create(text)));
    }
  }

  @Test
  void aUrlIsKeptAsItIs() throws Exception {
    assertThat(ImageRef.parse("http://localhost:8080/a/app.aci?x=1", cwd))
        .isEqualTo(new ImageRef.AciUrl(URI.create("http://localhost:8080/a/app.aci?x=1")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "docker://",
        "docker://UPPER/x",
        "docker://a/../b",
        "docker://host:5000/app:bad tag",
        "docker://app@sha256:123",
        "docker://app@sha256:../../../../etc/passwd",
        "docker://host:65536/app",
        "docker://host:0/app",
        "https://example.com/app",
        "https://example.com:65536/app.aci",
        "https://user:secret@example.com/app.aci",
        "ftp://user:secret@example.com/app.aci",
        "git+ssh://example.com/app.aci",
        "file://host/app.aci",
        "oci:",
        "oci:layout@sha256:12",
        "oci-archive:",
        "docker-archive:",
        "docker-archive:file:@x",
        "dir:",
        "example.com/app,os",
        "example.com/app,OS=linux",
        "example.com/app:1,version=2",
        "example.com/app,name=x",
        "example.com/app,os=a b",
        "Example.com/App",
        "example.com/app:",
      })
  void whatNamesNoImageIsAUsageErrorThatShowsNoPassword(String text) {
    assertThatThrownBy(() -> ImageRef.parse(text, cwd))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.USAGE))
        .message()
        .doesNotContain("secret");
  }
}
