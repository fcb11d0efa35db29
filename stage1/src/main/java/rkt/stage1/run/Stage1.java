package rkt.stage1.run;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How a pod is kept apart from its host. spec/stage1.md
 *
 * @param name what {@code --stage1-name} says, and the pod's record
 * @param program of a third party, which does it by the contract; empty for those of rkt's own
 */
public record Stage1(String name, Optional<Path> program) {
  /** Namespaces and everything else that the kernel has: the usual one. */
  public static final Stage1 NAMESPACES = new Stage1("namespaces", Optional.empty());

  /** A root of its own, and nothing else: for agents of the host. */
  public static final Stage1 FLY = new Stage1("fly", Optional.empty());

  /** What rkt called those that these two take the place of. */
  private static final String OF_RKT = "coreos.com/rkt/stage1-";

  /**
   * The one of rkt's own that {@code name} means, which is perhaps what the first rkt called it,
   * with or without a version.
   */
  public static Optional<Stage1> find(String name) {
    String own = name;
    if (name.startsWith(OF_RKT)) {
      int colon = name.indexOf(':');
      own = name.substring(OF_RKT.length(), colon < 0 ? name.length() : colon);
    }
    if (own.equals(FLY.name)) {
      return Optional.of(FLY);
    }
    boolean isUsual = own.equals(name) ? own.equals(NAMESPACES.name) : own.equals("coreos");
    return isUsual ? Optional.of(NAMESPACES) : Optional.empty();
  }

  /** Whether the pod's processes are in the host's pid namespace. */
  boolean isInHost() {
    return program.isPresent() || isFly();
  }

  /** Whether it is rkt's own fly. */
  public boolean isFly() {
    return program.isEmpty() && name.equals("fly");
  }
}
