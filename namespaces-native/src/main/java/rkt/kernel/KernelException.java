package rkt.kernel;

/** A system call that failed: which, on what, with which errno. The call had no effect. */
public final class KernelException extends Exception {
  private final String call;
  private final String subject;
  private final Errno errno;

  /**
   * @param call the name of the system call: {@code mount}
   * @param subject what it was called on, as the user would write it
   */
  public KernelException(String call, String subject, Errno errno) {
    this(call, subject, errno, "");
  }

  /**
   * @param reason what the kernel said about it beyond the number, or nothing
   */
  public KernelException(String call, String subject, Errno errno, String reason) {
    super(
        reason.isEmpty()
            ? call + "(" + subject + "): " + errno
            : call + "(" + subject + "): " + errno + "; the kernel says: " + reason);
    this.call = call;
    this.subject = subject;
    this.errno = errno;
  }

  public String call() {
    return call;
  }

  public String subject() {
    return subject;
  }

  public Errno errno() {
    return errno;
  }

  /** Whether the call failed with {@code wanted}. */
  public boolean is(Errno wanted) {
    return errno.number() == wanted.number();
  }
}
