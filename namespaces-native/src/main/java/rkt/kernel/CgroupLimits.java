package rkt.kernel;

import java.util.OptionalLong;

/**
 * What a group of processes may use; what is absent is not limited.
 *
 * @param memoryBytes of memory, page cache included; swap is not granted on top
 * @param cpuMillis thousandths of one processor's time
 * @param pids processes and threads
 */
public record CgroupLimits(OptionalLong memoryBytes, OptionalLong cpuMillis, OptionalLong pids) {
  public static final CgroupLimits NONE =
      new CgroupLimits(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty());

  /** The period over which the quota of {@link #cpuMillis} is counted. */
  static final long CPU_PERIOD_MICROS = 100_000;

  public CgroupLimits {
    requirePositive(memoryBytes, "memory");
    requirePositive(cpuMillis, "cpu");
    requirePositive(pids, "pids");
  }

  /** The processor time per period; the kernel takes no less than a millisecond. */
  static long cpuQuotaMicros(long cpuMillis) {
    return Math.max(1000, cpuMillis * CPU_PERIOD_MICROS / 1000);
  }

  private static void requirePositive(OptionalLong value, String name) {
    if (value.isPresent() && value.getAsLong() <= 0) {
      throw new IllegalArgumentException("a limit of " + name + " is positive");
    }
  }
}
