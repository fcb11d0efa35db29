package rkt.kernel;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An error number of Linux, with its symbolic name. errno(3) */
public record Errno(int number) {
  private static final Map<Integer, String> NAMES = new HashMap<>();

  public static final Errno EPERM = named(1, "EPERM");
  public static final Errno ENOENT = named(2, "ENOENT");
  public static final Errno ESRCH = named(3, "ESRCH");
  public static final Errno EINTR = named(4, "EINTR");
  public static final Errno EIO = named(5, "EIO");
  public static final Errno ENXIO = named(6, "ENXIO");
  public static final Errno E2BIG = named(7, "E2BIG");
  public static final Errno ENOEXEC = named(8, "ENOEXEC");
  public static final Errno EBADF = named(9, "EBADF");
  public static final Errno ECHILD = named(10, "ECHILD");
  public static final Errno EAGAIN = named(11, "EAGAIN");
  public static final Errno ENOMEM = named(12, "ENOMEM");
  public static final Errno EACCES = named(13, "EACCES");
  public static final Errno EFAULT = named(14, "EFAULT");
  public static final Errno EBUSY = named(16, "EBUSY");
  public static final Errno EEXIST = named(17, "EEXIST");
  public static final Errno EXDEV = named(18, "EXDEV");
  public static final Errno ENODEV = named(19, "ENODEV");
  public static final Errno ENOTDIR = named(20, "ENOTDIR");
  public static final Errno EISDIR = named(21, "EISDIR");
  public static final Errno EINVAL = named(22, "EINVAL");
  public static final Errno ENFILE = named(23, "ENFILE");
  public static final Errno EMFILE = named(24, "EMFILE");
  public static final Errno ENOTTY = named(25, "ENOTTY");
  public static final Errno ETXTBSY = named(26, "ETXTBSY");
  public static final Errno EFBIG = named(27, "EFBIG");
  public static final Errno ENOSPC = named(28, "ENOSPC");
  public static final Errno EROFS = named(30, "EROFS");
  public static final Errno EMLINK = named(31, "EMLINK");
  public static final Errno EPIPE = named(32, "EPIPE");
  public static final Errno ERANGE = named(34, "ERANGE");
  public static final Errno ENAMETOOLONG = named(36, "ENAMETOOLONG");
  public static final Errno ENOSYS = named(38, "ENOSYS");
  public static final Errno ENOTEMPTY = named(39, "ENOTEMPTY");
  public static final Errno ELOOP = named(40, "ELOOP");
  public static final Errno ENODATA = named(61, "ENODATA");
  public static final Errno EOVERFLOW = named(75, "EOVERFLOW");
  public static final Errno EOPNOTSUPP = named(95, "EOPNOTSUPP");
  public static final Errno ESTALE = named(116, "ESTALE");
  public static final Errno EDQUOT = named(122, "EDQUOT");

  /** The error of this number, known by name or not. */
  public static Errno of(int number) {
    return new Errno(number);
  }

  /**
   * The error of a symbolic name.
   *
   * @throws IllegalArgumentException if it is not one of those above
   */
  public static Errno parse(String name) {
    for (Map.Entry<Integer, String> entry : NAMES.entrySet()) {
      if (entry.getValue().equals(name)) {
        return new Errno(entry.getKey());
      }
    }
    if (name.equals("ENOTSUP")) {
      return EOPNOTSUPP; // one number with two names
    }
    throw new IllegalArgumentException("no such error: " + name);
  }

  // By hand: Java takes 8 ms to make those of a record at their first call.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Errno errno && errno.number == number;
  }

  @Override
  public int hashCode() {
    return number;
  }

  /** The symbolic name, such as {@code ENOENT}; {@code errno 123} for one that is not listed. */
  @Override
  public String toString() {
    return NAMES.getOrDefault(number, "errno " + number);
  }

  private static Errno named(int number, String name) {
    NAMES.put(number, name);
    return new Errno(number);
  }
}
