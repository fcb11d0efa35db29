package rkt.fetch.oci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.image.OciManifest;
import rkt.spec.image.Platform;
import rkt.spec.json.StrictJson;
import rkt.spec.store.Transaction;

/**
 * From a reference to an image whose every blob is staged: index, manifest, config, layers. The
 * layers' diffIDs are checked by whoever unpacks them. spec/image.md#oci
 */
public final class OciFetch {
  private final OciSource source;
  private final Stage stage;
  private final Progress progress;

  public OciFetch(OciSource source, Transaction transaction, Progress progress) {
    this(source, new Staged(transaction), progress);
  }

  private OciFetch(OciSource source, Stage stage, Progress progress) {
    this.source = source;
    this.stage = stage;
    this.progress = progress;
  }

  /** The same where the image is, all of whose blobs are read and none kept. */
  public static InPlaceResult inPlace(OciSource source, ImageName name, Platform platform)
      throws RktException {
    InPlace stage = new InPlace(source.what());
    Result result = new OciFetch(source, stage, Progress.NONE).run(name, platform);
    return new InPlaceResult(result, new Document(stage.manifest(), result.manifest().mediaType()));
  }

  /**
   * An image that was read where it is.
   *
   * @param manifest the bytes of its manifest, which signatures cover
   */
  public record InPlaceResult(Result result, Document manifest) {}

  /**
   * An image with its manifest.
   *
   * @param manifest the descriptor of its manifest
   * @param root what the reference stood for: the manifest, or an index that led to it
   * @param indexes those that led to it, the first one first; none if the reference stood for it
   */
  public record Result(Image image, OciDescriptor manifest, Digest root, List<Document> indexes) {
    public Result {
      indexes = List.copyOf(indexes);
    }
  }

  /** Fetches the image for {@code platform}, which is judged under {@code name}. */
  public Result run(ImageName name, Platform platform) throws RktException {
    Document root = source.root();
    List<Document> indexes = new ArrayList<>();
    Document document = choose(root, platform, indexes);
    Digest digest = document.descriptor().digest();
    String what = "the manifest of " + source.what();
    OciManifest manifest = OciManifest.parse(document.bytes(), document.mediaType(), what);
    manifest.requireImage(what);
    stage.claim(List.of(digest));
    stage.expect(new ImageId(ImageId.Kind.OCI, digest));
    stage.manifest(document.bytes());
    Map<Digest, OciDescriptor> blobs = distinct(manifest);
    stage.claim(new TreeSet<>(blobs.keySet()));
    blobs.remove(manifest.config().digest());
    OciConfig config = OciConfig.parse(config(manifest), "the config of " + source.what());
    requirePlatform(config, platform);
    Image image = manifest.resolve(digest, name, config, what);
    new Layers(source, stage, progress).fetch(List.copyOf(blobs.values()));
    return new Result(image, document.descriptor(), root.descriptor().digest(), indexes);
  }

  /** The manifest for the platform; {@code passed} takes the indexes on the way to it. */
  private Document choose(Document root, Platform platform, List<Document> passed)
      throws RktException {
    Document document = root;
    while (MediaType.isIndex(document.mediaType())) {
      String what = "the index of " + source.what();
      if (passed.size() == OciIndex.DEEPEST) {
        throw FetchException.integrity(what + " is nested too deep", null);
      }
      OciIndex index = OciIndex.parse(document.bytes(), document.mediaType(), what);
      Optional<OciDescriptor> found = index.select(platform);
      if (found.isEmpty()) {
        throw FetchException.notFound(
            source.what() + " has no image for " + platform + "; it has " + platforms(index), null);
      }
      passed.add(document);
      document = new Document(checked(found.get()), found.get().mediaType());
    }
    if (!MediaType.isManifest(document.mediaType())) {
      throw FetchException.integrity(
          source.what() + " is a " + document.mediaType() + ", which is not an image", null);
    }
    return document;
  }

  private byte[] checked(OciDescriptor descriptor) throws RktException {
    Digest digest = descriptor.digest();
    if (digest.algorithm() != Digest.Algorithm.SHA256) {
      throw FetchException.integrity("a manifest is named by " + digest + ", not by sha256", null);
    }
    if (descriptor.sizeBytes() > StrictJson.MAX_BYTES) {
      throw FetchException.integrity(
          "the manifest " + digest + " is said to be " + descriptor.sizeBytes() + " bytes long",
          null);
    }
    byte[] bytes = source.document(descriptor, Math.toIntExact(descriptor.sizeBytes()));
    if (bytes.length != descriptor.sizeBytes()) {
      throw FetchException.integrity(
          digest + " ended after " + bytes.length + " of " + descriptor.sizeBytes() + " bytes",
          null);
    }
    Digest found = Digest.sha256(bytes);
    if (!found.equals(digest)) {
      throw FetchException.integrity(digest + " arrived as " + found, null);
    }
    return bytes;
  }

  private byte[] config(OciManifest manifest) throws RktException {
    OciDescriptor config = manifest.config();
    if (config.sizeBytes() > StrictJson.MAX_BYTES) {
      throw FetchException.integrity(
          "the config " + config.digest() + " is said to be " + config.sizeBytes() + " bytes long",
          null);
    }
    return stage.config(source, config);
  }

  /** The blobs by digest; one digest with two sizes is a lie about one of them. */
  private Map<Digest, OciDescriptor> distinct(OciManifest manifest) throws SpecException {
    Map<Digest, OciDescriptor> blobs = new LinkedHashMap<>();
    List<OciDescriptor> all = new ArrayList<>(manifest.layers());
    all.add(manifest.config());
    for (OciDescriptor blob : all) {
      OciDescriptor other = blobs.putIfAbsent(blob.digest(), blob);
      if (other != null && other.sizeBytes() != blob.sizeBytes()) {
        throw SpecException.integrity(
            "the manifest of " + source.what() + " gives " + blob.digest() + " two sizes");
      }
    }
    return blobs;
  }

  private void requirePlatform(OciConfig config, Platform platform) throws FetchException {
    Platform made = config.platform();
    boolean fits =
        made.os().equals(platform.os()) && made.architecture().equals(platform.architecture());
    if (!fits) {
      throw FetchException.notFound(
          source.what() + " is made for " + made + ", not for " + platform, null);
    }
  }

  private static String platforms(OciIndex index) {
    TreeSet<String> platforms = new TreeSet<>();
    for (OciDescriptor manifest : index.manifests()) {
      platforms.add(manifest.platform().map(Platform::toString).orElse("no platform"));
    }
    return platforms.isEmpty() ? "none at all" : String.join(", ", platforms);
  }
}
