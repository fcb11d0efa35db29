package rkt.spec.store;

import java.util.List;
import rkt.spec.Digest;
import rkt.spec.image.ImageId;

/**
 * What removing an image did.
 *
 * @param unusedChains the chain ids of its layers that no other image has: their trees can go
 * @param freedBytes the size of the blobs that went with it
 */
public record Removal(ImageId id, List<Digest> unusedChains, long freedBytes) {
  public Removal {
    unusedChains = List.copyOf(unusedChains);
  }
}
