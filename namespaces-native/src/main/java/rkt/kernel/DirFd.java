package rkt.kernel;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An open directory, and the calls that name something in it. Names are bytes, as in the kernel and
 * in a tar, whatever the locale is. Nothing here follows a symbolic link in the last component; the
 * plain calls take one component, and a path of several only goes through {@link #open}, which says
 * how links on the way are resolved. Confined to one thread.
 */
public final class DirFd implements AutoCloseable {
  /** How the links on the way of a path are resolved. openat2(2) */
  public enum Resolve {
    /** As after a chroot into this directory: absolute links and {@code ..} stay inside. */
    IN_ROOT(0x10 | 0x02),
    /** What would leave this directory fails with EXDEV. */
    BENEATH(0x08 | 0x02),
    /** Any symbolic link on the way, the last component included, fails with ELOOP. */
    NO_SYMLINKS(0x08 | 0x04 | 0x02);

    private final int bits;

    Resolve(int bits) {
      this.bits = bits;
    }
  }

  /** One entry of a directory. */
  public static final class Entry {
    private static final int DT_DIR = 4;

    private final byte[] name;
    private final int type;

    private Entry(byte[] name, int type) {
      this.name = name;
      this.type = type;
    }

    /** The name, not copied: not to be changed. */
    public byte[] name() {
      return name;
    }

    /** Whether it surely is a directory; some file systems do not tell here, stat(2) does. */
    public boolean isDirectory() {
      return type == DT_DIR;
    }
  }

  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0100;
  public static final int O_EXCL = 0200;
  public static final int O_TRUNC = 01000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_PATH = 010000000;
  public static final int O_CLOEXEC = 02000000;
  // These two differ between the architectures.
  public static final int O_DIRECTORY = SystemCall.isArmHost() ? 040000 : 0200000;
  public static final int O_NOFOLLOW = SystemCall.isArmHost() ? 0100000 : 0400000;

  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_REMOVEDIR = 0x200;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int RENAME_NOREPLACE = 1;
  private static final int RENAME_EXCHANGE = 2;
  private static final int OPEN_HOW_BYTES = 24;
  private static final int RESOLVE_NO_XDEV = 0x01;
  private static final int UTIME_BYTES = 32;
  private static final int FS_IOC_GETFLAGS = 0x80086601;
  private static final int FS_IOC_SETFLAGS = 0x40086602;
  private static final int FS_TOPDIR_FL = 0x20000;
  private static final byte[] DOT = {'.'};

  private final FileFd fd;
  private final @Nullable DirFd parent;
  private final byte[] name;

  private DirFd(int number, @Nullable DirFd parent, byte[] name) {
    this.fd = new FileFd(number, name);
    this.parent = parent;
    this.name = name;
  }

  /** Opens the directory at {@code path}, whose last component must not be a symbolic link. */
  public static DirFd open(String path) throws KernelException {
    byte[] name = Names.of(path);
    long number =
        LibC.syscall(
            SystemCall.OPENAT,
            AT_FDCWD,
            ThreadMemory.get().name("open", name),
            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (number < 0) {
      throw new KernelException("open", path, LibC.errno());
    }
    return new DirFd((int) number, null, name);
  }

  /** The directory that is open as {@code directory}, by a descriptor of its own. */
  static DirFd of(Fd directory, String what) throws KernelException {
    long result =
        LibC.syscall(
            SystemCall.OPENAT,
            directory.number(),
            ThreadMemory.get().name("openat", DOT),
            O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return new DirFd(LibC.checked(result, "open", what), null, Names.of(what));
  }

  /** The number, valid until {@link #close()}. */
  public int number() {
    return fd.number();
  }

  /**
   * Asks ext4 to treat what is made in this directory as unrelated, which puts each directory where
   * the disk is emptiest: {@code chattr +T}, ioctl_iflags(2). Only advice; not for less than the
   * owner.
   *
   * @return whether the file system took it; others than ext4 do not
   */
  public boolean adviseUnrelated() {
    long flags = ThreadMemory.get().struct();
    if (LibC.syscall(SystemCall.IOCTL, fd.number(), FS_IOC_GETFLAGS & 0xffff_ffffL, flags) < 0) {
      return false;
    }
    int before = ThreadMemory.MEMORY.getInt(flags);
    if ((before & FS_TOPDIR_FL) != 0) {
      return true;
    }
    ThreadMemory.MEMORY.putInt(flags, before | FS_TOPDIR_FL);
    return LibC.syscall(SystemCall.IOCTL, fd.number(), FS_IOC_SETFLAGS, flags) == 0;
  }

  /** The directory itself as an open file: chmod, chown, times, sync. Closed with this. */
  public FileFd self() {
    return fd;
  }

  /**
   * openat2(2) of a path of any number of components below this.
   *
   * @param flags O_ flags; O_CLOEXEC is added
   * @param mode for O_CREAT, else 0
   */
  public FileFd open(byte[] path, int flags, int mode, Resolve resolve) throws KernelException {
    return new FileFd(openat2(path, flags, mode, resolve.bits), path);
  }

  /** A directory below this, resolved as said. */
  public DirFd openDir(byte[] path, Resolve resolve) throws KernelException {
    return new DirFd(openat2(path, O_RDONLY | O_DIRECTORY, 0, resolve.bits), this, path);
  }

  /** The directory {@code child} of this, one component and no symbolic link. */
  public DirFd openDir(byte[] child) throws KernelException {
    return new DirFd(openat(child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0), this, child);
  }

  /**
   * The same, where nothing is mounted on it.
   *
   * @throws KernelException with EXDEV if something is
   */
  DirFd openDirUnmounted(byte[] child) throws KernelException {
    int resolve = RESOLVE_NO_XDEV | Resolve.NO_SYMLINKS.bits;
    return new DirFd(openat2(child, O_RDONLY | O_DIRECTORY, 0, resolve), this, child);
  }

  /** Creates a regular file that was not there, open for writing; the umask applies to mode. */
  public FileFd createFile(byte[] child, int mode) throws KernelException {
    return new FileFd(openat(child, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode), child);
  }

  /** mkdirat(2); the umask applies to mode. */
  public void mkdir(byte[] child, int mode) throws KernelException {
    long at = ThreadMemory.get().name("mkdirat", child);
    check("mkdirat", child, LibC.syscall(SystemCall.MKDIRAT, number(), at, mode));
  }

  /** symlinkat(2); {@code target} is any text. */
  public void symlink(byte[] target, byte[] child) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long text = memory.secondName("symlinkat", target);
    long at = memory.name("symlinkat", child);
    check("symlinkat", child, LibC.syscall(SystemCall.SYMLINKAT, text, number(), at));
  }

  /** linkat(2) of {@code source} in {@code from}, itself and not what it may point to. */
  public void link(DirFd from, byte[] source, byte[] child) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long existing = memory.name("linkat", source);
    long at = memory.secondName("linkat", child);
    check(
        "linkat", child, LibC.syscall(SystemCall.LINKAT, from.number(), existing, number(), at, 0));
  }

  /** linkat(2) of an open file under a new name. Needs CAP_DAC_READ_SEARCH. */
  public void link(FileFd open, byte[] child) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long empty = memory.name("linkat", new byte[0]);
    long at = memory.secondName("linkat", child);
    check(
        "linkat",
        child,
        LibC.syscall(SystemCall.LINKAT, open.number(), empty, number(), at, AT_EMPTY_PATH));
  }

  /** unlinkat(2) of anything but a directory. */
  public void unlink(byte[] child) throws KernelException {
    unlinkat(child, 0);
  }

  /** unlinkat(2) of an empty directory. */
  public void rmdir(byte[] child) throws KernelException {
    unlinkat(child, AT_REMOVEDIR);
  }

  /** mknodat(2); {@code device} is in the kernel's own form, 0 for none. The umask applies. */
  public void mknod(byte[] child, int mode, long device) throws KernelException {
    long at = ThreadMemory.get().name("mknodat", child);
    check("mknodat", child, LibC.syscall(SystemCall.MKNODAT, number(), at, mode, device));
  }

  /** fchownat(2), of a symbolic link itself too; -1 leaves a number as it is. */
  public void chown(byte[] child, int uid, int gid) throws KernelException {
    long at = ThreadMemory.get().name("fchownat", child);
    check(
        "fchownat",
        child,
        LibC.syscall(SystemCall.FCHOWNAT, number(), at, uid, gid, AT_SYMLINK_NOFOLLOW));
  }

  /** utimensat(2): both times, of a symbolic link itself too. */
  public void times(byte[] child, long seconds, int nanos) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long at = memory.name("utimensat", child);
    long times = times(memory, seconds, nanos);
    check(
        "utimensat",
        child,
        LibC.syscall(SystemCall.UTIMENSAT, number(), at, times, AT_SYMLINK_NOFOLLOW));
  }

  /**
   * chmod(2) of what should not or cannot be opened, such as a FIFO, through an O_PATH descriptor:
   * a symbolic link is never followed and fails.
   */
  public void chmod(byte[] child, int permissions) throws KernelException {
    try (FileFd held = new FileFd(openat(child, O_PATH | O_NOFOLLOW, 0), child)) {
      byte[] path = Names.of("/proc/self/fd/" + held.number());
      long at = ThreadMemory.get().name("fchmodat", path);
      check("fchmodat", child, LibC.syscall(SystemCall.FCHMODAT, AT_FDCWD, at, permissions));
    }
  }

  /** statx(2) of {@code child}, of a symbolic link itself too. */
  public Stat stat(byte[] child) throws KernelException {
    Stat stat = statOrNull(child);
    if (stat == null) {
      throw failed("statx", child, Errno.ENOENT);
    }
    return stat;
  }

  /** The same; null if there is no such name. */
  public @Nullable Stat statOrNull(byte[] child) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long at = memory.name("statx", child);
    long result =
        LibC.syscall(
            SystemCall.STATX, number(), at, AT_SYMLINK_NOFOLLOW, Stat.BASIC, memory.struct());
    if (result < 0 && LibC.errno().equals(Errno.ENOENT)) {
      return null;
    }
    check("statx", child, result);
    return Stat.read(ThreadMemory.MEMORY, memory.struct());
  }

  /** readlinkat(2): the text of a symbolic link. */
  public byte[] readlink(byte[] child) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long at = memory.name("readlinkat", child);
    long length =
        LibC.syscall(SystemCall.READLINKAT, number(), at, memory.struct(), ThreadMemory.NAME_BYTES);
    check("readlinkat", child, length);
    byte[] target = new byte[(int) length];
    ThreadMemory.MEMORY.getByteArray(memory.struct(), target, 0, target.length);
    return target;
  }

  /** lsetxattr(2) of {@code child}, through this descriptor; never follows a link. */
  public void setXattr(byte[] child, byte[] attribute, byte[] value) throws KernelException {
    Xattrs.lset(through(child), attribute, value, child);
  }

  /** lgetxattr(2) of {@code child}; null if it has no such attribute. */
  public byte @Nullable [] getXattr(byte[] child, byte[] attribute) throws KernelException {
    return Xattrs.lget(through(child), attribute, child);
  }

  /** lremovexattr(2) of {@code child}. */
  public void removeXattr(byte[] child, byte[] attribute) throws KernelException {
    Xattrs.lremove(through(child), attribute, child);
  }

  /** llistxattr(2) of {@code child}. */
  public List<byte[]> listXattrs(byte[] child) throws KernelException {
    return Xattrs.llist(through(child), child);
  }

  /** renameat2(2) into {@code to}; EEXIST if the name is taken there. */
  public void renameNew(byte[] child, DirFd to, byte[] newName) throws KernelException {
    rename(child, to, newName, RENAME_NOREPLACE);
  }

  /** renameat2(2) into {@code to}, over what may be there. */
  public void rename(byte[] child, DirFd to, byte[] newName) throws KernelException {
    rename(child, to, newName, 0);
  }

  /** renameat2(2): what has the two names changes places; ENOENT if either has none. */
  public void exchange(byte[] child, DirFd other, byte[] otherName) throws KernelException {
    rename(child, other, otherName, RENAME_EXCHANGE);
  }

  /** Every entry but {@code .} and {@code ..}, in the order of the file system. */
  public List<Entry> list() throws KernelException {
    List<Entry> entries = new ArrayList<>();
    // A descriptor of its own, because the position of this one is shared by every reader.
    try (FileFd reader = new FileFd(openat(DOT, O_RDONLY | O_DIRECTORY, 0), name)) {
      long at = ThreadMemory.get().struct();
      while (true) {
        long length =
            LibC.syscall(SystemCall.GETDENTS64, reader.number(), at, ThreadMemory.STRUCT_BYTES);
        check("getdents64", name, length);
        if (length == 0) {
          return entries;
        }
        addEntries(entries, at, at + length);
      }
    }
  }

  /**
   * Removes {@code child} and everything below it, following nothing: no link, and nothing that is
   * mounted there.
   *
   * @throws KernelException with EXDEV or EBUSY on what something is mounted on
   */
  public void removeTree(byte[] child) throws KernelException {
    FileTree.remove(this, child);
  }

  @Override
  public void close() {
    fd.close();
  }

  /** The path as it was opened, for messages alone. */
  @Override
  public String toString() {
    return parent == null ? Names.printable(name) : below(parent.toString(), name);
  }

  private static String below(String parent, byte[] child) {
    String name = Names.printable(child);
    return parent.endsWith("/") || name.startsWith("/") ? parent + name : parent + "/" + name;
  }

  /** Two struct timespec, the same in both. */
  static long times(ThreadMemory memory, long seconds, int nanos) {
    long at = memory.struct();
    for (int i = 0; i < UTIME_BYTES; i += UTIME_BYTES / 2) {
      ThreadMemory.MEMORY.putLong(at + i, seconds);
      ThreadMemory.MEMORY.putLong(at + i + 8, nanos);
    }
    return at;
  }

  private static void addEntries(List<Entry> entries, long from, long to) {
    // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
    long at = from;
    while (at < to) {
      int record = Short.toUnsignedInt(ThreadMemory.MEMORY.getShort(at + 16));
      int length = (int) ThreadMemory.MEMORY.getStringLength(at + 19);
      byte[] name = new byte[length];
      ThreadMemory.MEMORY.getByteArray(at + 19, name, 0, length);
      boolean dots = name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
      if (!dots) {
        entries.add(new Entry(name, ThreadMemory.MEMORY.getByte(at + 18)));
      }
      at += record;
    }
  }

  private int openat(byte[] child, int flags, int mode) throws KernelException {
    long at = ThreadMemory.get().name("openat", child);
    long result = LibC.syscall(SystemCall.OPENAT, number(), at, flags | O_CLOEXEC, mode);
    check("openat", child, result);
    return (int) result;
  }

  private int openat2(byte[] path, int flags, int mode, int resolve) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long at = memory.name("openat2", path);
    long how = memory.struct();
    ThreadMemory.MEMORY.putLong(how, flags | O_CLOEXEC);
    ThreadMemory.MEMORY.putLong(how + 8, mode);
    ThreadMemory.MEMORY.putLong(how + 16, resolve);
    // EAGAIN: a rename elsewhere raced with a ".." on the way, and the kernel could not be sure.
    for (int attempt = 0; ; attempt++) {
      long result = LibC.syscall(SystemCall.OPENAT2, number(), at, how, OPEN_HOW_BYTES);
      if (result >= 0) {
        return (int) result;
      }
      Errno errno = LibC.errno();
      boolean again = errno.equals(Errno.EAGAIN) || errno.equals(Errno.EINTR);
      if (!again || attempt == 100) {
        throw failed("openat2", path, errno);
      }
    }
  }

  private void unlinkat(byte[] child, int flags) throws KernelException {
    long at = ThreadMemory.get().name("unlinkat", child);
    check("unlinkat", child, LibC.syscall(SystemCall.UNLINKAT, number(), at, flags));
  }

  private void rename(byte[] child, DirFd to, byte[] newName, int flags) throws KernelException {
    ThreadMemory memory = ThreadMemory.get();
    long from = memory.name("renameat2", child);
    long at = memory.secondName("renameat2", newName);
    check(
        "renameat2",
        child,
        LibC.syscall(SystemCall.RENAMEAT2, number(), from, to.number(), at, flags));
  }

  /** A path that starts at this descriptor, for the calls that have no *at form. */
  private byte[] through(byte[] child) {
    byte[] start = Names.of("/proc/self/fd/" + number() + "/");
    byte[] path = java.util.Arrays.copyOf(start, start.length + child.length);
    System.arraycopy(child, 0, path, start.length, child.length);
    return path;
  }

  private void check(String call, byte[] child, long result) throws KernelException {
    if (result < 0) {
      throw failed(call, child, LibC.errno());
    }
  }

  private KernelException failed(String call, byte[] child, Errno errno) {
    return new KernelException(call, below(toString(), child), errno);
  }
}
