package rkt.spec.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.Vectors;

final class ImageVectorsTest {
  private static final Platform HOST = new Platform("linux", "amd64", "");
  private static final Digest A = Digest.parse("sha256:" + "a".repeat(64));

  static Stream<Path> accepted() throws IOException {
    return all("accept");
  }

  static Stream<Path> refused() throws IOException {
    return all("refuse");
  }

  private static Stream<Path> all(String verdict) throws IOException {
    return Stream.of(
            Vectors.in("image/aci/" + verdict),
            Vectors.in("image/oci-manifest/" + verdict),
            Vectors.in("image/oci-index/" + verdict),
            Vectors.in("image/oci-config/" + verdict))
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void anHonestDocumentIsReadAsItMeans(Path vector) throws Exception {
    String meaning = read(vector);
    Path expected = Path.of(vector.toString().replace(".json", ".expected"));
    if (Files.exists(expected)) {
      assertThat(meaning).isEqualTo(Files.readString(expected).strip());
    }
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aBrokenOrAmbiguousDocumentIsRefused(Path vector) {
    assertThatThrownBy(() -> read(vector))
        .isInstanceOfSatisfying(
            RktException.class, e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY));
  }

  @ParameterizedTest
  @MethodSource("images")
  void aResolvedImageSurvivesItsDocument(Path vector) throws Exception {
    Image image = image(vector);
    assertThat(ImageJson.read(ImageJson.write(image), "the image")).isEqualTo(image);
  }

  static Stream<Path> images() throws IOException {
    return Stream.of(Vectors.in("image/aci/accept"), Vectors.in("image/oci-config/accept"))
        .flatMap(List::stream);
  }

  @Test
  void anImageOfAFutureVersionIsRefused() {
    byte[] future = "{\"imageVersion\":2}".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> ImageJson.read(future, "the image"))
        .hasMessageContaining("a version that this rkt does not know");
  }

  @Test
  void chainIdsFollowTheOciDefinition() {
    Layer bottom = new Layer(A, 1, Compression.NONE, A);
    Digest second = Digest.sha256((A + " " + A).getBytes(StandardCharsets.US_ASCII));
    assertThat(ChainId.of(List.of(bottom, bottom))).containsExactly(A, second);
  }

  /** Reads a vector by the rules of its directory; gives what it means as text. */
  private static String read(Path vector) throws IOException, SpecException {
    byte[] bytes = Files.readAllBytes(vector);
    return switch (kind(vector)) {
      case "oci-manifest" -> {
        OciManifest manifest = OciManifest.parse(bytes, null, "the vector");
        manifest.requireImage("the vector");
        yield manifest.layers().toString();
      }
      case "oci-index" -> {
        OciIndex index = OciIndex.parse(bytes, null, "the vector");
        assertThat(index.select(HOST).map(OciDescriptor::digest)).contains(A);
        yield index.toString();
      }
      default -> new String(ImageJson.write(image(vector)), StandardCharsets.UTF_8);
    };
  }

  private static Image image(Path vector) throws IOException, SpecException {
    byte[] bytes = Files.readAllBytes(vector);
    OciDescriptor blob = OciDescriptor.of(MediaType.OCI_LAYER, A, 7);
    if (kind(vector).equals("aci")) {
      Digest id = Digest.parse("sha512:" + "b".repeat(128));
      return AciManifest.parse(bytes).resolve(id, A, blob, Compression.GZIP);
    }
    OciConfig config = OciConfig.parse(bytes, "the vector");
    OciDescriptor descriptor = OciDescriptor.of(MediaType.OCI_CONFIG, A, 7);
    return new OciManifest(MediaType.OCI_MANIFEST, "", descriptor, List.of(blob), Optional.empty())
        .resolve(A, new ImageName("example.com/app"), config, "the vector");
  }

  private static String kind(Path vector) {
    return String.valueOf(vector.getName(vector.getNameCount() - 3));
  }
}
