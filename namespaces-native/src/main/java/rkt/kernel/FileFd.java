package rkt.kernel;

/**
 * An open file of any type: what can be done to it through its descriptor, so that no name is
 * looked up twice. Confined to one thread, like {@link Fd}.
 */
public final class FileFd implements AutoCloseable {
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final byte[] NO_NAME = {};
  private static final int STATX_MNT_ID = 0x1000;
  private static final int STATX_MNT_ID_OFFSET = 144;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;

  private final Fd fd;
  private final int number;
  private final byte[] name;

  FileFd(int number, byte[] name) {
    this.fd = new Fd(number);
    this.number = number;
    this.name = name;
  }

  /** The number, valid until {@link #close()}. */
  public int number() {
    return fd.number();
  }

  /** statx(2) of the open file; works for O_PATH too. */
  public Stat stat() throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long result =
        LibC.syscall(
            SystemCall.STATX,
            fd.number(),
            memory.name("statx", NO_NAME),
            AT_EMPTY_PATH,
            Stat.BASIC,
            memory.struct());
    check("statx", result);
    return Stat.read(ThreadMemory.MEMORY, memory.struct());
  }

  /**
   * The number of the mount through which this was opened, as in {@code /proc/self/mountinfo};
   * statx(2) since Linux 5.8. Works for O_PATH too.
   */
  public long mountId() throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long result =
        LibC.syscall(
            SystemCall.STATX,
            fd.number(),
            memory.name("statx", NO_NAME),
            AT_EMPTY_PATH,
            STATX_MNT_ID,
            memory.struct());
    check("statx", result);
    return ThreadMemory.MEMORY.getLong(memory.struct() + STATX_MNT_ID_OFFSET);
  }

  /**
   * Copies the content, holes as holes, without its passing through this process: sendfile(2).
   *
   * @param to open for writing, empty
   * @param size of this file, of which no more is copied
   */
  public void copyTo(FileFd to, long size) throws KernelException {
    long data = seek(0, SEEK_DATA);
    while (data >= 0 && data < size) {
      long hole = Math.min(seek(data, SEEK_HOLE), size);
      check("lseek", LibC.syscall(SystemCall.LSEEK, fd.number(), data, 0));
      check("lseek", LibC.syscall(SystemCall.LSEEK, to.fd.number(), data, 0));
      while (data < hole) {
        long sent = LibC.syscall(SystemCall.SENDFILE, to.fd.number(), fd.number(), 0, hole - data);
        if (sent < 0) {
          retryOrThrow("sendfile");
        } else if (sent == 0) {
          throw new KernelException("sendfile", Names.printable(name), Errno.EIO);
        } else {
          data += sent;
        }
      }
      data = seek(data, SEEK_DATA);
    }
    to.truncate(size);
  }

  /** lseek(2); -1 if there is no more of what is looked for. */
  private long seek(long from, int what) throws KernelException {
    long result = LibC.syscall(SystemCall.LSEEK, fd.number(), from, what);
    if (result < 0 && LibC.errno().equals(Errno.ENXIO)) {
      return -1;
    }
    check("lseek", result);
    return result;
  }

  /** write(2) until all of {@code length} bytes at the native address are written. */
  public void write(long address, long length) throws KernelException {
    long done = 0;
    while (done < length) {
      long result = LibC.syscall(SystemCall.WRITE, fd.number(), address + done, length - done);
      if (result < 0) {
        retryOrThrow("write");
      } else {
        done += result;
      }
    }
  }

  /** write(2) through {@code buffer}, until all is written. */
  public void write(byte[] bytes, int offset, int length, NativeBuffer buffer)
      throws KernelException {
    int done = 0;
    while (done < length) {
      int part = Math.min(length - done, buffer.size());
      buffer.put(bytes, offset + done, part);
      write(buffer.address(), part);
      done += part;
    }
  }

  /** pwrite64(2) through {@code buffer}, until all is written at {@code position} and after. */
  public void writeAt(long position, byte[] bytes, int offset, int length, NativeBuffer buffer)
      throws KernelException {
    int done = 0;
    while (done < length) {
      int part = Math.min(length - done, buffer.size());
      buffer.put(bytes, offset + done, part);
      int written = 0;
      while (written < part) {
        long result =
            LibC.syscall(
                SystemCall.PWRITE64,
                fd.number(),
                buffer.address() + written,
                part - written,
                position + done + written);
        if (result < 0) {
          retryOrThrow("pwrite");
        } else {
          written += (int) result;
        }
      }
      done += part;
    }
  }

  /** read(2) through {@code buffer} into {@code bytes}; 0 at the end of the file. */
  public int read(byte[] bytes, NativeBuffer buffer) throws KernelException {
    int part = Math.min(bytes.length, buffer.size());
    while (true) {
      long result = LibC.syscall(SystemCall.READ, fd.number(), buffer.address(), part);
      if (result >= 0) {
        buffer.get(bytes, (int) result);
        return (int) result;
      }
      retryOrThrow("read");
    }
  }

  /** ftruncate(2); what it adds is a hole. */
  public void truncate(long size) throws KernelException {
    check("ftruncate", LibC.syscall(SystemCall.FTRUNCATE, fd.number(), size));
  }

  /** fchmod(2): the bits as given, whatever the umask. Not for O_PATH. */
  public void chmod(int permissions) throws KernelException {
    check("fchmod", LibC.syscall(SystemCall.FCHMOD, fd.number(), permissions));
  }

  /** fchown(2); -1 leaves a number as it is. Clears set-user-id: chmod comes after. */
  public void chown(int uid, int gid) throws KernelException {
    check("fchown", LibC.syscall(SystemCall.FCHOWN, fd.number(), uid, gid));
  }

  /** utimensat(2) on the open file: both times. Not for O_PATH. */
  public void times(long seconds, int nanos) throws KernelException {
    long times = DirFd.times(ThreadMemory.get(), seconds, nanos);
    check("futimens", LibC.syscall(SystemCall.UTIMENSAT, fd.number(), 0, times, 0));
  }

  /** fsetxattr(2). Not for O_PATH. */
  public void setXattr(byte[] attribute, byte[] value) throws KernelException {
    Xattrs.set(fd.number(), attribute, value, name);
  }

  /** flock(2), waiting; the lock goes with the open file, so an exec keeps it. */
  public void lock(boolean exclusive) throws KernelException {
    while (LibC.syscall(SystemCall.FLOCK, fd.number(), exclusive ? LOCK_EX : LOCK_SH) < 0) {
      retryOrThrow("flock");
    }
  }

  /** flock(2) if nobody holds a lock against it; false if somebody does. */
  public boolean tryLock(boolean exclusive) throws KernelException {
    int how = (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB;
    if (LibC.syscall(SystemCall.FLOCK, fd.number(), how) == 0) {
      return true;
    }
    Errno errno = LibC.errno();
    if (errno.equals(Errno.EAGAIN)) {
      return false;
    }
    throw new KernelException("flock", Names.printable(name), errno);
  }

  /** fsync(2). */
  public void sync() throws KernelException {
    check("fsync", LibC.syscall(SystemCall.FSYNC, fd.number()));
  }

  /** syncfs(2): everything of the file system that holds this file. */
  public void syncFileSystem() throws KernelException {
    check("syncfs", LibC.syscall(SystemCall.SYNCFS, fd.number()));
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return "fd " + number + " (" + Names.printable(name) + ")";
  }

  private void retryOrThrow(String call) throws KernelException {
    Errno errno = LibC.errno();
    if (!errno.equals(Errno.EINTR)) {
      throw new KernelException(call, Names.printable(name), errno);
    }
  }

  private void check(String call, long result) throws KernelException {
    if (result < 0) {
      throw new KernelException(call, Names.printable(name), LibC.errno());
    }
  }
}
