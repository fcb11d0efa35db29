package rkt.spec.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** An OCI image index, or Docker's manifest list. spec/image.md#oci */
public record OciIndex(String mediaType, List<OciDescriptor> manifests) {
  /** How many indexes may lead to an image, each listing the next one. */
  public static final int DEEPEST = 3;

  public OciIndex {
    manifests = List.copyOf(manifests);
  }

  /**
   * Reads an index.
   *
   * @param stated the type that the descriptor or the Content-Type gave, or null
   * @param what names the document in errors
   */
  public static OciIndex parse(byte[] document, @Nullable String stated, String what)
      throws SpecException {
    return of(JsonObject.parse(document, what), stated, what);
  }

  /** Reads the index of a store of rkt's, which may be longer than one that is fetched. */
  public static OciIndex parseOwn(byte[] document, String what) throws SpecException {
    return of(JsonObject.parseOwn(document, what), null, what);
  }

  private static OciIndex of(JsonObject json, @Nullable String stated, String what)
      throws SpecException {
    MediaType.schemaVersion(json);
    String type = MediaType.agreed(json, stated, MediaType.OCI_INDEX);
    if (!MediaType.isIndex(type)) {
      throw SpecException.integrity(what + " is a " + type + ", not an index");
    }
    for (String foreign : List.of("config", "layers", "fsLayers")) {
      if (json.has(foreign)) {
        throw SpecException.integrity(what + " is an index, but has \"" + foreign + "\"");
      }
    }
    if (!json.has("manifests")) {
      throw SpecException.integrity(what + ": \"manifests\" is missing");
    }
    List<OciDescriptor> manifests = new ArrayList<>();
    for (JsonObject manifest : json.objects("manifests")) {
      manifests.add(OciDescriptor.read(manifest));
    }
    return new OciIndex(type, manifests);
  }

  /** Whether it lists something under {@code digest}, which is an index itself or a manifest. */
  public boolean lists(Digest digest, boolean isIndex) {
    for (OciDescriptor manifest : manifests) {
      String type = manifest.mediaType();
      boolean fits = isIndex ? MediaType.isIndex(type) : MediaType.isManifest(type);
      if (fits && manifest.digest().equals(digest)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The entry for {@code host}: one of exactly its platform, else one that runs there too; among
   * equals the first.
   */
  public Optional<OciDescriptor> select(Platform host) {
    OciDescriptor best = null;
    int fit = 0;
    for (OciDescriptor manifest : manifests) {
      int fits = manifest.platform().isPresent() ? manifest.platform().get().fits(host) : 0;
      if (fits > fit) {
        best = manifest;
        fit = fits;
      }
    }
    return Optional.ofNullable(best);
  }
}
