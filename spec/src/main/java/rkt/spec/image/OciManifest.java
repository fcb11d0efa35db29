package rkt.spec.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * An OCI image manifest, or Docker's of schema 2. spec/image.md#oci
 *
 * @param layers bottom first
 */
public record OciManifest(
    String mediaType,
    String artifactType,
    OciDescriptor config,
    List<OciDescriptor> layers,
    Optional<OciDescriptor> subject) {
  /** The most layers that an image may have; overlayfs takes 500. */
  public static final int MAX_LAYERS = 500;

  public OciManifest {
    layers = List.copyOf(layers);
  }

  /**
   * Reads a manifest.
   *
   * @param stated the type that the descriptor or the Content-Type gave, or null
   * @param what names the document in errors
   */
  public static OciManifest parse(byte[] document, @Nullable String stated, String what)
      throws SpecException {
    JsonObject json = JsonObject.parse(document, what);
    MediaType.schemaVersion(json);
    String type = MediaType.agreed(json, stated, MediaType.OCI_MANIFEST);
    if (!MediaType.isManifest(type)) {
      throw SpecException.integrity(what + " is a " + type + ", not an image manifest");
    }
    for (String foreign : List.of("manifests", "fsLayers")) {
      if (json.has(foreign)) {
        throw SpecException.integrity(what + " is a manifest, but has \"" + foreign + "\"");
      }
    }
    if (!json.has("layers")) {
      throw SpecException.integrity(what + ": \"layers\" is missing");
    }
    List<OciDescriptor> layers = new ArrayList<>();
    for (JsonObject layer : json.objects("layers")) {
      layers.add(OciDescriptor.read(layer));
    }
    if (layers.size() > MAX_LAYERS) {
      throw SpecException.integrity(
          what + " has " + layers.size() + " layers; at most " + MAX_LAYERS + " are allowed");
    }
    Optional<JsonObject> subject = json.findObject("subject");
    return new OciManifest(
        type,
        json.findString("artifactType").orElse(""),
        OciDescriptor.read(json.object("config")),
        layers,
        subject.isPresent() ? Optional.of(OciDescriptor.read(subject.get())) : Optional.empty());
  }

  /** Refuses a manifest that is not that of a runnable image, before its blobs are fetched. */
  public void requireImage(String what) throws SpecException {
    String type = config.mediaType();
    if (!type.equals(MediaType.OCI_CONFIG) && !type.equals(MediaType.DOCKER_CONFIG)) {
      throw SpecException.integrity(
          what + " is not an image that can run: its config is of type " + type);
    }
    if (layers.isEmpty()) {
      throw SpecException.integrity(what + " has no layers");
    }
    for (OciDescriptor layer : layers) {
      MediaType.layer(layer.mediaType(), what);
    }
  }

  /**
   * The image that this manifest and its config describe.
   *
   * @param digest of the manifest's own bytes
   * @param name under which the image is judged
   */
  public Image resolve(Digest digest, ImageName name, OciConfig oci, String what)
      throws SpecException {
    requireImage(what);
    if (oci.diffIds().size() != layers.size()) {
      throw SpecException.integrity(
          what
              + " has "
              + layers.size()
              + " layers, but its config has "
              + oci.diffIds().size()
              + " diff_ids");
    }
    List<Layer> resolved = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      OciDescriptor layer = layers.get(i);
      resolved.add(
          new Layer(
              layer.digest(),
              layer.sizeBytes(),
              MediaType.layer(layer.mediaType(), what),
              oci.diffIds().get(i)));
    }
    ImageId id = new ImageId(ImageId.Kind.OCI, digest);
    return new Image(
        id,
        name,
        digest,
        digest,
        resolved,
        oci.app(),
        oci.labels(),
        List.of(),
        oci.labels().getOrDefault(Image.NOTIFIES, "").equals("true"));
  }
}
