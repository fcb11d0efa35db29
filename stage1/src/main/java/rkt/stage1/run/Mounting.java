package rkt.stage1.run;

import rkt.stage1.StageException;

/**
 * That an app mounts a volume.
 *
 * @param volume the name of a volume of the pod
 * @param target where, absolute in the app's root, normalised
 */
public record Mounting(String volume, String target) {
  /** What the runtime mounts itself: nothing may be put on, under or over these. */
  private static final String[] OURS = {"/proc", "/sys", "/dev"};

  public Mounting {
    if (!target.startsWith("/")) {
      throw new IllegalArgumentException("not absolute: " + target);
    }
  }

  /** What a volume that only one app has is called among those of the pod: no AC Name. */
  public static String own(String app, String volume) {
    return app + "." + volume;
  }

  /** Reads {@code volume=NAME,target=PATH}. */
  public static Mounting parse(String text) throws StageException {
    String volume = "";
    String target = "";
    for (String part : text.split(",", -1)) {
      if (part.startsWith("volume=") && volume.isEmpty()) {
        volume = part.substring("volume=".length());
      } else if (part.startsWith("target=") && target.isEmpty()) {
        target = part.substring("target=".length());
      } else {
        volume = "";
        break;
      }
    }
    if (!AcName.isValid(volume) || !target.startsWith("/")) {
      throw StageException.usage(
          "cannot read the mount \"" + text + "\"", "write volume=NAME,target=/PATH");
    }
    return checked(volume, target);
  }

  /**
   * A mount at a path that came from outside.
   *
   * @throws StageException if {@code target} leaves the root, or is a place of the runtime's own
   */
  public static Mounting checked(String volume, String target) throws StageException {
    return new Mounting(volume, checkedTarget(target, ""));
  }

  /**
   * A target that came from outside, normalised.
   *
   * @param allowed the one place of the runtime's own that it may be; empty for none
   */
  static String checkedTarget(String target, String allowed) throws StageException {
    StringBuilder path = new StringBuilder();
    for (String name : target.split("/", -1)) {
      if (name.equals("..") || name.indexOf('\0') >= 0) {
        throw StageException.usage("the mount target \"" + target + "\" is not a plain path", null);
      }
      if (!name.isEmpty() && !name.equals(".")) {
        path.append('/').append(name);
      }
    }
    String normal = path.toString();
    if (normal.isEmpty()) {
      throw StageException.usage("a volume cannot be mounted over the root of an app", null);
    }
    if (isOurs(normal) && !normal.equals(allowed)) {
      throw StageException.usage(
          "nothing may be mounted at \"" + target + "\", which is the runtime's own",
          "choose a target outside /proc, /sys and /dev; for devices there is --device, for /dev/shm"
              + " --tmpfs");
    }
    return normal;
  }

  /** Whether {@code path}, normalised, is at or below a mount of the runtime's own. */
  static boolean isOurs(String path) {
    for (String ours : OURS) {
      if (path.equals(ours) || path.startsWith(ours + "/")) {
        return true;
      }
    }
    return false;
  }
}
