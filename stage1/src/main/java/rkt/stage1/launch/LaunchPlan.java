package rkt.stage1.launch;

import java.util.ArrayList;
import java.util.List;

/**
 * What one run of pod-init does: a mode with its descriptors, steps, apps, and what to remove at
 * the end. spec/launch-plan.md
 *
 * @param ops PID 1's own steps before any app ({@link Init}), or the parent's before the fork
 *     ({@link Enter}); empty for {@link Supervise}
 * @param apps at least one, in the order of starting; for {@link Supervise} only what is counted of
 *     them
 * @param cleanup only for {@link Supervise}
 */
public record LaunchPlan(Mode mode, List<Op> ops, List<App> apps, List<Op> cleanup) {
  /** {@code RKTPLAN} and the version, as a little-endian number. */
  static final long MAGIC = 0x014e_414c_5054_4b52L;

  private static final int MAX_APPS = 256;

  /** Which of pod-init's modes the plan is for, and the descriptors that it works with. */
  public sealed interface Mode {
    void write(PlanWriter out);
  }

  /**
   * PID 1 of the pod.
   *
   * @param lock a descriptor to keep open for the pod's life, or -1
   * @param graceMillis how long the other apps have to stop when one failed
   */
  public record Init(int lifeline, int status, int lock, int graceMillis) implements Mode {
    @Override
    public void write(PlanWriter out) {
      out.begin(Op.INIT);
      out.u64(lifeline);
      out.u64(status);
      out.u64(lock);
      out.u64(graceMillis);
      out.end();
    }
  }

  /**
   * What {@code rkt run} becomes.
   *
   * @param pid PID 1 of the pod as seen from here
   * @param pidfd of the same process, or -1
   * @param podDirectory where status/ and exit-status are written
   * @param tty the user's terminal, or -1 when the app has stdin itself
   * @param pty the master of the app's pseudo terminal, or -1
   */
  public record Supervise(
      int pid, int pidfd, int lifeline, int status, int podDirectory, int lock, int tty, int pty)
      implements Mode {
    @Override
    public void write(PlanWriter out) {
      out.begin(Op.SUPERVISE);
      out.u64(pid);
      out.u64(pidfd);
      out.u64(lifeline);
      out.u64(status);
      out.u64(podDirectory);
      out.u64(lock);
      out.u64(tty);
      out.u64(pty);
      out.end();
    }
  }

  /** One more process in a running pod; tty and pty as in {@link Supervise}. */
  public record Enter(int tty, int pty) implements Mode {
    @Override
    public void write(PlanWriter out) {
      out.begin(Op.ENTER);
      out.u64(tty);
      out.u64(pty);
      out.end();
    }
  }

  /**
   * One app.
   *
   * @param stopSignal what TERM becomes for this app; 0 is TERM itself
   */
  public record App(String name, int stopSignal, List<Op> ops) {
    public App {
      ops = List.copyOf(ops);
      if (!isUsable(name)) {
        throw new IllegalArgumentException("not the name of an app: \"" + name + "\"");
      }
      if (stopSignal < 0 || stopSignal > 64) {
        throw new IllegalArgumentException("not a signal: " + stopSignal);
      }
    }

    /** Only a name, for {@link Supervise}. */
    public static App named(String name) {
      return new App(name, 0, List.of());
    }

    /** A name, and where the kernel counts what it killed of the app, for {@link Supervise}. */
    public static App counted(String name, String oomCounter) {
      return new App(
          name, 0, List.of(new Op.OomCounter(Label.of("see why it was killed"), oomCounter)));
    }

    /** It becomes a file name of the pod directory. */
    private static boolean isUsable(String name) {
      for (int i = 0; i < name.length(); i++) {
        char c = name.charAt(i);
        if (c <= ' ' || c > '~' || c == '/' || c == '.') {
          return false;
        }
      }
      return !name.isEmpty() && name.length() <= 200;
    }

    private void write(PlanWriter out) {
      out.begin(Op.APP);
      out.u64(stopSignal);
      out.string(name);
      out.end();
      writeAll(out, ops);
    }
  }

  public LaunchPlan {
    ops = List.copyOf(ops);
    apps = List.copyOf(apps);
    cleanup = List.copyOf(cleanup);
    check(mode, ops, apps, cleanup);
  }

  public static LaunchPlan init(Init init, List<Op> ops, List<App> apps) {
    return new LaunchPlan(init, ops, apps, List.of());
  }

  public static LaunchPlan supervise(Supervise mode, List<App> apps, List<Op> cleanup) {
    return new LaunchPlan(mode, List.of(), apps, cleanup);
  }

  public static LaunchPlan enter(Enter mode, List<Op> ops, App process) {
    return new LaunchPlan(mode, ops, List.of(process), List.of());
  }

  /** The bytes for pod-init. */
  public byte[] encode() {
    PlanWriter out = new PlanWriter(4096);
    out.u64(MAGIC);
    out.u64(0); // the length, below
    mode.write(out);
    writeAll(out, ops);
    for (int i = 0; i < apps.size(); i++) {
      apps.get(i).write(out);
    }
    if (!cleanup.isEmpty()) {
      out.begin(Op.CLEANUP);
      out.end();
      writeAll(out, cleanup);
    }
    out.putU32(8, out.size());
    return out.bytes();
  }

  /**
   * The plan that these bytes hold.
   *
   * @throws IllegalArgumentException if they are no plan of version 1
   */
  public static LaunchPlan decode(byte[] bytes) {
    PlanReader in = new PlanReader(bytes);
    Mode mode = mode(in);
    List<Op> ops = in.ops();
    List<App> apps = new ArrayList<>();
    while (in.peek() == Op.APP) {
      in.open();
      long stopSignal = in.word();
      String name = in.string();
      in.close();
      apps.add(new App(name, Math.toIntExact(stopSignal), in.ops()));
    }
    List<Op> cleanup = List.of();
    if (in.peek() == Op.CLEANUP) {
      in.open();
      in.close();
      cleanup = in.ops();
    }
    if (in.peek() != 0) {
      throw new IllegalArgumentException("misplaced section " + in.peek());
    }
    return new LaunchPlan(mode, ops, apps, cleanup);
  }

  /** The plan for a reader: one line per section and step. */
  public String describe() {
    StringBuilder text = new StringBuilder(1024).append(mode).append('\n');
    describe(text, ops);
    for (App app : apps) {
      text.append("App[name=").append(app.name).append(", stopSignal=");
      text.append(app.stopSignal).append("]\n");
      describe(text, app.ops);
    }
    if (!cleanup.isEmpty()) {
      text.append("Cleanup\n");
      describe(text, cleanup);
    }
    return text.toString();
  }

  private static void describe(StringBuilder text, List<Op> ops) {
    for (Op op : ops) {
      text.append("  ").append(op).append('\n');
    }
  }

  private static Mode mode(PlanReader in) {
    int op = in.peek();
    in.open();
    Mode mode =
        switch (op) {
          case Op.INIT -> new Init(number(in), number(in), number(in), number(in));
          case Op.SUPERVISE ->
              new Supervise(
                  number(in),
                  number(in),
                  number(in),
                  number(in),
                  number(in),
                  number(in),
                  number(in),
                  number(in));
          case Op.ENTER -> new Enter(number(in), number(in));
          default -> throw new IllegalArgumentException("the first record is no mode: " + op);
        };
    in.close();
    return mode;
  }

  private static int number(PlanReader in) {
    long word = in.word();
    if (word != (int) word) {
      throw new IllegalArgumentException("out of range: " + word);
    }
    return (int) word;
  }

  private static void writeAll(PlanWriter out, List<Op> ops) {
    for (int i = 0; i < ops.size(); i++) {
      ops.get(i).write(out);
    }
  }

  private static void check(Mode mode, List<Op> ops, List<App> apps, List<Op> cleanup) {
    boolean supervises = mode instanceof Supervise;
    if (apps.size() > MAX_APPS || (!supervises && apps.isEmpty())) {
      throw new IllegalArgumentException("a pod has 1 to " + MAX_APPS + " apps: " + apps.size());
    }
    if (mode instanceof Enter && apps.size() != 1) {
      throw new IllegalArgumentException("one process enters, not " + apps.size());
    }
    if (supervises ? !ops.isEmpty() : !cleanup.isEmpty()) {
      throw new IllegalArgumentException("steps in a section that the mode does not have");
    }
    refuseExec(ops);
    refuseExec(cleanup);
    refuseCounter(ops);
    refuseCounter(cleanup);
    for (int i = 0; i < apps.size(); i++) {
      App app = apps.get(i);
      if (supervises) {
        for (int step = 0; step < app.ops().size(); step++) {
          if (!(app.ops().get(step) instanceof Op.OomCounter)) {
            throw new IllegalArgumentException("steps for " + app.name() + " in the supervisor");
          }
        }
      } else {
        refuseCounter(app.ops());
        checkEnd(app);
      }
    }
  }

  private static void refuseExec(List<Op> ops) {
    for (int i = 0; i < ops.size(); i++) {
      if (ops.get(i) instanceof Op.Exec) {
        throw new IllegalArgumentException("exec outside of an app");
      }
    }
  }

  private static void refuseCounter(List<Op> ops) {
    for (int i = 0; i < ops.size(); i++) {
      if (ops.get(i) instanceof Op.OomCounter) {
        throw new IllegalArgumentException("a counter that nobody reads");
      }
    }
  }

  /** No app starts with a descriptor that no step named: CVE-2024-21626. */
  private static void checkEnd(App app) {
    int last = app.ops().size() - 1;
    if (last < 0 || !(app.ops().get(last) instanceof Op.Exec)) {
      throw new IllegalArgumentException("the last step of " + app.name() + " is not exec");
    }
    refuseExec(app.ops().subList(0, last));
    int at = last - 1;
    while (at >= 0 && app.ops().get(at) instanceof Op.Seccomp) {
      at--;
    }
    if (at < 0
        || !(app.ops().get(at) instanceof Op.CloseRange close)
        || close.first() != 3
        || close.last() != 0xffff_ffffL
        || close.flags() != Op.CLOSE_RANGE_CLOEXEC) {
      throw new IllegalArgumentException(
          "exec of " + app.name() + " without closing inherited descriptors right before");
    }
  }
}
