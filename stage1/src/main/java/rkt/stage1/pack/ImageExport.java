package rkt.stage1.pack;

import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.Compression;
import rkt.spec.image.Decompressor;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.json.JsonWriter;
import rkt.spec.store.CosignTag;
import rkt.spec.store.Store;
import rkt.spec.store.StoredImage;
import rkt.stage1.render.Aside;
import rkt.stage1.render.BlobSource;
import rkt.stage1.render.FlatRender;
import rkt.stage1.render.Limits;
import rkt.stage1.render.TreeCache;

/**
 * Writes a stored image into a file or a directory of its own, as it is, or converted into the
 * other format. spec/packing.md#export
 */
public final class ImageExport {
  private static final String REFERENCE = "org.opencontainers.image.ref.name";

  private static final String SUBJECT = "vnd.rkt.subject";

  private final Store store;
  private final TreeCache trees;
  private final List<String> notes = new ArrayList<>();

  public ImageExport(Store store, TreeCache trees) {
    this.store = store;
    this.trees = trees;
  }

  /** What an image is written as. */
  public enum Format {
    ACI("aci"),
    OCI("oci"),
    OCI_ARCHIVE("oci-archive"),
    DOCKER_ARCHIVE("docker-archive");

    private final String label;

    Format(String label) {
      this.label = label;
    }

    /** The word on the command line. */
    public String label() {
      return label;
    }
  }

  /** What the written image cannot say although the stored one did; a line each. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  /**
   * Writes the image.
   *
   * @param name what it is called there; only a converted ACI needs one that its format allows
   */
  public void write(
      ImageId id, Format format, Optional<ImageName> name, Path target, boolean overwrite)
      throws RktException {
    StoredImage stored = store.stored(id);
    OutputFile.requireFree(target, overwrite);
    noteLeftBehind(stored, format);
    try {
      if (format == Format.ACI) {
        aci(stored, name.orElse(stored.image().name()), target, overwrite);
      } else if (id.kind() == ImageId.Kind.OCI) {
        write(storedParts(stored), stored, format, target, overwrite);
      } else {
        try (Aside aside = trees.aside()) {
          Path rootfs = aside.path().resolve("rootfs");
          render(stored, rootfs);
          AciToOci conversion = new AciToOci(stored, notes);
          OciParts parts = conversion.convert(rootfs, aside.path().resolve("layer"));
          write(parts, stored, format, target, overwrite);
        }
      }
    } catch (IOException e) {
      throw PackException.system("export " + id + " to " + target, e);
    }
  }

  /** Tells what is signed about these bytes and finds no place in the format. */
  private void noteLeftBehind(StoredImage stored, Format format) throws RktException {
    Digest manifest = stored.image().manifest();
    boolean oci = stored.image().id().kind() == ImageId.Kind.OCI;
    int statements = store.statements(manifest).size();
    int left =
        switch (format) {
          case DOCKER_ARCHIVE -> oci ? statements + store.signatures(manifest).size() : 0;
          case ACI -> oci ? 0 : statements;
          case OCI, OCI_ARCHIVE -> 0;
        };
    if (left > 0) {
      notes.add(
          "what is signed about it stays behind ("
              + left
              + "): "
              + format.label()
              + " has no place for it");
    }
  }

  private void render(StoredImage stored, Path rootfs) throws RktException {
    new FlatRender(BlobSource.of(store), Limits.DEFAULT).write(stored.image(), rootfs);
  }

  private void aci(StoredImage stored, ImageName name, Path target, boolean overwrite)
      throws RktException, IOException {
    if (stored.image().id().kind() == ImageId.Kind.ACI) {
      copyAci(stored, target, overwrite);
      return;
    }
    OciManifest manifest = manifest(stored);
    OciConfig config = OciConfig.parse(store.read(manifest.config().digest()), "the config");
    try (Aside aside = trees.aside()) {
      Path rootfs = aside.path().resolve("rootfs");
      render(stored, rootfs);
      byte[] bytes =
          new OciToAci(stored, config.platform(), notes)
              .manifest(name, UserGroups.of(rootfs, stored.image().app().user()));
      new AciBuilder(PackRules.AS_IS, Compression.GZIP).build(rootfs, bytes, target, overwrite);
    }
  }

  /** As it was served: the signature, which goes beside it, is over exactly these bytes. */
  private void copyAci(StoredImage stored, Path target, boolean overwrite) throws RktException {
    List<Digest> signatures = store.signatures(stored.image().manifest());
    Path beside = target.resolveSibling(target.getFileName() + ".asc");
    if (!signatures.isEmpty()) {
      byte[] signature = store.read(signatures.getLast());
      OutputFile.write(beside, overwrite, out -> out.write(signature));
    }
    OutputFile.write(
        target,
        overwrite,
        out -> {
          try (InputStream in = open(stored.image().signed())) {
            in.transferTo(out);
          }
        });
  }

  private InputStream open(Digest blob) throws IOException {
    return new FileInputStream(store.blob(blob).toFile());
  }

  private OciManifest manifest(StoredImage stored) throws RktException {
    byte[] bytes = store.read(stored.image().manifest());
    return OciManifest.parse(bytes, null, "the manifest of " + stored.image().id());
  }

  private OciParts storedParts(StoredImage stored) throws RktException {
    byte[] bytes = store.read(stored.image().manifest());
    OciManifest manifest = manifest(stored);
    return new OciParts(
        OciDescriptor.of(manifest.mediaType(), stored.image().manifest(), bytes.length),
        bytes,
        manifest.config(),
        store.read(manifest.config().digest()),
        stored.image().layers(),
        store.attached(stored.image().manifest()),
        CosignTag.of(stored.image().manifest(), store.statements(stored.image().manifest())),
        this::open);
  }

  private void write(
      OciParts parts, StoredImage stored, Format format, Path target, boolean overwrite)
      throws RktException, IOException {
    switch (format) {
      case OCI ->
          OutputDirectory.write(
              target,
              overwrite,
              root -> {
                layout(parts, stored, LayoutTarget.in(root));
                return root;
              });
      case OCI_ARCHIVE ->
          tar(target, overwrite, tar -> layout(parts, stored, LayoutTarget.in(tar)));
      case DOCKER_ARCHIVE ->
          tar(target, overwrite, tar -> dockerArchive(parts, stored, LayoutTarget.in(tar)));
      case ACI -> throw new IllegalStateException("an ACI has no layout");
    }
  }

  private interface Packing {
    void into(TarWriter tar) throws IOException, RktException;
  }

  private static void tar(Path target, boolean overwrite, Packing packing) throws RktException {
    OutputFile.write(
        target,
        overwrite,
        (OutputStream out) -> {
          TarWriter tar = new TarWriter(out);
          packing.into(tar);
          tar.finish();
        });
  }

  private void layout(OciParts parts, StoredImage stored, LayoutTarget target)
      throws IOException, RktException {
    bytes(target, "oci-layout", ascii("{\"imageLayoutVersion\":\"1.0.0\"}"));
    bytes(target, "index.json", index(parts, stored));
    Set<Digest> done = new HashSet<>();
    blob(target, parts.manifest(), parts.manifestBytes(), done);
    blob(target, parts.config(), parts.configBytes(), done);
    for (Layer layer : parts.layers()) {
      blob(target, parts, layer.blob(), layer.sizeBytes(), done);
    }
    for (OciDescriptor attached : parts.attached()) {
      byte[] document = store.read(attached.digest());
      blob(target, attached, document, done);
      OciManifest signature = OciManifest.parse(document, attached.mediaType(), "a signature");
      blob(target, parts, signature.config().digest(), signature.config().sizeBytes(), done);
      for (OciDescriptor layer : signature.layers()) {
        blob(target, parts, layer.digest(), layer.sizeBytes(), done);
      }
    }
    for (CosignTag tag : parts.tags()) {
      blob(target, tag.descriptor(), tag.manifest(), done);
      blob(target, tag.configDescriptor(), tag.config(), done);
    }
  }

  private static byte[] index(OciParts parts, StoredImage stored) {
    JsonWriter json = new JsonWriter().object().put("schemaVersion", 2);
    json.put("mediaType", MediaType.OCI_INDEX).array("manifests");
    Set<String> tags = new HashSet<>(); // of several names with one tag, the first
    for (String reference : stored.references()) {
      String tag = tag(reference);
      if (!tag.isEmpty() && tags.add(tag)) {
        parts.manifest().annotated("", Map.of(REFERENCE, tag)).write(json.object());
        json.end();
      }
    }
    if (tags.isEmpty()) {
      parts.manifest().write(json.object());
      json.end();
    }
    for (OciDescriptor attached : parts.attached()) {
      // Whether it was made on this host is no matter of others.
      Map<String, String> subject = Map.of(SUBJECT, parts.manifest().digest().toString());
      attached.annotated(attached.artifactType(), subject).write(json.object());
      json.end();
    }
    for (CosignTag tag : parts.tags()) {
      tag.descriptor().annotated("", Map.of(REFERENCE, tag.name())).write(json.object());
      json.end();
    }
    return json.end().end().bytes();
  }

  /** What readers of layouts call it: the part behind the name. */
  private static String tag(String reference) {
    int colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
    return colon < 0 || reference.contains("@") || reference.contains("://")
        ? ""
        : reference.substring(colon + 1);
  }

  private void dockerArchive(OciParts parts, StoredImage stored, LayoutTarget target)
      throws IOException, RktException {
    String config = parts.config().digest().hex() + ".json";
    JsonWriter json = new JsonWriter().array().object().put("Config", config);
    List<String> tags = new ArrayList<>();
    for (String reference : stored.references()) {
      if (!tag(reference).isEmpty()) {
        tags.add(reference);
      }
    }
    json.put("RepoTags", tags);
    List<String> files = new ArrayList<>();
    for (Layer layer : parts.layers()) {
      files.add(layer.diffId().hex() + ".tar");
    }
    json.put("Layers", files);
    bytes(target, "manifest.json", json.end().end().bytes());
    bytes(target, config, parts.configBytes());
    Set<Digest> done = new HashSet<>();
    for (Layer layer : parts.layers()) {
      if (done.add(layer.diffId())) {
        long size = expandedSize(parts, layer);
        try (InputStream in = expanded(parts, layer)) {
          target.file(layer.diffId().hex() + ".tar", size, in);
        }
      }
    }
  }

  private static InputStream expanded(OciParts parts, Layer layer) throws IOException {
    return Decompressor.open(parts.source().open(layer.blob()), layer.compression());
  }

  /** The length of the uncompressed tar, its digest checked: the archive is named by it. */
  private static long expandedSize(OciParts parts, Layer layer) throws IOException, RktException {
    MessageDigest digest = layer.diffId().algorithm().start();
    long size = 0;
    byte[] buffer = new byte[256 << 10];
    long limit = Limits.DEFAULT.expandedBytes(layer.sizeBytes());
    try (InputStream in = expanded(parts, layer)) {
      for (int read; (read = in.read(buffer)) >= 0; ) {
        digest.update(buffer, 0, read);
        size += read;
        if (size > limit) {
          throw PackException.integrity("layer " + layer.blob() + " expands to too much", null);
        }
      }
    }
    if (!Digest.of(layer.diffId().algorithm(), digest).equals(layer.diffId())) {
      throw PackException.integrity(
          "layer " + layer.blob() + " does not unpack to its diffID", "fetch the image again");
    }
    return size;
  }

  private static void bytes(LayoutTarget target, String path, byte[] bytes) throws IOException {
    target.file(path, bytes.length, new ByteArrayInputStream(bytes));
  }

  private static void blob(
      LayoutTarget target, OciDescriptor descriptor, byte[] bytes, Set<Digest> done)
      throws IOException {
    if (done.add(descriptor.digest())) {
      bytes(target, path(descriptor.digest()), bytes);
    }
  }

  private static void blob(
      LayoutTarget target, OciParts parts, Digest digest, long size, Set<Digest> done)
      throws IOException {
    if (done.add(digest)) {
      try (InputStream in = parts.source().open(digest)) {
        target.file(path(digest), size, in);
      }
    }
  }

  private static String path(Digest digest) {
    return "blobs/" + digest.algorithm().label() + "/" + digest.hex();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
