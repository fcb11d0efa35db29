package rkt.stage1.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.image.Image;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.Entry;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;

class RktRenderTest {
  @TempDir Path data;
  @TempDir Path temp;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void anUnknownImageIsNotFound() {
    int status = run("--dir=" + data, "example.com/app");

    assertThat(status).isEqualTo(10);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            """
            not-found: no image in the store is called example.com/app
              fix: rkt-fetch example.com/app
            """);
    assertThat(data).isEmptyDirectory();
  }

  @Test
  void eachFailureIsToldAsJsonAndTheFirstGivesTheStatus() {
    assertThat(run("--dir=" + data, "--format=json", "example.com/a", "example.com/b"))
        .isEqualTo(10);
    assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(err.toString(StandardCharsets.UTF_8).lines().toList())
        .hasSize(2)
        .allSatisfy(line ->
            assertThat(line).startsWith("{\"error\":{\"class\":\"not-found\",").endsWith("}}"));
  }

  @Test
  void noImageIsBadUsage() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("usage: ");
  }

  @Test
  void helpShowsBothForms() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("IMAGE...").contains("IMAGE DIR");
  }

  @Test
  void treesAndAFlatDirectoryAreMadeFromTheStore() throws Exception {
    Path files = Files.createDirectories(temp.resolve("layer/etc"));
    Files.writeString(files.resolve("motd"), "hello");
    Path tar = temp.resolve("layer.tar");
    String from = temp.resolve("layer").toString();
    var process = new ProcessBuilder("tar", "-C", from, "-cf", tar.toString(), ".").start();
    assertThat(process.waitFor()).isZero();
    Image image = add(Files.readAllBytes(tar));
    Path flat = temp.resolve("flat");

    assertThat(run("--dir=" + data, image.id().toString())).isZero();
    assertThat(run("--dir=" + data, "--format=json", "example.com/app:1")).isZero();
    assertThat(run("--dir=" + data, "--format=json", "example.com/app:1", flat.toString()))
        .isZero();

    String hex = image.layers().getFirst().diffId().hex();
    Path lower = data.resolve("trees/sha256-" + hex + "/rootfs");
    assertThat(lower.resolve("etc/motd")).hasContent("hello");
    assertThat(flat.resolve("etc/motd")).hasContent("hello");
    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            image.id() + " " + lower,
            "{\"image\":\"" + image.id() + "\",\"lowerDirectories\":[\"" + lower + "\"]}",
            "{\"image\":\"" + image.id() + "\",\"directory\":\"" + flat + "\"}");
    assertThat(run("--dir=" + data, "example.com/app:1", flat.toString())).isEqualTo(2);
  }

  private Image add(byte[] tar) throws Exception {
    try (Transaction transaction = Store.at(data).begin()) {
      Digest digest = Digest.sha256(tar);
      OciDescriptor layer = transaction.add(tar).as(MediaType.OCI_LAYER);
      byte[] config = json("{'rootfs':{'type':'layers','diff_ids':['" + digest + "']}}");
      OciDescriptor configured = transaction.add(config).as(MediaType.OCI_CONFIG);
      byte[] document =
          json(
              "{'schemaVersion':2,'mediaType':'"
                  + MediaType.OCI_MANIFEST
                  + "','config':"
                  + json(configured)
                  + ",'layers':["
                  + json(layer)
                  + "]}");
      OciDescriptor manifest = transaction.add(document).as(MediaType.OCI_MANIFEST);
      Image image =
          OciManifest.parse(document, null, "manifest")
              .resolve(
                  manifest.digest(),
                  new ImageName("example.com/app"),
                  OciConfig.parse(config, "config"),
                  "image");
      transaction.commit(
          new Entry(
              image, manifest, List.of("example.com/app:1"), List.of(), "test", false, Map.of()));
      return image;
    }
  }

  private static String json(OciDescriptor descriptor) {
    JsonWriter writer = new JsonWriter().object();
    descriptor.write(writer);
    return writer.end().toString();
  }

  private static byte[] json(String text) {
    return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  private int run(String... arguments) {
    return new RktRender(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(arguments);
  }
}
