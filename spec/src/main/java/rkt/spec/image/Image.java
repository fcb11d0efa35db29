package rkt.spec.image;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * @param steps for an ACI that depends on others, or has a path whitelist, how it is assembled of
 *     them: one for each layer, the last for itself; else none
 * @param notifies whether it says that its app tells by sd_notify(3) when it is ready
 */
public record Image(
    ImageId id,
    ImageName name,
    Digest manifest,
    Digest signed,
    List<Layer> layers,
    App app,
    Map<String, String> labels,
    List<AciStep> steps,
    boolean notifies) {
  /** The annotation of an ACI, or label of an OCI image, by which an image says so: true. */
  public static final String NOTIFIES = "appc.io/executor/supports-systemd-notify";

  public Image {
    steps = List.copyOf(steps);
    if (!steps.isEmpty() && steps.size() != layers.size()) {
      throw new IllegalArgumentException(
          layers.size() + " layers cannot be assembled in " + steps.size() + " steps");
    }
    layers = List.copyOf(layers);
    labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
  }

  /** An image that is assembled of nothing else and does not say when it is ready. */
  public Image(
      ImageId id,
      ImageName name,
      Digest manifest,
      Digest signed,
      List<Layer> layers,
      App app,
      Map<String, String> labels) {
    this(id, name, manifest, signed, layers, app, labels, List.of(), false);
  }

  /** This with the ACIs that it depends on, in their order, each with all that it depends on. */
  public Image on(List<Image> dependencies) {
    List<Layer> all = new ArrayList<>();
    List<AciStep> route = new ArrayList<>();
    for (Image dependency : dependencies) {
      all.addAll(dependency.layers);
      List<AciStep> own =
          dependency.steps.isEmpty() ? List.of(new AciStep(0, List.of())) : dependency.steps;
      for (AciStep step : own) {
        route.add(step.below());
      }
    }
    all.addAll(layers);
    route.add(steps.isEmpty() ? new AciStep(0, List.of()) : steps.getLast());
    return new Image(id, name, manifest, signed, all, app, labels, route, notifies);
  }

  /** This under another name, which an OCI image does not say itself. */
  public Image called(ImageName other) {
    return other.equals(name)
        ? this
        : new Image(id, other, manifest, signed, layers, app, labels, steps, notifies);
  }

  /** This without what it depends on, and without its path whitelist. */
  public Image alone() {
    return steps.isEmpty()
        ? this
        : new Image(
            id,
            name,
            manifest,
            signed,
            List.of(layers.getLast()),
            app,
            labels,
            List.of(),
            notifies);
  }

  /** The identifiers of the ACIs that it depends on, each once. */
  public Set<ImageId> dependencies() {
    Set<ImageId> dependencies = new LinkedHashSet<>();
    for (int i = 0; i < steps.size() - 1; i++) {
      dependencies.add(new ImageId(ImageId.Kind.ACI, layers.get(i).diffId()));
    }
    return dependencies;
  }
}
