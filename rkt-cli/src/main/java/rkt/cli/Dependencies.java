package rkt.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.AciDependency;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;

/**
 * What an ACI depends on: from the store, or fetched into it, each through the gate by itself. A
 * key that is trusted for an image says nothing about what that builds on.
 * spec/image.md#dependencies
 */
final class Dependencies {
  private static final int DEEPEST = 32;
  private static final int MOST_LAYERS = 500;

  private final Store store;
  private final List<Image> way = new ArrayList<>();

  Dependencies(Store store) {
    this.store = store;
  }

  /** Finds an image that another builds on, and fetches it if need be. */
  interface Source {
    Image find(AciDependency dependency) throws RktException, IOException;
  }

  /**
   * The images that {@code image} depends on, in their order, each with all that it depends on
   * itself.
   *
   * @param source of those that the store does not have
   */
  List<Image> of(Image image, List<AciDependency> dependencies, Source source) throws RktException {
    if (way.size() == DEEPEST) {
      throw SpecException.integrity(
          image.name() + " depends on others more than " + DEEPEST + " deep");
    }
    way.add(image);
    try {
      List<Image> found = new ArrayList<>();
      int layers = 1;
      for (AciDependency dependency : dependencies) {
        Image one = find(image, dependency, source);
        layers += one.layers().size();
        if (layers > MOST_LAYERS) {
          throw SpecException.integrity(
              image.name() + " is made of more than " + MOST_LAYERS + " images");
        }
        found.add(one);
      }
      return found;
    } finally {
      way.removeLast();
    }
  }

  private Image find(Image parent, AciDependency dependency, Source source) throws RktException {
    for (Image above : way) {
      if (dependency.mismatch(above).isEmpty()) {
        throw SpecException.integrity(
            above.name() + " depends on itself, through " + parent.name(),
            "ask its publisher for an image without that circle");
      }
    }
    Image found = stored(dependency);
    if (found == null) {
      try {
        found = source.find(dependency);
      } catch (IOException e) {
        throw SpecException.system("cannot fetch " + dependency.reference(), e);
      }
    }
    String mismatch = dependency.mismatch(found);
    if (!mismatch.isEmpty()) {
      throw SpecException.integrity(
          parent.name()
              + " depends on "
              + dependency.reference()
              + ", and what was found is not"
              + " that: "
              + mismatch);
    }
    return found;
  }

  private @Nullable Image stored(AciDependency dependency) throws SpecException {
    Optional<ImageId> id =
        dependency.id().isPresent()
            ? store.find(dependency.id().get().toString())
            : Optional.empty();
    return id.isPresent() ? store.image(id.get()) : null;
  }
}
