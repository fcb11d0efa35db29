package rkt.spec.store;

import java.util.List;
import rkt.spec.image.Image;

/**
 * An image in the store.
 *
 * @param references under which it is found, besides its identifier
 */
public record StoredImage(Image image, List<String> references, Admission admission) {
  public StoredImage {
    references = List.copyOf(references);
  }
}
