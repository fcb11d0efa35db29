package rkt.fetch.layout;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import rkt.fetch.oci.BlobSink;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciSource;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.archive.TarFile;
import rkt.spec.image.Compression;
import rkt.spec.image.Decompressor;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.spec.json.StrictJson;

/**
 * An image in what {@code docker save} writes. It holds no manifest of the registry kind, so one is
 * made from its config and its layers: the same archive gives the same identifier on every machine.
 * spec/image.md#docker-archives
 */
public final class DockerArchiveSource implements OciSource {
  private static final int BUFFER = 256 << 10;

  private final Path file;
  private final String reference;
  private final LayoutFiles files;
  private final Map<Digest, String> names = new HashMap<>();

  /**
   * @param file names the archive in errors
   * @param reference {@code NAME:TAG}, or {@code @} and an index; empty if it has but one image
   */
  public DockerArchiveSource(TarFile tar, Path file, String reference) {
    this.file = file;
    this.reference = reference;
    this.files = new LayoutFiles.OfArchive(tar, file.toString());
  }

  @Override
  public Document root() throws RktException {
    JsonObject image = choose();
    String configName = image.string("Config");
    byte[] config = files.small(configName, StrictJson.MAX_BYTES);
    OciConfig parsed = OciConfig.parse(config, files.where(configName));
    List<String> layers = image.strings("Layers");
    if (layers.size() != parsed.diffIds().size()) {
      throw FetchException.integrity(
          what()
              + " has "
              + layers.size()
              + " layers, but its config has "
              + parsed.diffIds().size()
              + " diff_ids",
          null);
    }
    Digest configDigest = Digest.sha256(config);
    names.put(configDigest, configName);
    JsonWriter json =
        new JsonWriter()
            .object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_MANIFEST)
            .object("config")
            .put("mediaType", MediaType.OCI_CONFIG)
            .put("digest", configDigest.toString())
            .put("size", config.length)
            .end()
            .array("layers");
    for (int i = 0; i < layers.size(); i++) {
      layer(layers.get(i), parsed.diffIds().get(i), json);
    }
    return new Document(json.end().end().bytes(), MediaType.OCI_MANIFEST);
  }

  private void layer(String name, Digest diffId, JsonWriter json) throws RktException {
    try (InputStream in = files.open(name)) {
      byte[] head = in.readNBytes(Decompressor.MAGIC_BYTES);
      Compression compression = Decompressor.detect(head, head.length);
      String suffix =
          switch (compression) {
            case NONE -> "";
            case GZIP -> "+gzip";
            case ZSTD -> "+zstd";
            case XZ, BZIP2 ->
                throw FetchException.integrity(
                    files.where(name) + " is compressed by " + compression.label(), null);
          };
      // What is not compressed has the digest that the config promises; staging it finds out.
      Digest digest = compression == Compression.NONE ? diffId : hash(head, in);
      names.put(digest, name);
      json.object()
          .put("mediaType", MediaType.OCI_LAYER + suffix)
          .put("digest", digest.toString())
          .put("size", files.size(name))
          .end();
    } catch (IOException e) {
      throw FetchException.system("cannot read " + files.where(name) + ": " + e.getMessage(), e);
    }
  }

  private static Digest hash(byte[] head, InputStream rest) throws IOException {
    MessageDigest digest = Digest.Algorithm.SHA256.start();
    digest.update(head);
    byte[] buffer = new byte[BUFFER];
    for (int read; (read = rest.read(buffer)) >= 0; ) {
      digest.update(buffer, 0, read);
    }
    return Digest.of(Digest.Algorithm.SHA256, digest);
  }

  private JsonObject choose() throws RktException {
    String name = "manifest.json";
    if (!files.has(name)) {
      throw FetchException.notFound(file + " is not what docker save writes", null);
    }
    // Its top level is an array, which is read as the one member of an object.
    String text = new String(files.small(name, StrictJson.MAX_BYTES), StandardCharsets.UTF_8);
    List<JsonObject> images =
        JsonObject.parse(
                ("{\"images\":" + text + "}").getBytes(StandardCharsets.UTF_8), files.where(name))
            .objects("images");
    if (reference.startsWith("@")) {
      int index = Integer.parseInt(reference.substring(1));
      if (index >= images.size()) {
        int last = images.size() - 1;
        throw FetchException.notFound(
            "no such image: " + what(),
            last < 0 ? null : "images are counted from @0; the last one is @" + last);
      }
      return images.get(index);
    }
    List<JsonObject> found = new ArrayList<>();
    TreeSet<String> tags = new TreeSet<>();
    for (JsonObject image : images) {
      List<String> own = image.strings("RepoTags");
      tags.addAll(own);
      boolean named = reference.isEmpty();
      for (String tag : own) {
        named |= plain(tag).equals(plain(reference));
      }
      if (named) {
        found.add(image);
      }
    }
    String list = tags.isEmpty() ? null : "use one of its tags: " + String.join(", ", tags);
    if (found.isEmpty()) {
      throw FetchException.notFound("no such image: " + what(), list);
    }
    if (found.size() > 1) {
      throw FetchException.usage(what() + " means " + found.size() + " images", list);
    }
    return found.getFirst();
  }

  /** Docker leaves out what podman writes: the default registry, and the default tag. */
  private static String plain(String name) {
    String plain = name;
    for (String usual : List.of("docker.io/", "library/")) {
      plain = plain.startsWith(usual) ? plain.substring(usual.length()) : plain;
    }
    return plain.indexOf(':', plain.lastIndexOf('/') + 1) < 0 ? plain + ":latest" : plain;
  }

  @Override
  public byte[] document(OciDescriptor descriptor, int limit) throws RktException {
    throw FetchException.integrity(what() + " has no " + descriptor.digest(), null);
  }

  @Override
  public void blob(OciDescriptor descriptor, BlobSink sink, Meter meter) throws RktException {
    String name = names.get(descriptor.digest());
    if (name == null) {
      throw FetchException.integrity(what() + " has no " + descriptor.digest(), null);
    }
    FileBlobs.read(files, name, descriptor, sink, meter);
  }

  @Override
  public String what() {
    return "docker-archive:" + file + (reference.isEmpty() ? "" : ":" + reference);
  }
}
