package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** Images of OCI layouts, the hostile ones among them. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class LayoutIT {
  private static final String NAME = "--image-name=example.com/it/layout";

  private Rkt rkt;
  private Gpg gpg;
  private Path sentinel;
  private int count;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    rkt.ok("trust", "--prefix=example.com/it", gpg.key("it@example.com").toString());
    sentinel = Files.createDirectory(rkt.home().resolve("sentinel"));
    Files.writeString(sentinel.resolve("secret"), "host");
    // One image is there all the time: nothing that happens to others changes it.
    Path good = layout();
    String digest = OciImage.ordinary().write(good, "1");
    rkt.ok("fetch", NAME, signature(good, digest), "oci:" + good + ":1");
    rkt.ok("run", "--net=none", digest);
  }

  @AfterAll
  void close() throws Exception {
    gpg.close();
    rkt.close();
  }

  private synchronized Path layout() {
    return rkt.home().resolve("layout-" + count++);
  }

  private String signature(Path layout, String digest) throws Exception {
    Path manifest = OciImage.blob(layout, digest.substring("sha256:".length()));
    return "--signature=" + gpg.sign("it@example.com", manifest);
  }

  @Test
  void byTagByDigestAndAlone() throws Exception {
    Path layout = layout();
    OciImage image = OciImage.ordinary().set("Cmd", "[\"layout\"]");
    String digest = image.write(layout, "1");
    String signature = signature(layout, digest);
    Rkt here = rkt.withData(rkt.home().resolve("data-layout"));
    for (String reference : List.of(layout + ":1", layout + "@" + digest, layout.toString())) {
      assertThat(here.ok("fetch", NAME, signature, "oci:" + reference).out())
          .isEqualTo(digest + "\n");
    }
    assertThat(here.ok("run", "--net=none", digest).out()).isEqualTo("words:layout\n");
    Tools.refuses(here, "not-found", "fetch", NAME, signature, "oci:" + layout + ":2");
    Tools.refuses(here, "trust", "fetch", signature, "oci:" + layout + ":1");
    Tools.refuses(here, "trust", "fetch", NAME, "oci:" + layout + ":1");
    here.assertNothingIsLeftAfterGc();
  }

  private interface Falsification {
    /** Writes a layout with the tag 1; gives the digest of its manifest. */
    String write(Path layout) throws Exception;
  }

  /** An image whose files say something else than its documents. */
  @TestFactory
  Stream<DynamicTest> whatDoesNotFitIsRefused() {
    Map<String, Falsification> cases = new LinkedHashMap<>();
    cases.put(
        "a layer of other bytes",
        layout -> {
          OciImage image = small("one");
          String digest = image.write(layout, "1");
          byte[] bytes = Files.readAllBytes(OciImage.blob(layout, image.layerHex(0)));
          bytes[bytes.length / 2] ^= 1;
          Files.write(OciImage.blob(layout, image.layerHex(0)), bytes);
          return digest;
        });
    cases.put(
        "a layer that is cut",
        layout -> {
          OciImage image = small("two");
          String digest = image.write(layout, "1");
          Path blob = OciImage.blob(layout, image.layerHex(0));
          byte[] bytes = Files.readAllBytes(blob);
          Files.write(blob, Arrays.copyOf(bytes, bytes.length - 5));
          return digest;
        });
    cases.put(
        "a manifest of other bytes",
        layout -> {
          String digest = small("three").write(layout, "1");
          Path blob = OciImage.blob(layout, digest.substring(7));
          Files.writeString(
              blob, Files.readString(blob).replace("\"schemaVersion\":2", "\"schemaVersion\": 2"));
          return digest;
        });
    for (int difference : new int[] {-1, 1, 100_000}) {
      cases.put(
          "a size wrong by " + difference,
          layout -> {
            OciImage image = small("size" + difference);
            int size = image.layerSize(0);
            return image
                .falsifyManifest(
                    m -> m.replace("\"size\":" + size, "\"size\":" + (size + difference)))
                .write(layout, "1");
          });
    }
    cases.put(
        "a negative size",
        layout -> {
          OciImage image = small("negative");
          return image
              .falsifyManifest(m -> m.replace("\"size\":" + image.layerSize(0), "\"size\":-1"))
              .write(layout, "1");
        });
    cases.put(
        "too many diffIDs",
        layout ->
            small("many")
                .falsifyConfig(c ->
                    c.replace("\"diff_ids\":[", "\"diff_ids\":[\"sha256:" + "a".repeat(64) + "\","))
                .write(layout, "1"));
    cases.put(
        "no layers",
        layout ->
            small("none")
                .falsifyManifest(m -> m.replaceAll("\"layers\":\\[.*\\]", "\"layers\":null"))
                .write(layout, "1"));
    cases.put(
        "a manifest that is an index too",
        layout ->
            small("both")
                .falsifyManifest(m -> m.replace("\"layers\"", "\"manifests\":[],\"layers\""))
                .write(layout, "1"));
    cases.put(
        "a media type that is not that of the descriptor",
        layout ->
            small("type")
                .falsifyManifest(m -> m.replace(OciImage.MANIFEST, OciImage.INDEX))
                .write(layout, "1"));
    cases.put(
        "a member twice",
        layout ->
            small("twice")
                .falsifyManifest(m -> m.replace("\"layers\"", "\"schemaVersion\":2,\"layers\""))
                .write(layout, "1"));
    cases.put(
        "a member in another case",
        layout ->
            small("case")
                .falsifyManifest(m -> m.replace("\"layers\"", "\"Layers\":[],\"layers\""))
                .write(layout, "1"));
    cases.put(
        "a digest that is a path",
        layout -> {
          OciImage image = small("path");
          return image
              .falsifyManifest(
                  m -> m.replace("sha256:" + image.layerHex(0), "sha256:../../../sentinel/secret"))
              .write(layout, "1");
        });
    cases.put(
        "a short digest",
        layout -> {
          OciImage image = small("short");
          return image
              .falsifyManifest(m -> m.replace(image.layerHex(0), image.layerHex(0).substring(1)))
              .write(layout, "1");
        });
    return cases.entrySet().stream()
        .map(entry ->
            DynamicTest.dynamicTest(entry.getKey(), () -> assertRefused(entry.getValue())));
  }

  private static OciImage small(String content) throws IOException {
    return OciImage.of(new OciImage.Tar().dir("bin").file("content", content));
  }

  /** Refused when it is fetched, or, if only the layers betray it, when it is to run. */
  private void assertRefused(Falsification falsification) throws Exception {
    Path layout = layout();
    String digest = falsification.write(layout);
    String[] fetch = {"fetch", NAME, signature(layout, digest), "oci:" + layout + ":1"};
    Tools.refuses(rkt, "integrity", fetch);
    String[] unverified = {"--insecure-options=image", "fetch", NAME, "oci:" + layout + ":1"};
    Tools.refuses(rkt, "integrity", unverified);
    assertThat(Files.readString(sentinel.resolve("secret"))).isEqualTo("host");
  }

  /** Layers that reach out of the root, as far as they are unpacked by the whole program. */
  @TestFactory
  Stream<DynamicTest> hostileLayersAreRefusedBeforeAnythingOfThemStays() {
    Map<String, Falsification> cases = new LinkedHashMap<>();
    String secret = "sentinel/secret";
    cases.put(
        "a name with ..",
        layout ->
            OciImage.of(new OciImage.Tar().file("../../../" + secret, "x")).write(layout, "1"));
    cases.put(
        "a link to a directory of the host, and a file below it",
        layout ->
            OciImage.of(
                    new OciImage.Tar().symlink("out", sentinel.toString()).file("out/secret", "x"))
                .write(layout, "1"));
    cases.put(
        "a hard link to a file of the host",
        layout ->
            OciImage.of(new OciImage.Tar().hardlink("mine", sentinel + "/secret"))
                .write(layout, "1"));
    cases.put(
        "the root as a link",
        layout ->
            OciImage.of(new OciImage.Tar().symlink(".", sentinel.toString()).file("secret", "x"))
                .write(layout, "1"));
    cases.put(
        "a block device",
        layout -> OciImage.of(new OciImage.Tar().device("disk")).write(layout, "1"));
    cases.put(
        "a file twice",
        layout -> OciImage.of(new OciImage.Tar().file("a", "1").file("a", "2")).write(layout, "1"));
    cases.put(
        "a whiteout of ..",
        layout -> OciImage.of(new OciImage.Tar().dir("d").file("d/.wh...", "")).write(layout, "1"));
    cases.put(
        "another diffID",
        layout -> {
          OciImage image = small("diff");
          return image
              .falsifyConfig(c -> c.replace(image.diffHex(0), "a".repeat(64)))
              .write(layout, "1");
        });
    return cases.entrySet().stream()
        .map(entry ->
            DynamicTest.dynamicTest(entry.getKey(), () -> assertNotRendered(entry.getValue())));
  }

  private void assertNotRendered(Falsification falsification) throws Exception {
    Path layout = layout();
    String digest = falsification.write(layout);
    Map<String, String> trees = trees();
    Result fetched = rkt.run("fetch", NAME, signature(layout, digest), "oci:" + layout + ":1");
    if (fetched.status() != 0) {
      Tools.assertError("integrity", fetched);
    } else {
      Tools.refuses(rkt, "integrity", "run", "--net=none", digest);
      Tools.refuses(rkt, "integrity", 13, rkt.tool("rkt-render", digest));
      rkt.ok("image", "rm", digest);
    }
    assertThat(trees()).isEqualTo(trees);
    assertThat(rkt.data().resolve("store/tmp")).isEmptyDirectory();
    assertThat(Files.readString(sentinel.resolve("secret"))).isEqualTo("host");
    assertThat(Files.getAttribute(sentinel.resolve("secret"), "unix:nlink")).isEqualTo(1);
    assertThat(sentinel.toFile().list()).containsExactly("secret");
  }

  private Map<String, String> trees() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> entries = Files.list(rkt.data().resolve("trees"))) {
      entries.forEach(entry -> found.put(entry.getFileName().toString(), ""));
    }
    return found;
  }
}
