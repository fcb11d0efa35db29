package rkt.kernel;

import java.util.List;

/**
 * A descriptor of ours, and the number under which the started program finds it.
 *
 * @param from the descriptor here, any number
 * @param to its number there
 */
public record FdMapping(int from, int to) {
  /** Standard input, output and error as they are. */
  public static final List<FdMapping> STANDARD =
      List.of(new FdMapping(0, 0), new FdMapping(1, 1), new FdMapping(2, 2));

  public FdMapping {
    if (from < 0 || to < 0) {
      throw new IllegalArgumentException("a descriptor is not negative");
    }
  }

  /** Maps {@code fd} to the number {@code to}. */
  public static FdMapping of(Fd fd, int to) {
    return new FdMapping(fd.number(), to);
  }

  /** The number above all targets. */
  static int aboveTargets(List<FdMapping> mappings) {
    int above = 3;
    for (FdMapping mapping : mappings) {
      above = Math.max(above, mapping.to + 1);
    }
    return above;
  }

  static boolean isTarget(int number, List<FdMapping> mappings) {
    for (FdMapping mapping : mappings) {
      if (mapping.to == number) {
        return true;
      }
    }
    return false;
  }
}
