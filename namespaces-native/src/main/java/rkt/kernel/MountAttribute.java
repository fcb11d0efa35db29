package rkt.kernel;

/** What a mount point forbids, whatever its filesystem allows. mount_setattr(2) */
public enum MountAttribute {
  READ_ONLY(0x1),
  NO_SUID(0x2),
  NO_DEV(0x4),
  NO_EXEC(0x8),
  NO_SYMLINK_FOLLOW(0x200000);

  private final long bit;

  MountAttribute(long bit) {
    this.bit = bit;
  }

  static long bits(MountAttribute... attributes) {
    long bits = 0;
    for (MountAttribute attribute : attributes) {
      bits |= attribute.bit;
    }
    return bits;
  }
}
