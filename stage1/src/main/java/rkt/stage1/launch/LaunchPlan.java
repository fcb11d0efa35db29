package rkt.stage1.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one run of pod-init does: a mode with its descriptors, steps, apps, and what to remove at
 * the end. spec/launch-plan.md
 *
 * @param ops PID 1's own steps before any app ({@link Init}), or the parent's before the fork
 *     ({@link Enter}); empty for {@link Supervise}
 * @param apps at least one, in the order of starting; for {@link Supervise} only what is counted of
 *     them; none for {@link Hold}
 * @param cleanup only for {@link Supervise}
 */
public record LaunchPlan(Mode mode, List<Op> ops, List<App> apps, List<Op> cleanup) {
  /** {@code RKTPLAN} and the version, as a little-endian number. */
  static final long MAGIC = 0x014e_414c_5054_4b52L;

  static final int MAX_APPS = 256;

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

  /** The parent of a pod in the host's pid namespace: as {@link Init}, but for being PID 1. */
  public record Host(int lifeline, int status, int lock, int graceMillis) implements Mode {
    @Override
    public void write(PlanWriter out) {
      out.begin(Op.HOST);
      out.u64(lifeline);
      out.u64(status);
      out.u64(lock);
      out.u64(graceMillis);
      out.end();
    }
  }

  /**
   * What {@code rkt attach} becomes. spec/attach.md
   *
   * @param podDirectory where the supervisor listens
   * @param tty the user's terminal, or -1
   * @param wants bits: 1 standard input, 2 output, 4 error, 8 to the terminal, 16 from it
   * @param passesEnd 1 if the end of our standard input is the end of the app's
   * @param app whose streams
   */
  public record Attach(int podDirectory, int tty, int wants, int passesEnd, String app)
      implements Mode {
    public Attach {
      if (!App.isUsable(app)) {
        throw new IllegalArgumentException("not the name of an app: \"" + app + "\"");
      }
    }

    @Override
    public void write(PlanWriter out) {
      out.begin(Op.ATTACH);
      out.u64(podDirectory);
      out.u64(tty);
      out.u64(wants);
      out.u64(passesEnd);
      out.string(app);
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
   * A process that makes namespaces and keeps them.
   *
   * @param report is told 0, or which step failed
   * @param release the process ends when this does
   */
  public record Hold(int report, int release) implements Mode {
    @Override
    public void write(PlanWriter out) {
      out.begin(Op.HOLD);
      out.u64(report);
      out.u64(release);
      out.end();
    }
  }

  /**
   * How an app is asked whether it is well. spec/launch-plan.md#health
   *
   * @param retries how many failures in a row make it unhealthy
   */
  public record Health(
      int intervalMillis,
      int timeoutMillis,
      int startPeriodMillis,
      int startIntervalMillis,
      int retries,
      Op.Exec check) {
    public Health {
      if (intervalMillis < 1 || timeoutMillis < 1 || startIntervalMillis < 1 || retries < 1) {
        throw new IllegalArgumentException("a check without time or tries");
      }
      if (startPeriodMillis < 0) {
        throw new IllegalArgumentException("a period of " + startPeriodMillis + " ms");
      }
    }

    private void write(PlanWriter out) {
      out.begin(Op.HEALTH);
      out.u64(intervalMillis);
      out.u64(timeoutMillis);
      out.u64(startPeriodMillis);
      out.u64(startIntervalMillis);
      out.u64(retries);
      out.end();
      check.write(out);
    }
  }

  /**
   * Programs that run beside an app, each exactly as the app runs: by its steps, with another exec.
   */
  public record Handlers(
      Optional<Op.Exec> preStart, Optional<Op.Exec> postStop, Optional<Health> health) {
    public static final Handlers NONE =
        new Handlers(Optional.empty(), Optional.empty(), Optional.empty());

    public boolean isEmpty() {
      return preStart.isEmpty() && postStop.isEmpty() && health.isEmpty();
    }

    private void write(PlanWriter out) {
      writeOne(out, Op.PRE_START, preStart);
      writeOne(out, Op.POST_STOP, postStop);
      if (health.isPresent()) {
        health.get().write(out);
      }
    }

    private static void writeOne(PlanWriter out, int section, Optional<Op.Exec> program) {
      if (program.isPresent()) {
        out.begin(section);
        out.end();
        program.get().write(out);
      }
    }

    private static Handlers read(PlanReader in) {
      Optional<Op.Exec> preStart = Optional.empty();
      Optional<Op.Exec> postStop = Optional.empty();
      Optional<Health> health = Optional.empty();
      while (in.peek() >= Op.PRE_START && in.peek() <= Op.HEALTH) {
        int section = in.peek();
        in.open();
        int[] words = new int[section == Op.HEALTH ? 5 : 0];
        for (int i = 0; i < words.length; i++) {
          words[i] = number(in);
        }
        in.close();
        List<Op> ops = in.ops();
        if (ops.size() != 1 || !(ops.get(0) instanceof Op.Exec exec)) {
          throw new IllegalArgumentException("a handler is one exec");
        }
        if (section == Op.HEALTH && health.isEmpty()) {
          health = Optional.of(new Health(words[0], words[1], words[2], words[3], words[4], exec));
        } else if (section == Op.PRE_START && preStart.isEmpty()) {
          preStart = Optional.of(exec);
        } else if (section == Op.POST_STOP && postStop.isEmpty()) {
          postStop = Optional.of(exec);
        } else {
          throw new IllegalArgumentException("a handler that occurs twice");
        }
      }
      return new Handlers(preStart, postStop, health);
    }
  }

  /**
   * One app.
   *
   * @param stopSignal what TERM becomes for this app; 0 is TERM itself
   * @param ops its steps; for {@link Supervise} its streams
   */
  public record App(String name, int stopSignal, List<Op> ops, Handlers handlers) {
    public App(String name, int stopSignal, List<Op> ops) {
      this(name, stopSignal, ops, Handlers.NONE);
    }

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
      handlers.write(out);
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

  public static LaunchPlan host(Host host, List<Op> ops, List<App> apps) {
    return new LaunchPlan(host, ops, apps, List.of());
  }

  public static LaunchPlan attach(Attach attach) {
    return new LaunchPlan(attach, List.of(), List.of(), List.of());
  }

  public static LaunchPlan supervise(Supervise mode, List<App> apps, List<Op> cleanup) {
    return new LaunchPlan(mode, List.of(), apps, cleanup);
  }

  public static LaunchPlan enter(Enter mode, List<Op> ops, App process) {
    return new LaunchPlan(mode, ops, List.of(process), List.of());
  }

  public static LaunchPlan hold(Hold mode, List<Op> ops) {
    return new LaunchPlan(mode, ops, List.of(), List.of());
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
      int stopSignal = number(in);
      String name = in.string();
      in.close();
      List<Op> steps = in.ops();
      apps.add(new App(name, stopSignal, steps, Handlers.read(in)));
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
      if (!app.handlers.isEmpty()) {
        text.append(app.handlers).append('\n');
      }
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
          case Op.HOST -> new Host(number(in), number(in), number(in), number(in));
          case Op.ATTACH -> new Attach(number(in), number(in), number(in), number(in), in.string());
          case Op.ENTER -> new Enter(number(in), number(in));
          case Op.HOLD -> new Hold(number(in), number(in));
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
    boolean attaches = mode instanceof Attach;
    boolean holds = mode instanceof Hold;
    if (holds && !apps.isEmpty()) {
      throw new IllegalArgumentException("an app in a process that only holds namespaces");
    }
    boolean runsApps = mode instanceof Init || mode instanceof Host;
    if (apps.size() > MAX_APPS || (!supervises && !attaches && !holds && apps.isEmpty())) {
      throw new IllegalArgumentException("a pod has 1 to " + MAX_APPS + " apps: " + apps.size());
    }
    if (mode instanceof Enter && apps.size() != 1) {
      throw new IllegalArgumentException("one process enters, not " + apps.size());
    }
    boolean hasSteps = !ops.isEmpty() || (attaches && !apps.isEmpty());
    boolean isMisplaced = (supervises || attaches) ? hasSteps : !cleanup.isEmpty();
    if (isMisplaced) {
      throw new IllegalArgumentException("steps in a section that the mode does not have");
    }
    if (attaches && !cleanup.isEmpty()) {
      throw new IllegalArgumentException("a cleanup of who attaches");
    }
    checkSteps(ops);
    checkSteps(cleanup);
    refuseFork(ops, mode instanceof Init ? 1 : 0);
    refuseFork(cleanup, 0);
    if (!(mode instanceof Init)) {
      refuseTakingRoots(ops);
    }
    refuseTakingRoots(cleanup);
    for (int i = 0; i < apps.size(); i++) {
      App app = apps.get(i);
      if (!runsApps && !app.handlers().isEmpty()) {
        throw new IllegalArgumentException("handlers for " + app.name() + " in another mode");
      }
      if (supervises) {
        checkKept(app);
      } else {
        checkEnd(app);
        refuseFork(app.ops(), 0);
        refuseTakingRoots(app.ops());
      }
    }
  }

  /** What the supervisor is to know of an app, and nobody else. */
  private static boolean isKept(Op op) {
    return op instanceof Op.Stream || op instanceof Op.OomCounter || op instanceof Op.Notify;
  }

  private static void checkKept(App app) {
    for (int i = 0; i < app.ops().size(); i++) {
      if (!isKept(app.ops().get(i))) {
        throw new IllegalArgumentException("steps for " + app.name() + " in the supervisor");
      }
    }
  }

  private static void checkSteps(List<Op> ops) {
    refuseExec(ops);
    for (int i = 0; i < ops.size(); i++) {
      if (isKept(ops.get(i))) {
        throw new IllegalArgumentException("a step of the supervisor elsewhere");
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

  private static void refuseTakingRoots(List<Op> ops) {
    for (int i = 0; i < ops.size(); i++) {
      if (ops.get(i) instanceof Op.TakeRoot) {
        throw new IllegalArgumentException("a root that is not taken by process 1");
      }
    }
  }

  /** PID 1 is born once, from steps of its own section. */
  private static void refuseFork(List<Op> ops, int allowed) {
    int forks = 0;
    for (int i = 0; i < ops.size(); i++) {
      if (ops.get(i) instanceof Op.Fork) {
        forks++;
      }
    }
    if (forks > allowed) {
      throw new IllegalArgumentException("misplaced fork");
    }
  }

  /** No app starts with a descriptor that no step named: CVE-2024-21626. */
  private static void checkEnd(App app) {
    int last = app.ops().size() - 1;
    if (last < 0 || !(app.ops().get(last) instanceof Op.Exec)) {
      throw new IllegalArgumentException("the last step of " + app.name() + " is not exec");
    }
    checkSteps(app.ops().subList(0, last));
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
