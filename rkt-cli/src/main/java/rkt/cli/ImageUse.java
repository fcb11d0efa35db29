package rkt.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.stage1.pod.PodPhase;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** Which images the pods of this host still need. */
final class ImageUse {
  private final Map<ImageId, PodView> users = new LinkedHashMap<>();

  private ImageUse() {}

  /** Looks at every pod; one that has ended needs nothing any more. */
  static ImageUse of(Settings settings) throws RktException {
    ImageUse use = new ImageUse();
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

  /** A pod that needs the image: one that runs, if there is one. */
  Optional<PodView> of(ImageId image) {
    return Optional.ofNullable(users.get(image));
  }

  /**
   * Refuses to remove an image that a pod needs.
   *
   * @param force whether that of a pod which does not run yet may go
   */
  void requireUnused(ImageId image, boolean force) throws UsageException {
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
