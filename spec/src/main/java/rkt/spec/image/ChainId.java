package rkt.spec.image;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.Digest;

/**
 * What names the tree that a layer makes on top of those below it, as OCI defines it: the diffID of
 * the lowest layer, then the SHA-256 of the chain id below, a space, and the diffID.
 * spec/image.md#layers
 */
public final class ChainId {
  private ChainId() {}

  /** The chain id of each of {@code layers}, bottom first. */
  public static List<Digest> of(List<Layer> layers) {
    List<Digest> chain = new ArrayList<>(layers.size());
    Digest below = null;
    for (Layer layer : layers) {
      Digest id =
          below == null
              ? layer.diffId()
              : Digest.sha256((below + " " + layer.diffId()).getBytes(StandardCharsets.US_ASCII));
      chain.add(id);
      below = id;
    }
    return chain;
  }
}
