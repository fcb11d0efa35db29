package rkt.kernel;

import com.kenai.jffi.MemoryIO;

/**
 * What statx(2) says of one file. Numbers of users and groups are unsigned in the kernel; here the
 * same 32 bits.
 *
 * @param mode the type and the permission bits
 * @param rdev of a device node: {@code major << 32 | minor}
 * @param dev the device of the file system, in the same form
 */
public record Stat(
    int mode,
    int links,
    int uid,
    int gid,
    long size,
    long blocks,
    long inode,
    long dev,
    long rdev,
    long mtimeSeconds,
    int mtimeNanos) {
  public static final int S_IFMT = 0170000;
  public static final int S_IFSOCK = 0140000;
  public static final int S_IFLNK = 0120000;
  public static final int S_IFREG = 0100000;
  public static final int S_IFBLK = 0060000;
  public static final int S_IFDIR = 0040000;
  public static final int S_IFCHR = 0020000;
  public static final int S_IFIFO = 0010000;

  /** The length of struct statx, the same on every architecture (unlike struct stat). */
  static final int STRUCT_BYTES = 256;

  /** STATX_BASIC_STATS. */
  static final int BASIC = 0x7ff;

  public boolean isDirectory() {
    return (mode & S_IFMT) == S_IFDIR;
  }

  public boolean isRegular() {
    return (mode & S_IFMT) == S_IFREG;
  }

  public boolean isSymlink() {
    return (mode & S_IFMT) == S_IFLNK;
  }

  /** The permission bits, set-user-id, set-group-id and sticky included. */
  public int permissions() {
    return mode & 07777;
  }

  /** Whether {@code other} is the very same file. */
  public boolean isSameFile(Stat other) {
    return inode == other.inode && dev == other.dev;
  }

  static Stat read(MemoryIO memory, long at) {
    return new Stat(
        Short.toUnsignedInt(memory.getShort(at + 28)),
        memory.getInt(at + 16),
        memory.getInt(at + 20),
        memory.getInt(at + 24),
        memory.getLong(at + 40),
        memory.getLong(at + 48),
        memory.getLong(at + 32),
        device(memory, at + 136),
        device(memory, at + 128),
        memory.getLong(at + 112),
        memory.getInt(at + 120));
  }

  private static long device(MemoryIO memory, long at) {
    return ((long) memory.getInt(at) << 32) | Integer.toUnsignedLong(memory.getInt(at + 4));
  }
}
