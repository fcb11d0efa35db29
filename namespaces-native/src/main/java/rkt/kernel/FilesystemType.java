package rkt.kernel;

/** A kind of filesystem, as its magic number tells. statfs(2) */
public record FilesystemType(long magic) {
  public static final FilesystemType PROC = new FilesystemType(0x9fa0);
  public static final FilesystemType SYSFS = new FilesystemType(0x62656572);
  public static final FilesystemType TMPFS = new FilesystemType(0x01021994);
  public static final FilesystemType OVERLAY = new FilesystemType(0x794c7630);
  public static final FilesystemType CGROUP = new FilesystemType(0x27e0eb);
  public static final FilesystemType CGROUP2 = new FilesystemType(0x63677270);
  public static final FilesystemType NFS = new FilesystemType(0x6969);
  public static final FilesystemType NAMESPACE = new FilesystemType(0x6e736673);
  public static final FilesystemType PIPE = new FilesystemType(0x50495045);
  public static final FilesystemType DEVPTS = new FilesystemType(0x1cd1);

  static FilesystemType of(long magic) {
    return new FilesystemType(magic & 0xffffffffL);
  }

  /** Whether this is {@code other}. */
  public boolean is(FilesystemType other) {
    return magic == other.magic;
  }
}
