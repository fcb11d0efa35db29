package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import rkt.kernel.Descriptors;
import rkt.kernel.DirFd;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.FilesystemType;
import rkt.kernel.IdMap;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;
import rkt.kernel.Mounts;
import rkt.kernel.Names;
import rkt.kernel.Namespace;
import rkt.kernel.Namespaces;
import rkt.kernel.OpenFlag;
import rkt.kernel.Processes;
import rkt.kernel.Program;
import rkt.kernel.ResourceLimit;
import rkt.kernel.Terminal;
import rkt.kernel.UserNamespaces;
import rkt.stage1.StageException;
import rkt.stage1.launch.Bytes;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Stage1Program;

/**
 * Runs one more process in a running pod. Its context is not built again but read back from the
 * launch plan that the app itself was started with: the same user, capabilities, limits and filter,
 * in the same control groups and namespaces, so there is no second place where something could be
 * forgotten (CVE-2019-10144, 10145, 10147). spec/pod.md#enter
 */
public final class PodEnter {
  private static final int PLAN = 3;
  private static final int FIRST_FREE = 4;
  private static final long PR_SET_PDEATHSIG = 1;
  private static final long SIGKILL = 9;
  private static final byte[] MYSELF = {'0'};
  private static final String BASH = "/bin/bash";
  private static final String SH = "/bin/sh";

  /**
   * The namespaces that an entering process joins by itself; the pid namespace its parent joins.
   */
  private static final Namespace[] OF_THE_APP = {
    Namespace.CGROUP, Namespace.IPC, Namespace.UTS, Namespace.NETWORK, Namespace.MOUNT
  };

  private static final String ON_HOST = PodRequest.Network.HOST.label();

  private final PodView pod;
  private final Path podInit;
  private final List<FdMapping> descriptors = new ArrayList<>();
  private final List<Fd> open = new ArrayList<>();

  /**
   * @param podInit the program that this process becomes
   */
  public PodEnter(PodView pod, Path podInit) {
    this.pod = pod;
    this.podInit = podInit;
  }

  /**
   * Becomes the process; does not return.
   *
   * @param app empty for the only one
   * @param command the program and its arguments, looked up in the app's PATH; empty for the shell
   *     of its image
   * @param term the caller's TERM, for when standard input is a terminal
   */
  public void enter(Optional<String> app, List<String> command, String term) throws StageException {
    if (!pod.isRunning()) {
      throw StageException.usage("pod " + pod.id() + " does not run: it is " + pod.state(), null);
    }
    try (StandardStreams streams = StandardStreams.of(true)) {
      descriptors.addAll(streams.mappings());
      PodRecord record = pod.record().orElseThrow(() -> damaged("it has no record"));
      if (record.stage1Program().isPresent()) {
        byProgram(Path.of(record.stage1Program().get()), record, command, term);
      }
      LaunchPlan.App planned = planned(app);
      int pid = process(record, planned);
      LaunchPlan plan;
      try (Fd process = Processes.open(pid)) {
        // What was found before the open may have ended, and its number gone to a process of the
        // host. Found again, and not ended since, it is the one whose namespaces were opened.
        if (process(record, planned) != pid) {
          throw damaged("its app is gone");
        }
        List<String> words = command.isEmpty() ? List.of(shell(pid)) : command;
        plan = plan(record, planned, pid, words, term, terminal(pid, user(planned)));
        OomScore.takeOver(pid);
        Processes.signal(process, 0);
      }
      raiseLimits(planned);
      Fd memory = Descriptors.sealedMemory("launch-plan", plan.encode());
      descriptors.add(FdMapping.of(memory, PLAN));
      Fd program = Descriptors.sealedMemory("pod-init", Files.readAllBytes(podInit));
      new Program(
              "/proc/self/fd/" + program.number(),
              List.of("pod-init", "enter", Integer.toString(PLAN)),
              List.of(),
              descriptors)
          .execHoldingSignals();
    } catch (KernelException | IOException e) {
      for (Fd fd : open) {
        fd.close();
      }
      throw StageException.run(
          "cannot enter pod " + pod.id(), "pods are entered as the user that runs them, root", e);
    }
  }

  /** What is above our own hard limits cannot be set any more once in the user namespace. */
  private static void raiseLimits(LaunchPlan.App app) throws StageException, KernelException {
    for (Op step : app.ops()) {
      if (step instanceof Op.Rlimit limit) {
        for (ResourceLimit resource : ResourceLimit.values()) {
          ResourceLimit.Value own = resource.number() == limit.resource() ? resource.get(0) : null;
          if (own != null && Long.compareUnsigned(limit.hard(), own.hard()) > 0) {
            raise(resource, own.soft(), limit.hard());
          }
        }
      }
    }
  }

  private static void raise(ResourceLimit resource, long soft, long hard) throws StageException {
    try {
      resource.set(0, new ResourceLimit.Value(soft, hard));
    } catch (KernelException e) {
      throw StageException.run(
          "cannot give who enters the app's limit " + Rlimits.name(resource) + "=" + hard,
          "enter with no lower hard limits than those of the app: ulimit -H -a",
          e);
    }
  }

  /** Becomes the stage1 of a third party, which enters; does not return. */
  private void byProgram(Path program, PodRecord record, List<String> command, String term)
      throws StageException, KernelException {
    Path stage1 = Stage1Program.trustworthy(program, Ids.effectiveUser());
    List<String> words = new ArrayList<>();
    words.add(stage1.toString());
    words.add("enter");
    words.add("--app=" + record.apps().get(0).name());
    words.add(pod.id());
    words.addAll(command);
    List<String> environment = new ArrayList<>(Stage1Program.environment(pod.id()));
    environment.add("TERM=" + term);
    Mounts.changeDirectory(pod.directory().toString());
    new Program(stage1.toString(), words, environment, FdMapping.STANDARD).exec();
  }

  private int process(PodRecord record, LaunchPlan.App app) throws StageException, IOException {
    boolean hasGroups = !record.cgroups().isEmpty();
    return AppProcess.find(pod, app.name(), hasGroups)
        .orElseThrow(() -> damaged("its app is gone"));
  }

  private LaunchPlan.App planned(Optional<String> app) throws StageException, IOException {
    LaunchPlan plan;
    try {
      plan = LaunchPlan.decode(Files.readAllBytes(pod.directory().resolve("plan")));
    } catch (IllegalArgumentException e) {
      throw damaged("its launch plan cannot be read");
    }
    if (app.isEmpty() && plan.apps().size() > 1) {
      throw StageException.usage("pod " + pod.id() + " has several apps", "name one with --app=");
    }
    for (LaunchPlan.App planned : plan.apps()) {
      if (app.isEmpty() || app.get().equals(planned.name())) {
        return planned;
      }
    }
    throw StageException.notFound(
        "pod " + pod.id() + " has no app \"" + app.orElse("") + "\"",
        "rkt status " + pod.id() + " shows its apps");
  }

  private LaunchPlan plan(
      PodRecord record,
      LaunchPlan.App app,
      int pid,
      List<String> command,
      String term,
      Optional<Terminal.Pair> terminal)
      throws KernelException {
    List<Op> steps = new ArrayList<>();
    for (String group : record.cgroups()) {
      // In some hierarchies of version 1 an app has no group of its own, and is in the pod's.
      boolean isOfPod = group.endsWith("/" + pod.id());
      if (isOfPod
          ? !record.cgroups().contains(group + "/" + app.name())
          : group.endsWith("/" + app.name())) {
        int procs = pass(Descriptors.open(group + "/cgroup.procs", OpenFlag.WRITE));
        steps.add(
            new Op.WriteFd(Label.of("join the control group " + group), procs, Bytes.of(MYSELF)));
      }
    }
    boolean ownsNetwork = !record.network().equals(ON_HOST);
    if (!ownsNetwork) {
      addOther(steps, Namespace.NETWORK, app, pid);
    }
    addUser(steps, pid);
    for (Namespace kind : OF_THE_APP) {
      if (kind != Namespace.NETWORK || ownsNetwork) {
        addOther(steps, kind, app, pid);
      }
    }
    int peer = terminal.isPresent() ? pass(terminal.get().peer()) : -1;
    int master = terminal.isPresent() ? pass(terminal.get().master()) : -1;
    steps.addAll(new AppSteps(app.name(), "/").beginSession(peer).steps());
    addContext(steps, app, command, terminal.isPresent() ? term : "");
    List<Op> ofParent = new ArrayList<>();
    if (Ids.effectiveUser() != 0) {
      ofParent.add(joinOwn());
    }
    addOther(ofParent, Namespace.PID, app, pid);
    return LaunchPlan.enter(
        new LaunchPlan.Enter(terminal.isPresent() ? 0 : -1, master),
        ofParent,
        new LaunchPlan.App(app.name(), 0, steps));
  }

  /**
   * The user namespace that the pod's own is a child of, which an ordinary user owns and may enter:
   * only who is in one may change their pid namespace. spec/rootless.md#enter
   */
  private Op joinOwn() throws KernelException {
    int supervisor = pod.supervisorPid().orElse(0);
    return new Op.Setns(
        Label.of("enter the user namespace of rkt"),
        pass(Namespaces.open(supervisor, Namespace.USER)),
        Namespace.USER.flag());
  }

  private static Op join(Namespace kind, LaunchPlan.App app, int passed) {
    return new Op.Setns(
        Label.of("join the " + kind + " namespace of app \"" + app.name() + "\""),
        passed,
        kind.flag());
  }

  /**
   * A namespace of the app, unless it is the one that we are in: those of the host, which a pod
   * with {@code --net=host} has in part and one of fly for the most, the pod's root has no right to
   * enter.
   */
  private void addOther(List<Op> steps, Namespace kind, LaunchPlan.App app, int pid)
      throws KernelException {
    Fd namespace = Namespaces.open(pid, kind);
    int passed = pass(namespace);
    try (Fd own = Namespaces.openOwn(kind)) {
      if (!UserNamespaces.isSame(namespace, own)) {
        steps.add(join(kind, app, passed));
      }
    }
  }

  /**
   * The user namespace first of all, which then gives the right to enter the others; as its root,
   * as the app was when it was forked.
   */
  private void addUser(List<Op> steps, int pid) throws KernelException {
    Fd user = Namespaces.open(pid, Namespace.USER);
    int passed = pass(user);
    try (Fd own = Namespaces.openOwn(Namespace.USER)) {
      if (UserNamespaces.isSame(user, own)) {
        return; // nobody enters where they are
      }
    }
    if (!isThatOfRkt(user)) {
      steps.add(
          new Op.Setns(Label.of("enter the pod's user namespace"), passed, Namespace.USER.flag()));
    }
    steps.add(new Op.Setresgid(Label.of("become the pod's group 0"), 0, 0, 0));
    steps.add(new Op.Setresuid(Label.of("become the pod's root"), 0, 0, 0));
  }

  /** Whether it is the one that {@link #joinOwn} enters: that of the apps of fly, for instance. */
  private boolean isThatOfRkt(Fd user) throws KernelException {
    if (Ids.effectiveUser() == 0) {
      return false;
    }
    try (Fd rkt = Namespaces.open(pod.supervisorPid().orElse(0), Namespace.USER)) {
      return UserNamespaces.isSame(user, rkt);
    }
  }

  /**
   * What the app itself did from the beginning of its session on, with another program at the end.
   */
  private static void addContext(
      List<Op> steps, LaunchPlan.App app, List<String> command, String term) {
    boolean inContext = false;
    for (Op step : app.ops()) {
      if (inContext && step instanceof Op.CloseRange) {
        steps.add(dieWithParent());
      }
      boolean taken = // from the app as it is now, which needs rights on the host
          step instanceof Op.WriteProc file && file.path().equals(ProcessContext.OOM_SCORE_ADJ);
      if (inContext && step instanceof Op.Exec exec) {
        steps.add(exec(exec, command, term));
      } else if (inContext && !taken) {
        steps.add(step);
      }
      // Umask is the first step of every context; session and terminal before it are our own.
      if (!inContext && step instanceof Op.Umask) {
        inContext = true;
        steps.add(step);
      }
    }
  }

  /**
   * Whoever kills rkt enter ends what it started. After the change of user, which would undo this,
   * and before descriptors and the filter, which come right before the program.
   */
  private static Op dieWithParent() {
    return new Op.Prctl(
        Label.of("follow rkt enter into its end"), PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  }

  private static Op.Exec exec(Op.Exec app, List<String> command, String term) {
    List<String> environment = new ArrayList<>();
    for (String line : app.envp()) {
      if (term.isEmpty() || !line.startsWith("TERM=")) {
        environment.add(line);
      }
    }
    if (!term.isEmpty()) {
      environment.add("TERM=" + term);
    }
    return new Op.Exec(
        new Label(
            "execute \"" + command.get(0) + "\" in the pod",
            "name a program that the image holds: rkt enter UUID PROGRAM"),
        Executable.paths(command.get(0), "/", AppEnvironment.path(app.envp())),
        command,
        environment);
  }

  /** The id in the pod that the app runs as. */
  private static int user(LaunchPlan.App app) {
    for (Op step : app.ops()) {
      if (step instanceof Op.Setresuid become) {
        return (int) become.effective();
      }
    }
    return 0;
  }

  /** The better of the usual two, if the app's root holds it. */
  private static String shell(int pid) throws KernelException {
    try (DirFd root = DirFd.open("/proc/" + pid + "/root/.")) {
      return Executable.isExecutable(root, BASH) ? BASH : SH;
    }
  }

  /** A fresh terminal from the app's own /dev/pts, if the caller has one. */
  private Optional<Terminal.Pair> terminal(int pid, int user)
      throws KernelException, StageException {
    if (!Terminal.isTerminal(0)) {
      return Optional.empty();
    }
    // Inside its root, should it have changed that: a link to /dev is not the host's /dev.
    try (DirFd root = DirFd.open("/proc/" + pid + "/root/.");
        DirFd pts = root.openDir(Names.of("dev/pts"), DirFd.Resolve.IN_ROOT)) {
      Fd devpts = Fd.adopt(pts.number());
      if (!Descriptors.filesystem(devpts).is(FilesystemType.DEVPTS)) {
        throw damaged("its /dev/pts is something else");
      }
      Terminal.Pair pair = Terminal.openLikeOurs(devpts);
      OptionalLong outside = IdMap.users(pid).outside(user);
      if (outside.isPresent() && Ids.effectiveUser() == 0) { // else it is the caller's
        Descriptors.chown(pair.peer(), (int) outside.getAsLong());
      }
      return Optional.of(pair);
    }
  }

  /** Hands a descriptor on to pod-init; returns its number there. */
  private int pass(Fd fd) {
    open.add(fd);
    int number = FIRST_FREE + open.size() - 1;
    descriptors.add(FdMapping.of(fd, number));
    return number;
  }

  private StageException damaged(String why) {
    return StageException.run("cannot enter pod " + pod.id() + ": " + why, null);
  }
}
