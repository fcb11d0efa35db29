package rkt.kernel;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Small files of the kernel's own filesystems: errors come as errno, and few classes load. */
final class TextFiles {
  private static final int AT_FDCWD = -100;
  private static final int AT_REMOVEDIR = 0x200;
  private static final int CHUNK = 16384;
  private static final int LIMIT = 8 << 20; // more is not one of the files that we read

  private TextFiles() {}

  static String read(String path) throws KernelException {
    try (Fd file = Descriptors.open(path, OpenFlag.READ)) {
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      while (text.size() < LIMIT) {
        byte[] bytes = Descriptors.read(file, CHUNK);
        if (bytes.length == 0) {
          break;
        }
        text.write(bytes, 0, bytes.length);
      }
      return text.toString(StandardCharsets.UTF_8);
    }
  }

  /** Writes {@code text} in one write(2), which is one command to the kernel. */
  static void write(String path, String text) throws KernelException {
    try (Fd file = Descriptors.open(path, OpenFlag.WRITE)) {
      Descriptors.write(file, text.getBytes(StandardCharsets.UTF_8));
    } catch (KernelException e) {
      throw e.call().equals("write")
          ? new KernelException("write", path + ", " + text, e.errno())
          : e;
    }
  }

  static boolean exists(String path) {
    return new java.io.File(path).exists();
  }

  /**
   * mkdirat(2).
   *
   * @return false if it was there
   */
  static boolean makeDirectory(String path) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      if (LibC.syscall(SystemCall.MKDIRAT, AT_FDCWD, scratch.cString(path), 0755) == 0) {
        return true;
      }
      KernelException failure = LibC.failure("mkdir", path);
      if (failure.is(Errno.EEXIST)) {
        return false;
      }
      throw failure;
    }
  }

  /** unlinkat(AT_REMOVEDIR); a directory that is not there is removed already. */
  static void removeDirectory(String path) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      if (LibC.syscall(SystemCall.UNLINKAT, AT_FDCWD, scratch.cString(path), AT_REMOVEDIR) != 0) {
        KernelException failure = LibC.failure("rmdir", path);
        if (!failure.is(Errno.ENOENT)) {
          throw failure;
        }
      }
    }
  }
}
