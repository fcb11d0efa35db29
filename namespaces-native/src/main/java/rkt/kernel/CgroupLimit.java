package rkt.kernel;

/**
 * One thing that a control group bounds or weighs, whatever the version of the hierarchy calls it.
 * {@link Cgroup#set} sets it. cgroups(7)
 */
public sealed interface CgroupLimit {
  /** The controller that has it, by its name in version 1; version 2 calls blkio io. */
  String controller();

  /** Writes it into the group's files, whose controller is there. */
  CgroupOutcome apply(CgroupDirectory group) throws KernelException;

  /**
   * Memory, page cache included; swap is not granted on top. In version 2 all processes of the
   * group are killed for passing it, in version 1 as many as it takes.
   */
  record Memory(long bytes) implements CgroupLimit {
    public Memory {
      positive("memory", bytes);
    }

    @Override
    public String controller() {
      return "memory";
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      String text = Long.toString(bytes);
      CgroupOutcome outcome;
      if (group.isUnified()) {
        outcome = group.set("memory.max", text);
        group.writeIfThere("memory.swap.max", "0");
        group.writeIfThere("memory.oom.group", "1");
      } else {
        outcome = group.set("memory.limit_in_bytes", text);
        group.writeIfThere("memory.memsw.limit_in_bytes", text);
      }
      return outcome;
    }
  }

  /** Memory that is taken back only when there is none to be taken elsewhere. */
  record MemoryRequest(long bytes) implements CgroupLimit {
    public MemoryRequest {
      positive("memory", bytes);
    }

    @Override
    public String controller() {
      return "memory";
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      String text = Long.toString(bytes);
      if (!group.isUnified()) {
        return group.set("memory.soft_limit_in_bytes", text);
      }
      CgroupOutcome outcome = group.set("memory.low", text);
      return outcome.kind() == CgroupOutcome.Kind.ENFORCED
          ? CgroupOutcome.modified("memory.low protects as far as the groups above are protected")
          : outcome;
    }
  }

  /**
   * What the groups below ask for together, so that it reaches them: version 2 protects no group
   * further than the one above it. Version 1 does not look above.
   */
  record MemoryRequestOfChildren(long bytes) implements CgroupLimit {
    public MemoryRequestOfChildren {
      positive("memory", bytes);
    }

    @Override
    public String controller() {
      return "memory";
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      return group.isUnified()
          ? group.set("memory.low", Long.toString(bytes))
          : CgroupOutcome.ENFORCED;
    }
  }

  /** Thousandths of one processor's time, of which no more is given. */
  record CpuQuota(long millis) implements CgroupLimit {
    /** The period over which it is counted. */
    static final long PERIOD_MICROS = 100_000;

    private static final long MOST_MILLIS = 1_000_000; // a thousand processors

    public CpuQuota {
      positive("cpu", millis);
    }

    @Override
    public String controller() {
      return "cpu";
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      String period = Long.toString(PERIOD_MICROS);
      String quota = Long.toString(micros());
      if (group.isUnified()) {
        return group.set("cpu.max", quota + " " + period);
      }
      group.writeIfThere("cpu.cfs_period_us", period);
      try {
        return group.set("cpu.cfs_quota_us", quota);
      } catch (KernelException e) {
        if (e.is(Errno.EINVAL)) { // version 1 takes none that is above a parent's
          return CgroupOutcome.modified("a control group above it is given less");
        }
        throw e;
      }
    }

    /** The processor time per period; the kernel takes no less than a millisecond. */
    long micros() {
      return Math.max(1000, Math.min(millis, MOST_MILLIS) * PERIOD_MICROS / 1000);
    }
  }

  /** The share of processors when there are not enough for all, where 1024 is the usual one. */
  record CpuShares(long shares) implements CgroupLimit {
    public static final long LEAST = 2;
    public static final long MOST = 262_144;

    public CpuShares {
      if (shares < LEAST || shares > MOST) {
        throw new IllegalArgumentException("cpu shares are 2 to 262144: " + shares);
      }
    }

    @Override
    public String controller() {
      return "cpu";
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      return group.isUnified()
          ? group.set("cpu.weight", Long.toString(weight()))
          : group.set("cpu.shares", Long.toString(shares));
    }

    /** 2 to 262144 onto 1 to 10000, as all runtimes map them. */
    long weight() {
      return 1 + (shares - LEAST) * 9999 / (MOST - LEAST);
    }
  }

  /** Processes and threads at one time. */
  record Pids(long most) implements CgroupLimit {
    /** What the kernel itself can number. */
    public static final long MOST = 4_194_304;

    public Pids {
      positive("pids", most);
      if (most > MOST) {
        throw new IllegalArgumentException("no kernel has " + most + " processes");
      }
    }

    @Override
    public String controller() {
      return "pids";
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      return group.set("pids.max", Long.toString(most));
    }
  }

  /**
   * What is read from or written to one disk in a second.
   *
   * @param disk from {@link Disk#of}
   */
  record BlockIo(Disk disk, Direction direction, Unit unit, long perSecond) implements CgroupLimit {
    public enum Direction {
      READ,
      WRITE
    }

    public enum Unit {
      BYTES,
      OPERATIONS
    }

    public BlockIo {
      positive("io", perSecond);
    }

    @Override
    public String controller() {
      return "blkio";
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      boolean reads = direction == Direction.READ;
      boolean bytes = unit == Unit.BYTES;
      if (group.isUnified()) {
        String key = (reads ? "r" : "w") + (bytes ? "bps" : "iops");
        return group.set("io.max", disk + " " + key + "=" + perSecond);
      }
      String file =
          "blkio.throttle." + (reads ? "read_" : "write_") + (bytes ? "bps" : "iops") + "_device";
      return group.set(file, disk + " " + perSecond);
    }
  }

  /**
   * What is sent, and as much again of what is received, in a second, through any network interface
   * but loopback. It takes a group of version 2, and root.
   */
  record Traffic(long bytesPerSecond) implements CgroupLimit {
    /** In place of a controller: the programs of a group are not any controller's. */
    public static final String PROGRAMS = "programs";

    public Traffic {
      positive("traffic", bytesPerSecond);
    }

    @Override
    public String controller() {
      return PROGRAMS;
    }

    @Override
    public CgroupOutcome apply(CgroupDirectory group) throws KernelException {
      return TrafficLimit.set(group.path(), bytesPerSecond);
    }
  }

  private static void positive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException("a limit of " + name + " is positive");
    }
  }
}
