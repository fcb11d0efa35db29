package rkt.kernel;

import java.nio.charset.StandardCharsets;

/**
 * A filesystem on its way to being mounted: fsopen(2), one option a call, then {@link #mount}. Each
 * option is a string of its own, so no value can smuggle in another option through a comma. What
 * the kernel says about a failure is in the exception. Needs CAP_SYS_ADMIN; for most types also in
 * the user namespace of the mount namespace only.
 */
public final class NewFilesystem implements AutoCloseable {
  private static final int FSOPEN_CLOEXEC = 1;
  private static final int SET_FLAG = 0;
  private static final int SET_STRING = 1;
  private static final int SET_FD = 5;
  private static final int CREATE = 6;
  private static final int FSMOUNT_CLOEXEC = 1;

  private final String type;
  private final Fd context;

  private NewFilesystem(String type, Fd context) {
    this.type = type;
    this.context = context;
  }

  /**
   * fsopen(2).
   *
   * @param type as in {@code /proc/filesystems}
   * @throws KernelException with ENODEV if this kernel has no such filesystem
   */
  public static NewFilesystem open(String type) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      long result = LibC.syscall(SystemCall.FSOPEN, scratch.cString(type), FSOPEN_CLOEXEC);
      return new NewFilesystem(type, new Fd(LibC.checked(result, "fsopen", type)));
    }
  }

  /** Sets {@code key=value}. */
  public NewFilesystem set(String key, String value) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      configure(SET_STRING, scratch.cString(key), scratch.cString(value), 0, key + "=" + value);
    }
    return this;
  }

  /** Sets an option without a value, such as {@code ro}, which here means the filesystem itself. */
  public NewFilesystem set(String key) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      configure(SET_FLAG, scratch.cString(key), 0, 0, key);
    }
    return this;
  }

  /**
   * Sets {@code key} to an open file. Overlay takes {@code lowerdir+}, {@code upperdir} and {@code
   * workdir} so since Linux 6.13; before, name {@code /proc/self/fd/N}.
   */
  public NewFilesystem set(String key, Fd value) throws KernelException {
    try (Scratch scratch = new Scratch()) {
      configure(SET_FD, scratch.cString(key), 0, value.number(), key + "=" + value);
    }
    return this;
  }

  /**
   * Creates the filesystem and mounts it nowhere yet: fsconfig(CREATE), fsmount(2). Undo: close
   * what is returned.
   */
  public DetachedMount mount(MountAttribute... attributes) throws KernelException {
    configure(CREATE, 0, 0, 0, "create");
    long result =
        LibC.syscall(
            SystemCall.FSMOUNT, context.number(), FSMOUNT_CLOEXEC, MountAttribute.bits(attributes));
    if (result == -1) {
      throw failure("fsmount", type);
    }
    return new DetachedMount(type, new Fd((int) result));
  }

  @Override
  public void close() {
    context.close();
  }

  private void configure(int command, long key, long value, int auxiliary, String what)
      throws KernelException {
    if (LibC.syscall(SystemCall.FSCONFIG, context.number(), command, key, value, auxiliary) == -1) {
      throw failure("fsconfig", type + ", " + what);
    }
  }

  private KernelException failure(String call, String subject) {
    Errno errno = LibC.errno();
    StringBuilder log = new StringBuilder();
    try {
      // One message a read, each with a letter for its severity in front: "e overlay: ...".
      while (log.length() < 1000) {
        String line = new String(Descriptors.read(context, 512), StandardCharsets.UTF_8).strip();
        if (!log.isEmpty()) {
          log.append("; ");
        }
        log.append(line, Math.min(2, line.length()), line.length());
      }
    } catch (KernelException _) {
      // ENODATA: that was all of the log.
    }
    return new KernelException(call, subject, errno, log.toString());
  }
}
