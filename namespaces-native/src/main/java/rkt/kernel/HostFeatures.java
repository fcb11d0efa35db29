package rkt.kernel;

/** What this kernel can do. */
public final class HostFeatures {
  private HostFeatures() {}

  /**
   * Whether a filesystem of {@code type} can be mounted: it is listed, or its module loads when
   * asked for, which needs CAP_SYS_ADMIN.
   */
  public static boolean hasFilesystem(String type) throws KernelException {
    if (TextFiles.read("/proc/filesystems").contains("\t" + type + "\n")) {
      return true;
    }
    try (NewFilesystem filesystem = NewFilesystem.open(type)) {
      return filesystem != null;
    } catch (KernelException e) {
      if (e.is(Errno.ENODEV) || e.is(Errno.EPERM)) {
        return false;
      }
      throw e;
    }
  }

  /** As uname(2) has it: {@code 6.1.0-18-amd64}. */
  public static String kernelRelease() throws KernelException {
    return TextFiles.read("/proc/sys/kernel/osrelease").strip();
  }

  /** Whether the kernel is at least {@code major.minor}. */
  public static boolean isKernelAtLeast(int major, int minor) throws KernelException {
    return isAtLeast(kernelRelease(), major, minor);
  }

  static boolean isAtLeast(String release, int major, int minor) {
    int dot = release.indexOf('.');
    int end = dot + 1;
    while (end < release.length() && Character.isDigit(release.charAt(end))) {
      end++;
    }
    int ourMajor = Integer.parseInt(release.substring(0, dot));
    int ourMinor = Integer.parseInt(release.substring(dot + 1, end));
    return ourMajor > major || (ourMajor == major && ourMinor >= minor);
  }
}
