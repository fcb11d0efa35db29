package rkt.spec.store;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rkt.spec.image.Image;
import rkt.spec.image.OciDescriptor;

/**
 * What a transaction admits into the store.
 *
 * @param manifest the descriptor of the image's OCI manifest
 * @param references under which it will be found; each moves here from where it pointed
 * @param attached descriptors of signatures and statements, from {@link Transaction#addSignature}
 *     and {@link Transaction#addStatements}
 * @param renews whether the statements among them, be there none, take the place of those that were
 *     fetched before
 * @param source where it came from, without credentials
 * @param insecure whether {@code --insecure-options=image} lets it in
 * @param beside further files for the image's directory, by name: {@code evidence.json}
 */
public record Entry(
    Image image,
    OciDescriptor manifest,
    List<String> references,
    List<OciDescriptor> attached,
    boolean renews,
    String source,
    boolean insecure,
    Map<String, byte[]> beside) {
  public Entry {
    references = List.copyOf(references);
    attached = List.copyOf(attached);
    beside = Collections.unmodifiableMap(new LinkedHashMap<>(beside));
  }

  /** An image whose source has no place for statements: those that are here stay. */
  public Entry(
      Image image,
      OciDescriptor manifest,
      List<String> references,
      List<OciDescriptor> attached,
      String source,
      boolean insecure,
      Map<String, byte[]> beside) {
    this(image, manifest, references, attached, false, source, insecure, beside);
  }
}
