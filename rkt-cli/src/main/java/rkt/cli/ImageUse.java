package rkt.cli;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.stage1.pod.PodPhase;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** Which images the pods of this host still need. */
final class ImageUse {
  private final Map<ImageId, PodView> users = new LinkedHashMap<>();

  private final Map<ImageId, Set<ImageId>> dependents = new LinkedHashMap<>();

  private ImageUse() {}

  /** Looks at every pod; one that has ended needs nothing any more. */
  static ImageUse of(Settings settings, Store store) throws RktException {
    ImageUse use = new ImageUse();
    for (ImageId id : store.ids()) {
      for (ImageId dependency : dependencies(store, id)) {
        use.dependents.computeIfAbsent(dependency, _ -> new LinkedHashSet<>()).add(id);
      }
    }
    for (PodView pod : new Pods(settings.dir()).list()) {
      boolean mayRun =
          pod.isRunning() || pod.phase() == PodPhase.PREPARE || pod.phase() == PodPhase.PREPARED;
      Optional<PodRecord> record = mayRun ? pod.readableRecord() : Optional.empty();
      if (record.isPresent()) {
        for (PodRecord.App app : record.get().apps()) {
          PodView other = use.users.get(app.image());
          if (other == null || !other.isRunning()) {
            use.users.put(app.image(), pod);
          }
        }
      }
    }
    return use;
  }

  /** None if nobody can tell: a damaged image must not keep others here. */
  private static Set<ImageId> dependencies(Store store, ImageId id) throws SpecException {
    try {
      return store.image(id).dependencies();
    } catch (SpecException e) {
      if (e.errorClass() == ErrorClass.INTEGRITY || e.errorClass() == ErrorClass.NOT_FOUND) {
        return Set.of();
      }
      throw e;
    }
  }

  /** A pod that needs the image: one that runs, if there is one. */
  Optional<PodView> of(ImageId image) {
    return Optional.ofNullable(users.get(image));
  }

  /** Says that the image is gone, and needs nothing any more. */
  void removed(ImageId image) {
    for (Set<ImageId> others : dependents.values()) {
      others.remove(image);
    }
  }

  /** Whether another image that is still there depends on this one. */
  boolean isDependedOn(ImageId image) {
    return !dependents.getOrDefault(image, Set.of()).isEmpty();
  }

  /**
   * Refuses to remove an image that a pod needs, or another image that does not go too.
   *
   * @param going all that are to be removed
   * @param force whether that of a pod which does not run yet may go
   */
  void requireUnused(ImageId image, Set<ImageId> going, boolean force) throws UsageException {
    for (ImageId dependent : dependents.getOrDefault(image, Set.of())) {
      if (!going.contains(dependent)) {
        throw new UsageException(
            "cannot remove image " + image + ": image " + dependent + " depends on it",
            "rkt image rm " + dependent + " too");
      }
    }
    Optional<PodView> user = of(image);
    if (user.isEmpty()) {
      return;
    }
    PodView pod = user.get();
    if (pod.isRunning()) {
      throw new UsageException(
          "cannot remove image " + image + ": pod " + pod.id() + " runs it",
          "rkt stop " + pod.id());
    }
    if (!force) {
      throw new UsageException(
          "cannot remove image "
              + image
              + ": pod "
              + pod.id()
              + " is "
              + pod.state()
              + " to run it",
          "rkt rm " + pod.id() + ", or add --force");
    }
  }
}
