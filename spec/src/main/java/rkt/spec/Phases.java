package rkt.spec;

import java.util.ArrayList;
import java.util.List;

/**
 * How long each phase of a command took, for {@code --debug}. Costs one clock reading a phase, so
 * it is always on. Not for use by several threads at once.
 */
public final class Phases {
  private static final long NANOS_A_MILLI = 1_000_000;
  private static final long TENTH = NANOS_A_MILLI / 10;

  private final List<String> names = new ArrayList<>();
  private final List<Long> ends = new ArrayList<>();
  private final long start = System.nanoTime();

  /** Ends the phase {@code name}, which began when the one before it ended. */
  public void end(String name) {
    names.add(name);
    ends.add(System.nanoTime());
  }

  /** One line: each phase and its milliseconds, then the sum. */
  public String line() {
    StringBuilder line = new StringBuilder("phases:");
    long before = start;
    for (int i = 0; i < names.size(); i++) {
      line.append(' ').append(names.get(i)).append('=').append(millis(ends.get(i) - before));
      before = ends.get(i);
    }
    return line.append(" sum=").append(millis(before - start)).append(" ms").toString();
  }

  private static String millis(long nanos) {
    long tenths = (nanos + TENTH / 2) / TENTH;
    return tenths / 10 + "." + tenths % 10;
  }
}
