package rkt.kernel;

import com.kenai.jffi.MemoryIO;

/**
 * Native memory for the arguments of file calls, one block a thread, so that a call allocates
 * nothing: two names, and a structure. It is never freed; the threads that work on files are few
 * and live as long as the process does. (A Cleaner would free it, and start a thread of its own
 * where a pod's thread must not.)
 */
final class ThreadMemory {
  static final MemoryIO MEMORY = Scratch.MEMORY;

  /** The longest path that the kernel takes, with its NUL. PATH_MAX */
  static final int NAME_BYTES = 4096;

  /** Room for the directory entries of one read, or one extended attribute. */
  static final int STRUCT_BYTES = 64 << 10;

  private static final ThreadLocal<ThreadMemory> OF_THREAD =
      ThreadLocal.withInitial(ThreadMemory::new);

  private final long block = MEMORY.allocateMemory(2 * NAME_BYTES + STRUCT_BYTES, true);

  private ThreadMemory() {
    if (block == 0) {
      throw new OutOfMemoryError("native memory");
    }
  }

  static ThreadMemory get() {
    return OF_THREAD.get();
  }

  /**
   * The first name of a call, NUL-terminated.
   *
   * @throws KernelException ENAMETOOLONG, as the kernel itself would say, or EINVAL for a NUL
   *     within it, which the kernel would take for the end
   */
  long name(String call, byte[] name) throws KernelException {
    return put(call, name, block);
  }

  /** The second name of a call; see {@link #name}. */
  long secondName(String call, byte[] name) throws KernelException {
    return put(call, name, block + NAME_BYTES);
  }

  /** {@link #STRUCT_BYTES} bytes for a structure or a result, with whatever the last call left. */
  long struct() {
    return block + 2 * NAME_BYTES;
  }

  private static long put(String call, byte[] name, long at) throws KernelException {
    if (name.length >= NAME_BYTES) {
      throw new KernelException(call, Names.printable(name), Errno.ENAMETOOLONG);
    }
    for (byte b : name) {
      if (b == 0) {
        throw new KernelException(call, Names.printable(name), Errno.EINVAL);
      }
    }
    MEMORY.putByteArray(at, name, 0, name.length);
    MEMORY.putByte(at + name.length, (byte) 0);
    return at;
  }
}
