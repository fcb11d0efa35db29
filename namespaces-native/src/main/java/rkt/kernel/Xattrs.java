package rkt.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Extended attributes. xattr(7) */
final class Xattrs {
  private Xattrs() {}

  static void set(int fd, byte[] attribute, byte[] value, byte[] subject) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long result =
        LibC.syscall(
            SystemCall.FSETXATTR,
            fd,
            memory.name("fsetxattr", attribute),
            value(memory, value, subject),
            value.length,
            0);
    check("fsetxattr", subject, result);
  }

  static void lset(byte[] path, byte[] attribute, byte[] value, byte[] subject)
      throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long result =
        LibC.syscall(
            SystemCall.LSETXATTR,
            memory.name("lsetxattr", path),
            memory.secondName("lsetxattr", attribute),
            value(memory, value, subject),
            value.length,
            0);
    check("lsetxattr", subject, result);
  }

  static byte @Nullable [] lget(byte[] path, byte[] attribute, byte[] subject)
      throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long result =
        LibC.syscall(
            SystemCall.LGETXATTR,
            memory.name("lgetxattr", path),
            memory.secondName("lgetxattr", attribute),
            memory.struct(),
            ThreadMemory.STRUCT_BYTES);
    if (result < 0 && LibC.errno().equals(Errno.ENODATA)) {
      return null;
    }
    check("lgetxattr", subject, result);
    byte[] value = new byte[(int) result];
    ThreadMemory.MEMORY.getByteArray(memory.struct(), value, 0, value.length);
    return value;
  }

  static void lremove(byte[] path, byte[] attribute, byte[] subject) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long result =
        LibC.syscall(
            SystemCall.LREMOVEXATTR,
            memory.name("lremovexattr", path),
            memory.secondName("lremovexattr", attribute));
    check("lremovexattr", subject, result);
  }

  static List<byte[]> llist(byte[] path, byte[] subject) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long result =
        LibC.syscall(
            SystemCall.LLISTXATTR,
            memory.name("llistxattr", path),
            memory.struct(),
            ThreadMemory.STRUCT_BYTES);
    check("llistxattr", subject, result);
    byte[] all = new byte[(int) result];
    ThreadMemory.MEMORY.getByteArray(memory.struct(), all, 0, all.length);
    List<byte[]> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] == 0) {
        names.add(Arrays.copyOfRange(all, start, i));
        start = i + 1;
      }
    }
    return names;
  }

  private static long value(ThreadMemory memory, byte[] value, byte[] subject)
      throws KernelException {
    if (value.length > ThreadMemory.STRUCT_BYTES) {
      throw new KernelException("setxattr", Names.printable(subject), Errno.E2BIG);
    }
    ThreadMemory.MEMORY.putByteArray(memory.struct(), value, 0, value.length);
    return memory.struct();
  }

  private static void check(String call, byte[] subject, long result) throws KernelException {
    if (result < 0) {
      throw new KernelException(call, Names.printable(subject), LibC.errno());
    }
  }
}
