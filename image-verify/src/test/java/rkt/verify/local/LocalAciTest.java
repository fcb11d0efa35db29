package rkt.verify.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.SpecException;
import rkt.verify.Candidate;
import rkt.verify.openpgp.TrustException;

/** That a verdict is about the bytes that were hashed, whatever happens to the file meanwhile. */
class LocalAciTest {
  @TempDir Path dir;

  private static byte[] aci(String name) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      byte[] manifest =
          ("{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"" + name + "\"}")
              .getBytes(UTF_8);
      TarArchiveEntry entry = new TarArchiveEntry("manifest");
      entry.setSize(manifest.length);
      tar.putArchiveEntry(entry);
      tar.write(manifest);
      tar.closeArchiveEntry();
      tar.putArchiveEntry(new TarArchiveEntry("rootfs/"));
      tar.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }

  private Path file(String name) throws IOException {
    return Files.write(dir.resolve("app.aci"), aci(name));
  }

  @Test
  void anUnsignedFileHasItsOwnNameAndEvidenceOfNothing() throws Exception {
    byte[] bytes = aci("example.com/app");
    try (LocalAci aci = LocalAci.open(file("example.com/app"), null, null)) {
      assertThat(aci.signed()).isEqualTo(Digest.sha256(bytes));
      assertThat(aci.evidence().signatures()).isEmpty();
      Candidate candidate = aci.candidate();
      assertThat(candidate.name().text()).isEqualTo("example.com/app");
      assertThat(candidate.id().digest().algorithm()).isEqualTo(Digest.Algorithm.SHA512);
      assertThat(aci.candidate()).as("asked again").isEqualTo(candidate);
    }
  }

  @Test
  void theIdentifierIsOfTheUncompressedTarHoweverTheFileIsPacked() throws Exception {
    byte[] bytes = aci("example.com/app");
    MessageDigest sha512 = Digest.Algorithm.SHA512.start();
    sha512.update(bytes);
    Digest id = Digest.of(Digest.Algorithm.SHA512, sha512);
    try (LocalAci aci = LocalAci.open(file("example.com/app"), null, null)) {
      assertThat(aci.candidate().id().digest()).isEqualTo(id);
    }
    Path packed = dir.resolve("packed.aci");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(bytes);
    }
    try (LocalAci aci = LocalAci.open(packed, null, null)) {
      assertThat(aci.signed()).isEqualTo(Digest.sha256(Files.readAllBytes(packed)));
      assertThat(aci.candidate().id().digest()).isEqualTo(id);
    }
  }

  @Test
  void aFileThatIsPackedAfterItWasHashedIsRefused() throws Exception {
    Path file = file("example.com/app");
    try (LocalAci aci = LocalAci.open(file, null, null)) {
      try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
        out.write(aci("example.com/app"));
      }
      assertChanged(aci, "was changed while it was read");
    }
  }

  @Test
  void aFileWhoseSignatureCannotBeReadHasADigestAllTheSame() throws Exception {
    Path file = file("example.com/app");
    Files.writeString(dir.resolve("app.aci.asc"), "no signature");
    try (LocalAci aci = LocalAci.open(file, null, null)) {
      assertThat(aci.signed()).isEqualTo(Digest.sha256(aci("example.com/app")));
      assertThatThrownBy(aci::evidence).isInstanceOf(TrustException.class);
    }
  }

  @Test
  void aFileThatIsChangedAfterItWasHashedIsRefused() throws Exception {
    Path file = file("example.com/app");
    try (LocalAci aci = LocalAci.open(file, null, null)) {
      Files.write(file, aci("example.com/abc"), StandardOpenOption.TRUNCATE_EXISTING);
      assertChanged(aci, "was changed while it was read");
    }
    file("example.com/app");
    try (LocalAci aci = LocalAci.open(file, null, null)) {
      Files.write(file, new byte[512], StandardOpenOption.APPEND);
      assertChanged(aci, "was changed while it was read");
    }
    file("example.com/app");
    try (LocalAci aci = LocalAci.open(file, null, null)) {
      Files.write(file, new byte[0]);
      assertChanged(aci, "app.aci");
    }
  }

  private static void assertChanged(LocalAci aci, String words) {
    assertThatThrownBy(aci::candidate)
        .isInstanceOfSatisfying(
            SpecException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY))
        .hasMessageContaining(words);
  }

  @Test
  void aFileThatIsReplacedAfterItWasOpenedDoesNotMatter() throws Exception {
    Path file = file("example.com/app");
    try (LocalAci aci = LocalAci.open(file, null, null)) {
      Path other = Files.write(dir.resolve("other"), aci("example.com/other"));
      Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
      assertThat(aci.candidate().name().text()).isEqualTo("example.com/app");
    }
  }
}
