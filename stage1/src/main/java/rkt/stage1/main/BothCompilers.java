package rkt.stage1.main;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import rkt.kernel.FdMapping;
import rkt.kernel.KernelException;
import rkt.kernel.Program;
import rkt.spec.RktException;
import rkt.spec.store.Directories;
import rkt.stage1.StageException;

/**
 * Java's second compiler. A command that only judges an image and starts a pod is done before it
 * would be of use, so the launcher leaves it out; but without it hashing takes seven times as long.
 * Whoever is about to hash or to unpack something large asks for it, and the process then starts
 * over with both. docs/adr/0001-start-up.md
 */
public final class BothCompilers {
  /** What the launcher says: {@code one} or {@code both}. */
  private static final String PROPERTY = "rkt.compilers";

  /** What it is told. */
  private static final String VARIABLE = "RKT_COMPILERS=both";

  /** Unpacked sooner than started over. */
  private static final long SMALL_BYTES = 16 << 20;

  private final Path launcher;
  private final List<String> arguments;
  private final Map<String, String> environment;
  private final boolean here;

  private BothCompilers(
      Path launcher, List<String> arguments, Map<String, String> environment, boolean here) {
    this.launcher = launcher;
    this.arguments = List.copyOf(arguments);
    this.environment = environment;
    this.here = here;
  }

  /**
   * Of this process.
   *
   * @param launcher what started it, with {@code arguments}, and can again
   */
  public static BothCompilers of(
      Path launcher, List<String> arguments, Map<String, String> environment) {
    boolean here = !System.getProperty(PROPERTY, "both").equals("one");
    return new BothCompilers(launcher, arguments, environment, here);
  }

  /** For a process that must not start over. */
  public static BothCompilers here() {
    return new BothCompilers(Path.of("/"), List.of(), Map.of(), true);
  }

  /**
   * Makes sure of both before {@code bytes} are worked on. Nothing may have been made yet, nor read
   * from standard input: this process may start over, and then does not return.
   */
  public void requireFor(long bytes) throws RktException {
    if (here || bytes < SMALL_BYTES) {
      return;
    }
    List<String> words = new ArrayList<>();
    words.add(launcher.toString());
    words.addAll(arguments);
    List<String> variables = new ArrayList<>();
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      variables.add(variable.getKey() + "=" + variable.getValue());
    }
    variables.add(VARIABLE);
    // In the user namespace of an ordinary user, where the launcher cannot tell any more whose.
    variables.add("RKT_DATA=" + Directories.data());
    variables.add("RKT_CONFIG=" + Directories.localConfig());
    try {
      new Program(launcher.toString(), words, variables, FdMapping.STANDARD).exec();
    } catch (KernelException e) {
      throw StageException.run("cannot start " + launcher, "install rkt again", e);
    }
  }
}
