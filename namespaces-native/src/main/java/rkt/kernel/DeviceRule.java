package rkt.kernel;

/**
 * Leave to use a device. spec/pod.md#device-rules
 *
 * @param major 0 to 4095
 * @param minor 0 to 1048575; {@link #ALL} for all of the major number
 * @param access some of {@link #READ}, {@link #WRITE} and {@link #MAKE}
 */
public record DeviceRule(boolean isBlock, long major, long minor, int access) {
  /** All of a major number. */
  public static final long ALL = -1;

  /** Making a node of it. The numbers are those of the kernel, bpf(2). */
  public static final int MAKE = 1;

  public static final int READ = 2;
  public static final int WRITE = 4;
  public static final int READ_WRITE = READ | WRITE;

  private static final int EVERY = MAKE | READ | WRITE;
  private static final long MOST_MAJOR = 0xfff;
  private static final long MOST_MINOR = 0xf_ffff;

  public DeviceRule {
    if (major < 0 || major > MOST_MAJOR || minor < ALL || minor > MOST_MINOR) {
      throw new IllegalArgumentException("no device has the number " + major + ":" + minor);
    }
    if (access < 1 || access > EVERY) {
      throw new IllegalArgumentException("no access to a device has the number " + access);
    }
  }

  /** Of the device whose node has this {@code stat}. */
  public static DeviceRule of(Stat stat, int access) {
    boolean isBlock = (stat.mode() & Stat.S_IFMT) == Stat.S_IFBLK;
    return new DeviceRule(isBlock, stat.rdev() >>> 32, stat.rdev() & 0xffff_ffffL, access);
  }

  /**
   * Reads an access as {@link #letters} writes it.
   *
   * @throws IllegalArgumentException unless it is some of r, w and m, each once
   */
  public static int accessOf(String letters) {
    int access = 0;
    for (int i = 0; i < letters.length(); i++) {
      int one = bit(letters.charAt(i));
      if (one == 0 || (access & one) != 0) {
        throw new IllegalArgumentException("\"" + letters + "\" is no access");
      }
      access |= one;
    }
    if (access == 0) {
      throw new IllegalArgumentException("\"\" is no access");
    }
    return access;
  }

  /** Some of {@code rwm}, in this order: reading, writing, making a node. */
  public static String letters(int access) {
    return ((access & READ) == 0 ? "" : "r")
        + ((access & WRITE) == 0 ? "" : "w")
        + ((access & MAKE) == 0 ? "" : "m");
  }

  private static int bit(char letter) {
    return switch (letter) {
      case 'r' -> READ;
      case 'w' -> WRITE;
      case 'm' -> MAKE;
      default -> 0;
    };
  }

  /** Whether it is about what {@code other} is about. */
  boolean isOfSame(DeviceRule other) {
    return isBlock == other.isBlock && major == other.major && minor == other.minor;
  }

  /** Whether it is about all that {@code other} is about. */
  boolean covers(DeviceRule other) {
    return isBlock == other.isBlock
        && major == other.major
        && (minor == ALL || minor == other.minor);
  }

  /** The same with another access. */
  DeviceRule with(int other) {
    return new DeviceRule(isBlock, major, minor, other);
  }

  /** As the device controller of control groups version 1 reads it: {@code c 1:3 rw}. */
  @Override
  public String toString() {
    return (isBlock ? "b " : "c ")
        + major
        + ":"
        + (minor == ALL ? "*" : Long.toString(minor))
        + " "
        + letters(access);
  }
}
