package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** An OCI image in the making, written into a layout; every document of it can be falsified. */
final class OciImage {
  static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  static final String INDEX = "application/vnd.oci.image.index.v1+json";
  private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
  private static final String LAYER = "application/vnd.oci.image.layer.v1.tar";

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Blob(byte[] bytes, byte[] tar, String type) {}

  private final List<Blob> layers = new ArrayList<>();
  private final Map<String, String> settings = new LinkedHashMap<>();
  private String architecture = "amd64";
  private UnaryOperator<String> ofConfig = text -> text;
  private UnaryOperator<String> ofManifest = text -> text;

  /** A tar in the making. */
  static final class Tar {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream out = new TarArchiveOutputStream(bytes, "UTF-8");

    Tar dir(String name) throws IOException {
      return entry(name + "/", TarConstants.LF_DIR, 040755, "", new byte[0]);
    }

    Tar file(String name, String content) throws IOException {
      return entry(name, TarConstants.LF_NORMAL, 0100644, "", content.getBytes(UTF_8));
    }

    Tar program(String name, byte[] content) throws IOException {
      return entry(name, TarConstants.LF_NORMAL, 0100755, "", content);
    }

    Tar symlink(String name, String target) throws IOException {
      return entry(name, TarConstants.LF_SYMLINK, 0120777, target, new byte[0]);
    }

    Tar hardlink(String name, String target) throws IOException {
      return entry(name, TarConstants.LF_LINK, 0100644, target, new byte[0]);
    }

    Tar device(String name) throws IOException {
      return entry(name, TarConstants.LF_BLK, 060644, "", new byte[0]);
    }

    private Tar entry(String name, byte type, int mode, String link, byte[] content)
        throws IOException {
      TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
      entry.setMode(mode);
      entry.setModTime(0L);
      entry.setSize(content.length);
      entry.setLinkName(link);
      out.putArchiveEntry(entry);
      out.write(content);
      out.closeArchiveEntry();
      return this;
    }

    byte[] bytes() throws IOException {
      out.close();
      return bytes.toByteArray();
    }
  }

  /** The image that most tests use: what it prints tells how it was started and what it sees. */
  static OciImage ordinary() throws IOException {
    Tar lowest =
        new Tar()
            .dir("bin")
            .program("bin/busybox", Files.readAllBytes(Path.of("/bin/busybox")))
            .dir("etc")
            .file("etc/passwd", "root:x:0:0:root:/:/bin/sh\nweb:x:1234:1235:web:/:/bin/sh\n")
            .file("etc/group", "root:x:0:\nweb:x:1235:\n")
            .file("gone", "below")
            .dir("full")
            .file("full/a", "below")
            .dir("full/deep")
            .file("full/deep/b", "below")
            .dir("links")
            .file("links/one", "linked")
            .hardlink("links/two", "links/one")
            .file("links/lonely", "x");
    for (String applet : List.of("sh", "cat", "ls", "id", "stat", "pwd", "env", "sleep", "echo")) {
      lowest.symlink("bin/" + applet, "busybox");
    }
    Tar middle =
        new Tar()
            .file(".wh.gone", "")
            .dir("full")
            .file("full/.wh..wh..opq", "")
            .file("full/new", "middle")
            .file("etc/motd", "middle");
    Tar upper =
        new Tar()
            .file(
                "entry",
                "echo \"words:$*\"\n[ $# = 0 ] || [ \"$1\" != do ] || { shift; eval \"$*\"; }\n")
            .file("etc/motd", "upper")
            .file("links/.wh.lonely", "");
    return new OciImage()
        .gzip(lowest.bytes())
        .gzip(middle.bytes())
        .gzip(upper.bytes())
        .set("Entrypoint", "[\"/bin/sh\",\"/entry\"]")
        .set("Cmd", "[\"usual\",\"words\"]")
        .set("User", "\"web\"")
        .set("Env", "[\"COLOR=blue\",\"PATH=/bin\"]")
        .set("WorkingDir", "\"/not/there/yet\"")
        .set("Volumes", "{\"/data/vol\":{}}")
        .set("StopSignal", "\"SIGUSR1\"")
        .set("Labels", "{\"com.example.a\":\"b\"}");
  }

  /** An image of one small layer. */
  static OciImage of(Tar layer) throws IOException {
    return new OciImage().gzip(layer.bytes()).set("Cmd", "[\"/bin/sh\"]");
  }

  OciImage gzip(byte[] tar) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(tar);
    }
    layers.add(new Blob(out.toByteArray(), tar, LAYER + "+gzip"));
    return this;
  }

  /** The same image with every layer compressed by zstd. */
  OciImage zstd(Path work) throws IOException, InterruptedException {
    for (int i = 0; i < layers.size(); i++) {
      Path plain = work.resolve("layer.tar");
      Files.write(plain, layers.get(i).tar());
      Tools.ok("zstd", "-q", "-f", plain.toString(), "-o", plain + ".zst");
      byte[] bytes = Files.readAllBytes(Path.of(plain + ".zst"));
      layers.set(i, new Blob(bytes, layers.get(i).tar(), LAYER + "+zstd"));
    }
    return this;
  }

  /** A member of the config's {@code config}, as JSON. */
  OciImage set(String member, String json) {
    settings.put(member, json);
    return this;
  }

  OciImage architecture(String name) {
    architecture = name;
    return this;
  }

  /** Changes the config after it is written, before its digest is taken. */
  OciImage falsifyConfig(UnaryOperator<String> change) {
    ofConfig = change;
    return this;
  }

  /** Changes the manifest after it is written, before its digest is taken. */
  OciImage falsifyManifest(UnaryOperator<String> change) {
    ofManifest = change;
    return this;
  }

  /** The hex digest of the bytes of a layer. */
  String layerHex(int number) {
    return sha256(layers.get(number).bytes());
  }

  String diffHex(int number) {
    return sha256(layers.get(number).tar());
  }

  int layerSize(int number) {
    return layers.get(number).bytes().length;
  }

  /** Writes the blobs; gives the descriptor of the manifest. */
  String writeBlobs(Path layout) throws IOException {
    StringBuilder descriptors = new StringBuilder();
    StringBuilder diffIds = new StringBuilder();
    for (Blob layer : layers) {
      descriptors
          .append(descriptors.isEmpty() ? "" : ",")
          .append(put(layout, layer.bytes(), layer.type()));
      diffIds.append(diffIds.isEmpty() ? "" : ",").append("\"sha256:");
      diffIds.append(sha256(layer.tar())).append('"');
    }
    List<String> members = new ArrayList<>();
    settings.forEach((name, json) -> members.add("\"" + name + "\":" + json));
    String config =
        ofConfig.apply(
            "{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":{%s},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}"
                .formatted(architecture, String.join(",", members), diffIds));
    String manifest =
        ofManifest.apply(
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
                .formatted(MANIFEST, put(layout, config.getBytes(UTF_8), CONFIG), descriptors));
    return put(layout, manifest.getBytes(UTF_8), MANIFEST);
  }

  /** Writes a layout that holds this image under {@code tag}; gives the digest of the manifest. */
  String write(Path layout, String tag) throws IOException {
    String descriptor = writeBlobs(layout);
    writeIndex(layout, tag, descriptor);
    return digestOf(descriptor);
  }

  /** Writes a layout whose {@code tag} is an index of these images, one for each architecture. */
  static String writeAll(Path layout, String tag, List<OciImage> images) throws IOException {
    List<String> entries = new ArrayList<>();
    for (OciImage image : images) {
      String descriptor = image.writeBlobs(layout);
      entries.add(
          descriptor.substring(0, descriptor.length() - 1)
              + ",\"platform\":{\"os\":\"linux\",\"architecture\":\""
              + image.architecture
              + "\"}}");
    }
    String index =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
            .formatted(INDEX, String.join(",", entries));
    String descriptor = put(layout, index.getBytes(UTF_8), INDEX);
    writeIndex(layout, tag, descriptor);
    return digestOf(descriptor);
  }

  static void writeIndex(Path layout, String tag, String descriptor) throws IOException {
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        layout.resolve("index.json"),
        "{\"schemaVersion\":2,\"manifests\":[%s,\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}}]}"
            .formatted(descriptor.substring(0, descriptor.length() - 1), tag));
  }

  /** The file of a blob. */
  static Path blob(Path layout, String hex) {
    return layout.resolve("blobs/sha256").resolve(hex);
  }

  private static String digestOf(String descriptor) {
    int at = descriptor.indexOf("sha256:");
    return descriptor.substring(at, at + 71);
  }

  /** Writes a blob; gives its descriptor. */
  static String put(Path layout, byte[] bytes, String type) throws IOException {
    Files.createDirectories(layout.resolve("blobs/sha256"));
    String hex = sha256(bytes);
    Files.write(blob(layout, hex), bytes);
    return "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%d}"
        .formatted(type, hex, bytes.length);
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
