package rkt.spec.image;

import java.util.List;

/**
 * The place of one ACI among those that an image with dependencies is assembled of. They come depth
 * first, each behind its own dependencies. spec/image.md#dependencies
 *
 * @param level 0 for the image itself, one more for each dependency of a dependency
 * @param pathWhitelist what of it, and of the dependencies right before it, stays; empty for all
 */
public record AciStep(int level, List<String> pathWhitelist) {
  public AciStep {
    if (level < 0) {
      throw new IllegalArgumentException("a level is not negative, got " + level);
    }
    pathWhitelist = List.copyOf(pathWhitelist);
  }

  /** The same as part of an image that depends on this one. */
  AciStep below() {
    return new AciStep(level + 1, pathWhitelist);
  }
}
