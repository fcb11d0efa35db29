package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Descriptors;
import rkt.kernel.DetachedMount;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.FilesystemType;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;
import rkt.kernel.MountAttribute;
import rkt.kernel.OpenFlag;
import rkt.kernel.Stat;
import rkt.stage1.StageException;

/**
 * Standard input, output and error as a process in a pod may hold them: the caller's, but neither a
 * directory, from which {@code openat} leads anywhere, nor the host's /dev/null, whose mode and
 * owner an app of uid 0 could change through the descriptor. spec/pod.md#process
 */
final class StandardStreams implements AutoCloseable {
  private static final String[] NAMES = {"input", "output", "error"};
  private static final long NULL_DEVICE = (1L << 32) | 3;

  private final List<FdMapping> mappings = new ArrayList<>();
  private @Nullable Fd nothing;

  private StandardStreams() {}

  /**
   * Looks at the three descriptors of this process.
   *
   * @param withInput whether standard input is passed on; else it is nothing
   */
  static StandardStreams of(boolean withInput) throws StageException, KernelException {
    StandardStreams streams = new StandardStreams();
    for (int number = 0; number <= 2; number++) {
      Stat stat = Descriptors.stat(Fd.adopt(number));
      boolean isPassed = number > 0 || withInput;
      if (isPassed && stat.isDirectory()) {
        throw StageException.usage(
            "standard " + NAMES[number] + " is a directory, which would lead out of the pod",
            "redirect it to a file, a pipe or a terminal");
      }
      if (isPassed) {
        openPipe(Fd.adopt(number), stat);
      }
      boolean isNull = (stat.mode() & Stat.S_IFMT) == Stat.S_IFCHR && stat.rdev() == NULL_DEVICE;
      streams.mappings.add(
          isPassed && !isNull
              ? new FdMapping(number, number)
              : FdMapping.of(streams.nothing(), number));
    }
    return streams;
  }

  /**
   * Lets any user of the pod open a pipe again through /dev/stdout, as programs do that log there:
   * it belongs to a user of the host, who is nobody inside. Only a pipe without a name, which
   * nobody else can find.
   */
  private static void openPipe(Fd stream, Stat stat) throws KernelException {
    boolean isPipe = (stat.mode() & Stat.S_IFMT) == Stat.S_IFIFO;
    if (isPipe && Descriptors.filesystem(stream).is(FilesystemType.PIPE)) {
      try {
        Descriptors.chmod(stream, 0666);
      } catch (KernelException e) {
        // Somebody else's: the app has it all the same, and only cannot open it again.
      }
    }
  }

  List<FdMapping> mappings() {
    return mappings;
  }

  /** /dev/null through a read-only mount of its own: it reads and writes, and cannot be changed. */
  Fd nothing() throws KernelException {
    Fd open = nothing;
    if (open == null) {
      open = Ids.effectiveUser() == 0 ? fixed() : plain();
      nothing = open;
    }
    return open;
  }

  private static Fd fixed() throws KernelException {
    try (Fd host = Descriptors.open("/dev/null", OpenFlag.PATH);
        DetachedMount mount = DetachedMount.cloneOf(host)) {
      mount.forbid(MountAttribute.READ_ONLY, MountAttribute.NO_SUID, MountAttribute.NO_EXEC);
      return Descriptors.open("/proc/self/fd/" + mount.fd().number(), OpenFlag.READ_WRITE);
    }
  }

  /** For an ordinary user, whose pods cannot change it: it belongs to nobody that they know. */
  private static Fd plain() throws KernelException {
    return Descriptors.open("/dev/null", OpenFlag.READ_WRITE);
  }

  @Override
  public void close() {
    if (nothing != null) {
      nothing.close();
    }
  }
}
