package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.archive.ArchiveKind;
import rkt.spec.image.Compression;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.store.Store;

/** Images in tars, and in the plain files of a directory. */
final class ArchivesTest {
  private static final Path LAYOUT =
      Path.of("../spec/vectors/store/layouts/accept-plain").toAbsolutePath();
  private static final String LAYER = "not really a tar, but nobody looks";

  @TempDir Path directory;
  private Store store;

  @BeforeEach
  void open() throws Exception {
    store = Store.at(directory.resolve("data"));
    store.begin().close();
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void aTarOfALayoutIsTheLayout(Compression compression) throws Exception {
    Path archive = write("layout.tar", Fixtures.compress(tarOf(LAYOUT), compression));
    assertThat(fetch("oci-archive:" + archive)).isEqualTo(fetch("oci:" + LAYOUT));
    assertThat(fetch("oci-archive:" + archive + ":1")).isEqualTo(fetch("oci:" + LAYOUT));
    refused("oci-archive:" + archive + ":2", ErrorClass.NOT_FOUND);
  }

  @Test
  void aDockerArchiveGivesTheSameImageEachTime() throws Exception {
    Path archive = write("docker.tar", dockerArchive(LAYER, "a/layer.tar"));
    ImageId id = fetch("docker-archive:" + archive);
    assertThat(fetch("docker-archive:" + archive + ":app:1")).isEqualTo(id);
    assertThat(fetch("docker-archive:" + archive + ":docker.io/library/app:1")).isEqualTo(id);
    assertThat(fetch("docker-archive:" + archive + ":@0")).isEqualTo(id);
    Digest layer = Digest.sha256(Fixtures.utf8(LAYER));
    assertThat(Files.readString(store.blob(layer))).isEqualTo(LAYER);
    refused("docker-archive:" + archive + ":app:2", ErrorClass.NOT_FOUND);
    refused("docker-archive:" + archive + ":@1", ErrorClass.NOT_FOUND);
    assertThatThrownBy(() -> fetch("docker-archive:" + archive + ":@1"))
        .hasMessage("no such image: docker-archive:" + archive + ":@1");
  }

  @Test
  void aLinkedLayerIsTheFileThatItLeadsTo() throws Exception {
    byte[] plain = dockerArchive(LAYER, "b/layer.tar");
    ImageId id = fetch("docker-archive:" + write("plain.tar", plain));
    byte[] linked =
        docker(LAYER, "b/layer.tar")
            .file("a/layer.tar", LAYER)
            .special("b/layer.tar", '2', "../a/layer.tar")
            .bytes();
    assertThat(fetch("docker-archive:" + write("linked.tar", linked))).isEqualTo(id);
  }

  @Test
  void aLayerWithOtherBytesThanItsConfigPromisesIsRefused() throws Exception {
    byte[] changed = docker(LAYER, "layer.tar").file("layer.tar", LAYER + "!").bytes();
    refused("docker-archive:" + write("changed.tar", changed), ErrorClass.INTEGRITY);
  }

  @Test
  void linksThatLeaveTheArchiveOrTurnInCirclesLeadNowhere() throws Exception {
    for (String target : new String[] {"/etc/passwd", "../../../etc/passwd", "layer.tar"}) {
      byte[] bad = docker(LAYER, "layer.tar").special("layer.tar", '2', target).bytes();
      refused("docker-archive:" + write("bad.tar", bad), ErrorClass.INTEGRITY);
    }
  }

  @Test
  void anArchiveThatIsCutOrHasANameTwiceIsRefused() throws Exception {
    byte[] whole = tarOf(LAYOUT);
    byte[] half = Arrays.copyOf(whole, 700);
    refused("oci-archive:" + write("half.tar", half), ErrorClass.INTEGRITY);
    byte[] twice = new Fixtures.Tar().file("oci-layout", "{}").file("./oci-layout", "{}").bytes();
    refused("oci-archive:" + write("twice.tar", twice), ErrorClass.INTEGRITY);
    refused("oci-archive:" + directory.resolve("none.tar"), ErrorClass.NOT_FOUND);
    refused("oci-archive:" + LAYOUT, ErrorClass.USAGE);
  }

  @Test
  void lookingForTheKindOfAnArchiveExpandsNoMoreThanAnImageMay() throws Exception {
    byte[] block = new byte[1 << 20];
    Path bomb = directory.resolve("bomb.tar.gz");
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new GZIPOutputStream(Files.newOutputStream(bomb)))) {
      for (int i = 0; i < 65; i++) {
        TarArchiveEntry entry = new TarArchiveEntry("junk-" + i);
        entry.setSize(block.length);
        tar.putArchiveEntry(entry);
        tar.write(block);
        tar.closeArchiveEntry();
      }
      tar.putArchiveEntry(new TarArchiveEntry("manifest.json"));
      tar.closeArchiveEntry();
    }
    assertThatThrownBy(() -> ArchiveKind.of(bomb))
        .isInstanceOfSatisfying(
            SpecException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY))
        .hasMessageContaining("expands to more than an image may");
  }

  @Test
  void aDirectoryOfPlainFilesIsAnImage() throws Exception {
    byte[] config = config(LAYER);
    byte[] manifest = manifest(config);
    Path image = Files.createDirectories(directory.resolve("image"));
    Files.write(image.resolve("manifest.json"), manifest);
    Files.write(image.resolve(Digest.sha256(config).hex()), config);
    Path layer = image.resolve(Digest.sha256(Fixtures.utf8(LAYER)).hex());
    Files.writeString(layer, LAYER);
    assertThat(fetch("dir:" + image).digest()).isEqualTo(Digest.sha256(manifest));
    Files.delete(layer);
    Files.createSymbolicLink(layer, Path.of("/etc/passwd"));
    store = Store.at(directory.resolve("other"));
    store.begin().close();
    refused("dir:" + image, ErrorClass.INTEGRITY);
    refused("dir:" + directory, ErrorClass.NOT_FOUND);
  }

  @Test
  void anImageForAnotherMachineIsFetchedIfItIsAskedFor() throws Exception {
    String arm = new String(config(LAYER), StandardCharsets.UTF_8).replace("amd64", "arm64");
    Fixtures.Tar tar = new Fixtures.Tar().file("manifest.json", list("layer.tar"));
    Path archive = write("arm.tar", tar.file("config.json", arm).file("layer.tar", LAYER).bytes());
    refused("docker-archive:" + archive, ErrorClass.NOT_FOUND);
    FetchOptions options = FetchOptions.of(Map.of()).withPlatform("", "aarch64", "");
    assertThat(fetch("docker-archive:" + archive, options).digest()).isNotNull();
    assertThatThrownBy(() -> FetchOptions.of(Map.of()).withPlatform("../x", "", ""))
        .isInstanceOf(RktException.class);
  }

  @Test
  void anArchiveIsJudgedUnderTheNameThatTheUserGives() throws Exception {
    Path archive = write("docker.tar", dockerArchive(LAYER, "layer.tar"));
    ImageName name = new ImageName("example.com/app");
    ImageId id =
        fetch(
            "docker-archive:" + archive + ":app:1", FetchOptions.of(Map.of()).withImageName(name));
    assertThat(store.image(id).name()).isEqualTo(name);
    assertThat(store.find("example.com/app:1")).contains(id);
  }

  private static byte[] config(String layer) {
    return Fixtures.utf8(
        """
        {"os":"linux","architecture":"amd64","config":{"Cmd":["/bin/app"]},
         "rootfs":{"type":"layers","diff_ids":["%s"]}}\
        """
            .formatted(Digest.sha256(Fixtures.utf8(layer))));
  }

  private static byte[] manifest(byte[] config) {
    return Fixtures.utf8(
        """
        {"schemaVersion":2,"mediaType":"%s",
         "config":{"mediaType":"%s","digest":"%s","size":%d},
         "layers":[{"mediaType":"%s","digest":"%s","size":%d}]}\
        """
            .formatted(
                MediaType.OCI_MANIFEST,
                MediaType.OCI_CONFIG,
                Digest.sha256(config),
                config.length,
                MediaType.OCI_LAYER,
                Digest.sha256(Fixtures.utf8(LAYER)),
                LAYER.length()));
  }

  private static String list(String layerName) {
    return "[{\"Config\":\"config.json\",\"RepoTags\":[\"app:1\"],\"Layers\":[\""
        + layerName
        + "\"]}]";
  }

  /** Everything but the layer. */
  private static Fixtures.Tar docker(String layer, String layerName) throws IOException {
    return new Fixtures.Tar()
        .file("manifest.json", list(layerName))
        .file("config.json", new String(config(layer), StandardCharsets.UTF_8));
  }

  private static byte[] dockerArchive(String layer, String layerName) throws IOException {
    return docker(layer, layerName).file(layerName, layer).bytes();
  }

  private static byte[] tarOf(Path layout) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream out = new TarArchiveOutputStream(bytes);
        Stream<Path> files = Files.walk(layout)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        TarArchiveEntry entry = new TarArchiveEntry("./" + layout.relativize(file));
        entry.setSize(Files.size(file));
        out.putArchiveEntry(entry);
        Files.copy(file, out);
        out.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(directory.resolve(name), bytes);
  }

  private ImageId fetch(String text) throws Exception {
    return fetch(text, FetchOptions.of(Map.of()));
  }

  private ImageId fetch(String text, FetchOptions options) throws Exception {
    try (Fetched fetched = new Fetcher(store, options).fetch(ImageRef.parse(text, directory))) {
      fetched.commit(false, Map.of());
      return fetched.image().id();
    }
  }

  private void refused(String text, ErrorClass expected) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    assertThatThrownBy(() -> fetch(text))
        .as(text)
        .isInstanceOfSatisfying(
            RktException.class,
            e -> assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected));
    assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
  }
}
