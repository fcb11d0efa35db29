package rkt.stage1.run;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.spec.image.App;
import rkt.stage1.StageException;

/**
 * What is mounted into an app's root and in which order: what is below another target comes after
 * it, as the user wrote them otherwise. spec/pod.md#volumes
 */
final class MountPlan {
  /** One mount. */
  sealed interface Step {
    /** Where, absolute and normalised. */
    String target();
  }

  /** A volume. */
  record OfVolume(Volume volume, String target, boolean readOnly) implements Step {}

  /** A file system in memory. */
  record OfTmpfs(Tmpfs tmpfs) implements Step {
    @Override
    public String target() {
      return tmpfs.target();
    }
  }

  /**
   * A mount point of the image without a volume: a fresh one that begins as the image has it.
   *
   * @param directory a name that no volume has
   */
  record OfImage(String directory, String target, boolean readOnly) implements Step {}

  private final AppRequest app;
  private final List<Volume> podVolumes;
  private final List<Step> steps = new ArrayList<>();
  private final Set<String> targets = new HashSet<>();

  private MountPlan(AppRequest app, List<Volume> podVolumes) {
    this.app = app;
    this.podVolumes = podVolumes;
  }

  /**
   * Plans the mounts of {@code app}.
   *
   * @throws StageException of class usage if two have the same target, or a volume is missing
   */
  static List<Step> of(AppRequest app, List<Volume> podVolumes) throws StageException {
    MountPlan plan = new MountPlan(app, podVolumes);
    for (Mounting mounting : app.storage().mounts()) {
      plan.addMounting(mounting);
    }
    for (Tmpfs tmpfs : app.storage().tmpfs()) {
      plan.add(new OfTmpfs(tmpfs));
    }
    Set<String> asked = new HashSet<>(plan.targets);
    for (App.MountPoint point : app.app().mountPoints()) {
      Mounting mounting = Mounting.checked(point.name(), point.path());
      if (!asked.contains(mounting.target())) {
        plan.addMountPoint(mounting, point.readOnly());
      }
    }
    return parentsFirst(plan.steps);
  }

  private void addMounting(Mounting mounting) throws StageException {
    Volume volume = find(mounting.volume());
    if (volume == null) {
      String name = mounting.volume();
      throw StageException.usage(
          "a mount names the volume \"" + name + "\", which the pod does not have",
          "add --volume=" + name + ",kind=host,source=/PATH or --volume=" + name + ",kind=empty");
    }
    boolean readOnly = false;
    for (App.MountPoint point : app.app().mountPoints()) {
      readOnly |=
          point.readOnly()
              && Mounting.checked(point.name(), point.path()).target().equals(mounting.target());
    }
    addVolume(volume, mounting.target(), readOnly);
  }

  private void addMountPoint(Mounting point, boolean readOnly) throws StageException {
    Volume volume = find(point.volume());
    if (volume != null) {
      addVolume(volume, point.target(), readOnly);
    } else {
      String directory = "image." + app.name() + "." + point.volume();
      add(new OfImage(directory, point.target(), readOnly));
    }
  }

  private void addVolume(Volume volume, String target, boolean readOnly) throws StageException {
    add(new OfVolume(volume, target, readOnly || volume.readOnly()));
  }

  private void add(Step step) throws StageException {
    if (!targets.add(step.target())) {
      throw StageException.usage(
          "app \"" + app.name() + "\" has two mounts at " + step.target(),
          "choose another target for one of them");
    }
    steps.add(step);
  }

  private @Nullable Volume find(String name) {
    for (Volume volume : podVolumes) {
      if (volume.name().equals(name)) {
        return volume;
      }
    }
    return null;
  }

  private static List<Step> parentsFirst(List<Step> steps) {
    List<Step> sorted = new ArrayList<>();
    for (Step step : steps) {
      int at = sorted.size();
      while (at > 0 && depth(sorted.get(at - 1)) > depth(step)) {
        at--;
      }
      sorted.add(at, step);
    }
    return Collections.unmodifiableList(sorted);
  }

  private static int depth(Step step) {
    int slashes = 0;
    for (int i = 0; i < step.target().length(); i++) {
      slashes += step.target().charAt(i) == '/' ? 1 : 0;
    }
    return slashes;
  }
}
