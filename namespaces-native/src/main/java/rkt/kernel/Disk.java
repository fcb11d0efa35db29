package rkt.kernel;

import java.util.Optional;

/**
 * A whole disk, which is what control groups count the traffic of; written {@code 8:0}.
 *
 * @param major and minor, its number
 */
public record Disk(long major, long minor) {
  private static final String DEVICES = "/sys/dev/block/";

  /**
   * The disk that {@code path} names, if it is a node of one or of its partition, or else the one
   * that it lies on.
   *
   * @return empty if that is no disk: a file system in memory or over the network, or one that is
   *     made of several
   * @throws KernelException if {@code path} cannot be opened
   */
  public static Optional<Disk> of(String path) throws KernelException {
    Stat stat;
    try (Fd file = Descriptors.open(path, OpenFlag.PATH)) {
      stat = Descriptors.stat(file);
    }
    boolean isNode = (stat.mode() & Stat.S_IFMT) == Stat.S_IFBLK;
    long device = isNode ? stat.rdev() : stat.dev();
    Disk disk = new Disk(device >>> 32, device & 0xffff_ffffL);
    String at = DEVICES + disk;
    if (!TextFiles.exists(at)) {
      return Optional.empty();
    }
    if (!TextFiles.exists(at + "/partition")) {
      return Optional.of(disk);
    }
    String whole = TextFiles.read(at + "/../dev").strip();
    int colon = whole.indexOf(':');
    return Optional.of(
        new Disk(
            Long.parseLong(whole.substring(0, colon)), Long.parseLong(whole.substring(colon + 1))));
  }

  @Override
  public String toString() {
    return major + ":" + minor;
  }
}
