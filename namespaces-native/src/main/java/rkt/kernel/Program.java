package rkt.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * A program to start: its arguments and environment, complete, and the descriptors it gets; it
 * inherits no other and has no signal blocked.
 *
 * @param path looked up in no search path; {@code /proc/self/fd/N} for a program in memory that a
 *     descriptor is mapped to N for
 * @param arguments the first is its name
 * @param environment lines {@code NAME=value}
 */
public record Program(
    String path, List<String> arguments, List<String> environment, List<FdMapping> descriptors) {
  private static final long SPAWN = LibC.address("posix_spawn");

  public Program {
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
    descriptors = List.copyOf(descriptors);
  }

  /**
   * posix_spawn(3): starts the program as a child of this process, in the namespaces of the calling
   * thread; the first child after {@link Namespace#PID} was unshared is PID 1 there. What other
   * threads open meanwhile does not leak: the child closes it in its own table of descriptors, with
   * close_range(2). Returns once the program runs. Undo: {@link Processes#kill}, {@link
   * Processes#await}.
   *
   * @return its pid as we see it
   * @throws KernelException with ENOENT, EACCES, ENOEXEC or another reason why it did not start
   */
  public int spawn() throws KernelException {
    int above = FdMapping.aboveTargets(descriptors);
    List<Fd> sources = new ArrayList<>();
    try (Scratch scratch = new Scratch();
        SpawnSetting setting = new SpawnSetting(scratch)) {
      for (FdMapping mapping : descriptors) {
        // Above all targets first, so that no dup2 overwrites what a later one needs.
        Fd source = Descriptors.duplicate(Fd.adopt(mapping.from()), above);
        sources.add(source);
        setting.duplicate(source.number(), mapping.to());
      }
      for (int number = 0; number < above; number++) {
        if (!FdMapping.isTarget(number, descriptors)) {
          setting.close(number);
        }
      }
      setting.closeFrom(above);
      long pid = scratch.zeroed(8);
      long error =
          LibC.call(
              SPAWN,
              pid,
              scratch.cString(path),
              setting.actions(),
              setting.attributes(),
              scratch.cStrings(arguments),
              scratch.cStrings(environment));
      if ((int) error != 0) {
        throw new KernelException("posix_spawn", path, Errno.of((int) error));
      }
      return Scratch.MEMORY.getInt(pid);
    } finally {
      for (Fd source : sources) {
        source.close();
      }
    }
  }

  /**
   * execve(2): this process becomes the program, in the namespaces of the calling thread; the JVM
   * and all its threads are gone, no shutdown hook runs. The calling thread first gets a table of
   * descriptors of its own, so that nothing another thread opens meanwhile can leak. No undo: when
   * it throws, the caller may still report to standard error, and must exit then, because its
   * descriptors are no longer those of the other threads and may be moved already.
   */
  public void exec() throws KernelException {
    exec(false);
  }

  /**
   * The same, with every signal blocked when the program starts: one that comes meanwhile is kept
   * for it, and not lost. For a program that knows, and takes them when it is ready.
   */
  public void execHoldingSignals() throws KernelException {
    exec(true);
  }

  private void exec(boolean holdSignals) throws KernelException {
    if (holdSignals) {
      Signals.blockAll();
    }
    int above = FdMapping.aboveTargets(descriptors);
    try (Scratch scratch = new Scratch()) {
      long file = scratch.cString(path);
      long argv = scratch.cStrings(arguments);
      long envp = scratch.cStrings(environment);
      LibC.checked(
          LibC.syscall(SystemCall.CLOSE_RANGE, 0, 0xffffffffL, 2 | 4), "close_range", "all");
      int[] sources = new int[descriptors.size()];
      for (int i = 0; i < sources.length; i++) {
        sources[i] = Descriptors.duplicate(Fd.adopt(descriptors.get(i).from()), above).number();
      }
      for (int i = 0; i < sources.length; i++) {
        LibC.checked(
            LibC.syscall(SystemCall.DUP3, sources[i], descriptors.get(i).to(), 0), "dup3", path);
      }
      if (!holdSignals) {
        Signals.unblockAll();
      }
      LibC.checked(LibC.syscall(SystemCall.EXECVE, file, argv, envp), "execve", path);
    }
  }
}
