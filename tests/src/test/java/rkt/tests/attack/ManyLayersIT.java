package rkt.tests.attack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Result;
import rkt.tests.Rkt;

/**
 * The options of an overlay have to fit in a page, and are cut there: an image could choose by its
 * number of layers which descriptor of ours the last whole number named.
 */
@Tag("privileged")
class ManyLayersIT {
  @ParameterizedTest
  @ValueSource(ints = {1, 240, 500})
  void everyLayerIsThere(int layers) throws Exception {
    try (Rkt rkt = Rkt.fresh()) {
      Path layout = layout(rkt.home().resolve("layout"), layers);

      Result result =
          rkt.ok(
              "run",
              "--insecure-options=image",
              "--image-name=example.com/layers",
              "oci:" + layout + ":latest",
              "--exec=/busybox",
              "--",
              "sh",
              "-c",
              "/busybox cat /f-*");

      assertThat(result.out()).hasSize(layers);
    }
  }

  private static Path layout(Path layout, int count) throws Exception {
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    List<String> layers = new ArrayList<>();
    List<String> diffs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] layer = layer(i);
      String digest = put(blobs, layer);
      diffs.add('"' + digest + '"');
      layers.add(descriptor("application/vnd.oci.image.layer.v1.tar", digest, layer.length));
    }
    byte[] config =
        ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
                + String.join(",", diffs)
                + "]}}")
            .getBytes(UTF_8);
    String configType = "application/vnd.oci.image.config.v1+json";
    byte[] manifest =
        ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":"
                + descriptor(configType, put(blobs, config), config.length)
                + ",\"layers\":["
                + String.join(",", layers)
                + "]}")
            .getBytes(UTF_8);
    String entry =
        descriptor(
            "application/vnd.oci.image.manifest.v1+json", put(blobs, manifest), manifest.length);
    String named =
        entry.substring(0, entry.length() - 1)
            + ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\"}}";
    Files.writeString(
        layout.resolve("index.json"), "{\"schemaVersion\":2,\"manifests\":[" + named + "]}");
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    return layout;
  }

  private static byte[] layer(int number) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      if (number == 0) {
        add(tar, "busybox", Files.readAllBytes(Path.of("/bin/busybox")));
      }
      add(tar, "f-" + number, new byte[] {'x'});
    }
    return bytes.toByteArray();
  }

  private static void add(TarArchiveOutputStream tar, String name, byte[] content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setMode(0100755);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static String put(Path blobs, byte[] content) throws Exception {
    String hex = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    Files.write(blobs.resolve(hex), content);
    return "sha256:" + hex;
  }

  private static String descriptor(String type, String digest, int size) {
    return "{\"mediaType\":\"" + type + "\",\"digest\":\"" + digest + "\",\"size\":" + size + "}";
  }
}
