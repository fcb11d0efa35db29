package rkt.stage1.pack;

import java.util.LinkedHashMap;
import java.util.Map;
import rkt.spec.image.Image;
import rkt.spec.store.StoredImage;

/**
 * What a converted image says of the one that it was made from. Nobody signed the converted bytes:
 * this names what was signed, and is itself no proof. spec/packing.md#provenance
 */
final class Provenance {
  private Provenance() {}

  /** As annotations, of an OCI manifest or of an ACI's. */
  static Map<String, String> of(StoredImage stored) {
    Image image = stored.image();
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("vnd.rkt.converted.from", image.id().toString());
    annotations.put("vnd.rkt.converted.signed", image.signed().toString());
    annotations.put(
        "vnd.rkt.converted.signature",
        stored.admission().insecure()
            ? "admitted without verification"
            : "verified when it was admitted");
    return annotations;
  }
}
