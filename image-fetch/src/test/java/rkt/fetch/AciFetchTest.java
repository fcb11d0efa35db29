package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.Compression;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

final class AciFetchTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void anAciIsStoredAsServedAndNamedByItsUncompressedTar(Compression compression) throws Exception {
    byte[] plain = Fixtures.aci();
    byte[] served = Fixtures.compress(plain, compression);
    Image image = fetch(served);
    MessageDigest sha512 = Digest.Algorithm.SHA512.start();
    sha512.update(plain);
    assertThat(image.id())
        .isEqualTo(new ImageId(ImageId.Kind.ACI, Digest.of(Digest.Algorithm.SHA512, sha512)));
    assertThat(image.layers().getFirst().compression()).isEqualTo(compression);
    assertThat(Files.readAllBytes(store().blob(image.signed()))).isEqualTo(served);
    assertThat(store().find("example.com/app:1.0.0")).contains(image.id());
    assertThat(store().find("example.com/app")).contains(image.id());
    assertThat(store().find(image.id().toString().substring(0, 12))).contains(image.id());
  }

  @Test
  void theSignatureBesideTheFileComesAlong() throws Exception {
    Files.writeString(directory.resolve("app.aci.asc"), "a signature");
    Image image = fetch(Fixtures.aci());
    Digest signature = Digest.sha256(Fixtures.utf8("a signature"));
    assertThat(store().signatures(image.manifest())).containsExactly(signature);
    assertThat(store().blob(signature)).hasContent("a signature");
  }

  @Test
  void anUnverifiedAciIsNotLookedInto() throws Exception {
    Path file = Files.write(directory.resolve("app.aci"), Fixtures.utf8("no tar at all"));
    try (Fetched fetched = fetcher().fetch(new ImageRef.AciFile(file))) {
      assertThat(fetched.signedBytes()).hasContent("no tar at all");
      assertThat(fetched.signature()).isEmpty();
    }
  }

  @Test
  void anythingBesideManifestAndRootfsIsRefused() throws Exception {
    refused(tar().directory("rootfs").file("extra", "x").file("manifest", Fixtures.MANIFEST));
    refused(tar().directory("rootfs"));
    refused(tar().file("manifest", Fixtures.MANIFEST));
    refused(tar().file("manifest", Fixtures.MANIFEST).special("rootfs", '2', "/"));
    refused(honest().special("rootfs", '2', "/"));
    refused(honest().directory("rootfs"));
    refused(honest().file("manifest", Fixtures.MANIFEST));
    refused(honest().file("rootfs/../../evil", "x").file("../evil", "x"));
    refused(honest().file("rootfs-evil/x", "x"));
    refused(tar().special("manifest", '2', "rootfs/m").directory("rootfs"));
    refused(tar().special("manifest", '1', "rootfs/m").directory("rootfs"));
    refused(tar().special("manifest", '6', "").directory("rootfs"));
    refused(tar().directory("manifest").directory("rootfs"));
  }

  @Test
  void aDamagedOrCutFileIsRefused() throws Exception {
    for (Compression compression : Compression.values()) {
      byte[] whole = Fixtures.compress(Fixtures.aci(), compression);
      int cut = compression == Compression.NONE ? 700 : whole.length - 9;
      refused(Arrays.copyOf(whole, cut));
      byte[] more = Arrays.copyOf(whole, whole.length + 600);
      Arrays.fill(more, whole.length, more.length, (byte) 'x');
      refused(more);
    }
  }

  @Test
  void aBombIsRefused() throws Exception {
    byte[] zeros = new byte[80 << 20];
    byte[] aci = Fixtures.aci();
    System.arraycopy(aci, 0, zeros, 0, aci.length);
    refused(Fixtures.compress(zeros, Compression.ZSTD));
  }

  private void refused(Fixtures.Tar tar) throws Exception {
    refused(tar.bytes());
  }

  private void refused(byte[] served) throws Exception {
    Map<String, String> before = Fixtures.snapshot(directory.resolve("data"));
    try {
      Image image = fetch(served);
      throw new AssertionError("was fetched: " + image);
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(ErrorClass.INTEGRITY);
    }
    if (!before.isEmpty()) {
      assertThat(Fixtures.snapshot(directory.resolve("data"))).isEqualTo(before);
    }
    assertThat(store().list()).isEmpty();
  }

  private Image fetch(byte[] served) throws Exception {
    Path file = Files.write(directory.resolve("app.aci"), served);
    try (Fetched fetched = fetcher().fetch(new ImageRef.AciFile(file))) {
      Image image = fetched.image();
      fetched.commit(false, Map.of());
      return image;
    }
  }

  private Fetcher fetcher() {
    return new Fetcher(store(), FetchOptions.of(Map.of()));
  }

  private Store store() {
    return Store.at(directory.resolve("data"));
  }

  private static Fixtures.Tar tar() {
    return new Fixtures.Tar();
  }

  private static Fixtures.Tar honest() throws Exception {
    return tar().file("manifest", Fixtures.MANIFEST).directory("rootfs");
  }
}
