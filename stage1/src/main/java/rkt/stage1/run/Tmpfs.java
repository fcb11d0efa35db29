package rkt.stage1.run;

import org.jspecify.annotations.Nullable;
import rkt.stage1.StageException;

/**
 * A file system in memory that an app is to have, bounded in bytes and in files. It never holds
 * devices or set-user-id programs that work. spec/pod.md#tmpfs
 *
 * @param target where, absolute in the app's root, normalised
 * @param bytes how much can be stored
 * @param files how many files and directories there can be
 * @param mode of its root, with owner {@code uid} and {@code gid}, which are the pod's numbers
 * @param readOnly whether nothing can be written after all
 * @param executable whether programs in it can be started
 */
public record Tmpfs(
    String target,
    long bytes,
    long files,
    int mode,
    int uid,
    int gid,
    boolean readOnly,
    boolean executable) {
  /** The one place of the runtime's own that a tmpfs may replace. */
  static final String SHM = "/dev/shm";

  private static final long DEFAULT_BYTES = 64L << 20;
  private static final int DEFAULT_MODE = 01777;
  private static final long PAGE = 4096;
  private static final long FEWEST_FILES = 64;

  /** As many files as the size has pages: none is smaller, unless it is empty. */
  static long filesFor(long bytes) {
    return Math.max(FEWEST_FILES, bytes / PAGE);
  }

  /**
   * Reads {@code /PATH[:OPTION,…]} with the options of tmpfs(5): {@code size}, {@code nr_inodes},
   * {@code mode}, {@code uid}, {@code gid}; and {@code exec}, {@code ro} and what is so anyway.
   */
  public static Tmpfs parse(String text) throws StageException {
    int colon = text.indexOf(':');
    String path = colon < 0 ? text : text.substring(0, colon);
    String options = colon < 0 ? "" : text.substring(colon + 1);
    if (!path.startsWith("/")) {
      throw wrong(text, "the path is not absolute");
    }
    long bytes = DEFAULT_BYTES;
    long files = 0;
    int mode = DEFAULT_MODE;
    int uid = 0;
    int gid = 0;
    boolean readOnly = false;
    boolean executable = false;
    for (String option : options.isEmpty() ? new String[0] : options.split(",", -1)) {
      int equals = option.indexOf('=');
      String key = equals < 0 ? option : option.substring(0, equals);
      String value = equals < 0 ? null : option.substring(equals + 1);
      switch (key) {
        case "size" -> bytes = size(text, value);
        case "nr_inodes" -> files = size(text, value);
        case "mode" -> mode = (int) number(text, value, 8, 0, 07777);
        case "uid" -> uid = (int) number(text, value, 10, 0, Integer.MAX_VALUE);
        case "gid" -> gid = (int) number(text, value, 10, 0, Integer.MAX_VALUE);
        default -> {
          if (value != null) {
            throw wrong(text, "unknown option " + key);
          }
          switch (key) {
            case "exec" -> executable = true;
            case "noexec" -> executable = false;
            case "ro" -> readOnly = true;
            case "rw" -> readOnly = false;
            case "nosuid", "nodev" -> {
              // It always is.
            }
            default -> throw wrong(text, "unknown option " + key);
          }
        }
      }
    }
    return new Tmpfs(
        Mounting.checkedTarget(path, SHM),
        bytes,
        files == 0 ? filesFor(bytes) : files,
        mode,
        uid,
        gid,
        readOnly,
        executable);
  }

  /** A number with k, m or g, as tmpfs(5) writes it, or Ki, Mi or Gi: powers of 1024. */
  private static long size(String text, @Nullable String value) throws StageException {
    if (value == null || value.isEmpty()) {
      throw wrong(text, "a size is missing");
    }
    String digits = value.endsWith("i") ? value.substring(0, value.length() - 1) : value;
    int shift =
        switch (digits.isEmpty()
            ? ' '
            : Character.toLowerCase(digits.charAt(digits.length() - 1))) {
          case 'k' -> 10;
          case 'm' -> 20;
          case 'g' -> 30;
          default -> 0;
        };
    if (shift == 0 && !digits.equals(value)) {
      throw wrong(text, "\"" + value + "\" is no size");
    }
    String number = shift == 0 ? digits : digits.substring(0, digits.length() - 1);
    return number(text, number, 10, 1, Long.MAX_VALUE >> shift) << shift;
  }

  private static long number(
      String text, @Nullable String value, int radix, long lowest, long highest)
      throws StageException {
    if (value != null && !value.isEmpty() && Character.digit(value.charAt(0), radix) >= 0) {
      try {
        long number = Long.parseLong(value, radix);
        if (number >= lowest && number <= highest) {
          return number;
        }
      } catch (NumberFormatException e) {
        // said below
      }
    }
    throw wrong(text, "\"" + value + "\" is out of range");
  }

  private static StageException wrong(String text, String why) {
    return StageException.usage(
        "cannot read the tmpfs \"" + text + "\": " + why,
        "write /PATH[:size=64m,mode=1777,uid=0,gid=0,nr_inodes=16k,exec,ro]");
  }
}
