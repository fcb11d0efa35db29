package rkt.spec.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rkt.spec.Digest;
import rkt.spec.ImageName;

/**
 * An image, whatever its format was: what the tools hand to each other, and what is kept beside the
 * store as {@code images/<id>/image.json} so that a start reads one small file.
 * spec/image.md#resolved
 *
 * @param id what identifies it
 * @param name the name that it is judged under
 * @param manifest the digest of its OCI manifest in the store
 * @param signed the digest of the blob whose bytes a signature covers: the ACI as served, or the
 *     OCI manifest
 * @param layers bottom first
 * @param app what it runs
 * @param labels the appc labels, or those of the OCI config
 */
public record Image(
    ImageId id,
    ImageName name,
    Digest manifest,
    Digest signed,
    List<Layer> layers,
    App app,
    Map<String, String> labels) {
  public Image {
    layers = List.copyOf(layers);
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
  }
}
