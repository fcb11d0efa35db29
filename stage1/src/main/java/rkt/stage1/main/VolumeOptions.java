package rkt.stage1.main;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.StageException;
import rkt.stage1.run.Device;
import rkt.stage1.run.Mounting;
import rkt.stage1.run.Quantity;
import rkt.stage1.run.StorageRequest;
import rkt.stage1.run.Tmpfs;
import rkt.stage1.run.Volume;

/** Options for the files that apps see: volumes of the pod, and where an app mounts them. */
final class VolumeOptions {
  /** The one option of an app that, before any image, is meant for every app. */
  static final String MOUNT = "--mount";

  private static final long LEAST_ROOT_BYTES = 64 << 10;

  private VolumeOptions() {}

  /** Adds the options of the pod. */
  static void describePod(Describe options) {
    options.list(
        "--volume",
        "VOLUME",
        "NAME,kind=host,source=/PATH[,readOnly=true] or NAME,kind=empty[,mode=0755].");
  }

  /** Adds the options of an app. */
  static void describeApp(Describe options) {
    options.list(
        MOUNT, "MOUNT", "volume=NAME,target=/PATH; before the first image, for every app.");
    options.list(
        "--tmpfs",
        "TMPFS",
        "/PATH[:size=64m,mode=1777,…]: a directory in memory, bounded in size and files.");
    options.list(
        "--device", "DEVICE", "/dev/HOST[:/dev/IN][:r|w|rw]: give the app a device of the host.");
    options.text(
        "--rootfs-size",
        "QUANTITY",
        "Keep what the app writes to its root in memory, and no more than this: 256Mi.");
    options.choice("--readonly-rootfs", "Whether the app may not change its root. Usually it may.");
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

  /**
   * What an app asks for.
   *
   * @param general how many of the mounts, the first ones, are meant for every app: what an app
   *     says of the same target wins over them
   */
  static StorageRequest storage(ParseResult parsed, int general) throws RktException {
    List<Tmpfs> tmpfs = new ArrayList<>();
    for (String text : Pairs.all(parsed, "--tmpfs")) {
      tmpfs.add(Tmpfs.parse(text));
    }
    List<Mounting> mounts = mounts(Pairs.all(parsed, MOUNT), general);
    List<Device> devices = new ArrayList<>();
    for (String text : Pairs.all(parsed, "--device")) {
      devices.add(Device.parse(text));
    }
    Optional<String> size = Pairs.find(parsed, "--rootfs-size");
    return new StorageRequest(
        mounts,
        tmpfs,
        devices,
        size.isEmpty() ? OptionalLong.empty() : OptionalLong.of(rootBytes(size.get())),
        parsed.matchedOptionValue("--readonly-rootfs", false));
  }

  private static List<Mounting> mounts(List<String> texts, int general) throws RktException {
    List<Mounting> own = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (String text : texts.subList(general, texts.size())) {
      Mounting mounting = Mounting.parse(text);
      own.add(mounting);
      taken.add(mounting.target());
    }
    List<Mounting> mounts = new ArrayList<>();
    for (String text : texts.subList(0, general)) {
      Mounting mounting = Mounting.parse(text);
      if (!taken.contains(mounting.target())) {
        mounts.add(mounting);
      }
    }
    mounts.addAll(own);
    return mounts;
  }

  private static long rootBytes(String text) throws RktException {
    long bytes = Quantity.units(text);
    if (bytes < LEAST_ROOT_BYTES) {
      throw StageException.usage(
          "--rootfs-size=" + text + " is too small to mount a root",
          "give it " + LEAST_ROOT_BYTES + " bytes or more: 64Ki");
    }
    return bytes;
  }
}
