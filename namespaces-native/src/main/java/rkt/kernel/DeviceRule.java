package rkt.kernel;

/**
 * Leave to open a device for reading and writing, and not to make nodes of it.
 *
 * @param minor -1 for all of the major number
 */
public record DeviceRule(boolean isBlock, long major, long minor) {
  /** All of a major number. */
  public static final long ALL = -1;

  /** Of the device whose node has this {@code stat}. */
  public static DeviceRule of(Stat stat) {
    boolean isBlock = (stat.mode() & Stat.S_IFMT) == Stat.S_IFBLK;
    return new DeviceRule(isBlock, stat.rdev() >>> 32, stat.rdev() & 0xffff_ffffL);
  }

  /** As the device controller of control groups version 1 reads it. */
  String text() {
    return (isBlock ? "b " : "c ") + major + ":" + (minor == ALL ? "*" : minor) + " rw";
  }
}
