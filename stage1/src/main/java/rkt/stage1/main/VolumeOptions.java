package rkt.stage1.main;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.StageException;
import rkt.stage1.run.Mounting;
import rkt.stage1.run.StorageRequest;
import rkt.stage1.run.Volume;

/** Options for the files that apps see: volumes of the pod, and where an app mounts them. */
final class VolumeOptions {
  /** The one option of an app that, before any image, is meant for every app. */
  static final String MOUNT = "--mount";

  private VolumeOptions() {}

  /** Adds the options of the pod. */
  static void describePod(CommandSpec spec) {
    Describe.list(
        spec,
        "--volume",
        "VOLUME",
        "NAME,kind=host,source=/PATH[,readOnly=true] or NAME,kind=empty[,mode=0755].");
  }

  /** Adds the options of an app. */
  static void describeApp(CommandSpec spec) {
    Describe.list(
        spec, MOUNT, "MOUNT", "volume=NAME,target=/PATH; before the first image, for every app.");
    Describe.choice(
        spec, "--readonly-rootfs", "Whether the app may not change its root. Usually it may.");
  }

  static List<Volume> volumes(ParseResult parsed) throws RktException {
    List<Volume> volumes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String text : Pairs.all(parsed, "--volume")) {
      Volume volume = Volume.parse(text);
      if (!names.add(volume.name())) {
        throw StageException.usage("two volumes are called \"" + volume.name() + "\"", null);
      }
      volumes.add(volume);
    }
    return volumes;
  }

  static StorageRequest storage(ParseResult parsed) throws RktException {
    List<Mounting> mounts = new ArrayList<>();
    for (String text : Pairs.all(parsed, MOUNT)) {
      mounts.add(Mounting.parse(text));
    }
    return new StorageRequest(mounts, parsed.matchedOptionValue("--readonly-rootfs", false));
  }
}
