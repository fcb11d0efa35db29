package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Descriptors;
import rkt.kernel.DirFd;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;
import rkt.kernel.Loopback;
import rkt.kernel.MountFlag;
import rkt.kernel.Mounts;
import rkt.kernel.Namespace;
import rkt.kernel.Namespaces;
import rkt.kernel.Processes;
import rkt.kernel.Program;
import rkt.kernel.Propagation;
import rkt.stage1.StageException;
import rkt.stage1.launch.Bytes;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;
import rkt.stage1.pod.LockedPod;

/**
 * The one thread that enters the pod's namespaces. Namespaces, root and working directory belong to
 * a thread on Linux, so this one makes them, mounts in them, and starts process 1, which inherits
 * them; the rest of this process stays on the host. When the thread ends before it has started
 * anything, the kernel removes all that it made. spec/pod.md#start
 */
final class PodThread {
  /** The descriptors that process 1 starts with, after the standard ones. */
  private static final int PLAN = 3;

  private static final int LIFELINE = 4;
  private static final int STATUS = 5;
  private static final int PROGRAM = 6;
  private static final int SUPERVISED = 7;
  private static final int USERS = 8;
  private static final int LOCK = 9;
  private static final int REPORT = 10;
  private static final int ALL_ROOTS = 11;
  private static final int NO_ROOTS = 12;
  private static final int FIRST_CGROUP = 13;

  private static final int GRACE_MILLIS = 10_000;

  private final LockedPod pod;
  private final PodRequest request;
  private final List<PreparedApp> apps;
  private final List<Fd> sharedGroups;
  private final Fd program;
  private final Descriptors.Pipe lifeline;
  private final Descriptors.Pipe status;
  private final Path data;
  private final PodUsers users;
  private final PodNamespaces namespaces;
  private final PodConfinement confinement;
  private final Set<Integer> appUsers = new HashSet<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<Readiness.Asked> notifies = new ArrayList<>();
  private final List<Op> takesRoots = new ArrayList<>();
  private boolean keepsRoots;
  private boolean rehearses;
  private @Nullable Rehearsal rehearsal;

  /**
   * @param data the data directory
   * @param sharedGroups open files by which every app joins control groups of the pod
   */
  PodThread(
      Path data,
      PodUsers users,
      PodNamespaces namespaces,
      LockedPod pod,
      PodRequest request,
      List<PreparedApp> apps,
      List<Fd> sharedGroups,
      PodConfinement confinement,
      Fd program,
      Descriptors.Pipe lifeline,
      Descriptors.Pipe status) {
    this.data = data;
    this.users = users;
    this.namespaces = namespaces;
    this.pod = pod;
    this.request = request;
    this.apps = List.copyOf(apps);
    this.sharedGroups = List.copyOf(sharedGroups);
    this.program = program;
    this.lifeline = lifeline;
    this.status = status;
    this.confinement = confinement;
  }

  /**
   * A pod that runs.
   *
   * @param pid its process 1, by its number here
   * @param terminal our end of the terminal that is to be joined to the caller's, if there is one
   * @param streams our ends of what may be attached to
   * @param notifies the apps that say when they are ready
   */
  record Started(
      int pid,
      Optional<Fd> terminal,
      List<StreamEnds.Kept> streams,
      List<Readiness.Asked> notifies) {}

  /**
   * Does on a new thread everything that a start does but the birth of process 1. With the thread
   * end its namespaces, and with them all that it mounted.
   */
  Rehearsal rehearse() throws StageException {
    rehearses = true;
    startPod();
    if (rehearsal == null) {
      throw new IllegalStateException("a rehearsal without a result");
    }
    return rehearsal;
  }

  /** Starts a pod; runs on a thread of its own, to which the namespaces that it takes belong. */
  interface Start {
    Started start() throws StageException;
  }

  /** Starts the pod on a new thread and waits until process 1 exists. */
  Started startPod() throws StageException {
    return onThread(this::inPod);
  }

  /** Runs {@code start} on a new thread and waits for it. */
  static Started onThread(Start start) throws StageException {
    Outcome outcome = new Outcome();
    Thread thread =
        Thread.ofPlatform()
            .name("pod")
            .start(() -> {
              try {
                outcome.started = start.start();
              } catch (StageException | RuntimeException | Error e) {
                outcome.failure = e;
              }
            });
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StageException.run("the start was interrupted", null);
    }
    if (outcome.started != null) {
      return outcome.started;
    }
    switch (outcome.failure) {
      case StageException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> throw new IllegalStateException(outcome.failure);
    }
  }

  /** Handed from the pod thread to its maker by {@link Thread#join}. */
  private static final class Outcome {
    private @Nullable Started started;
    private @Nullable Throwable failure;
  }

  private Started inPod() throws StageException {
    int nextCgroup = FIRST_CGROUP + sharedGroups.size();
    int groups = sharedGroups.size();
    boolean interactive = false;
    for (PreparedApp app : apps) {
      groups += app.cgroupProcs().size();
      interactive |= app.streams().input() == StreamMode.INTERACTIVE;
    }
    try (StandardStreams callers = StandardStreams.of(interactive)) {
      enterNamespaces();
      List<LaunchPlan.App> plans = new ArrayList<>();
      StreamEnds streams = new StreamEnds(callers, FIRST_CGROUP + groups);
      String stage = makeStage();
      Inherited.OomScores oomScores = Inherited.oomScores(apps);
      try (PodDisk disk = PodDisk.of(users, data, stage, namespaces.user());
          HostDevices devices = HostDevices.open()) {
        ownFiles(users.outside(0));
        mountStage(stage, devices);
        if (apps.size() > 1) {
          fillStageWithoutRoots(stage + AppSteps.FEW, devices);
        }
        for (PreparedApp app : apps) {
          plans.add(
              planApp(app, plans.size(), stage, disk, devices, nextCgroup, streams, oomScores));
          nextCgroup += app.cgroupProcs().size();
        }
        makeStageReadOnly(stage);
        ownFiles(0);
      }
      if (rehearses) {
        rehearsal = Rehearsal.of(plan(plans), stage, apps);
        return new Started(0, streams.relayed(), streams.kept(), notifies);
      }
      if (namespaces.user() == null) {
        // The last namespace: after it, no thread of this process can be made by this one.
        Namespaces.unshare(Namespace.PID);
      }
      return spawn(stage, plans, callers, streams);
    } catch (KernelException e) {
      throw StageException.run("cannot set up pod " + pod.id(), Rights.fix(e), e);
    }
  }

  /**
   * 1. Namespaces of the pod. That of mounts also gives this thread a root of its own; the pod gets
   * a copy of it, in which nothing that is mounted here can be unmounted or changed.
   */
  private void enterNamespaces() throws KernelException, StageException {
    Namespaces.unshare(Namespace.MOUNT);
    namespaces.join();
    // 2. Before anything is mounted: what is shared with the host would appear there.
    Mounts.propagate("/", Propagation.PRIVATE);
    Namespaces.setHostName(PodRunner.hostname(pod, request));
    if (request.network() == PodRequest.Network.NONE) {
      Loopback.up();
    }
    Sysctls.set(confinement.sysctls());
  }

  /** What this thread makes from now on belongs to {@code user} of the host. */
  private void ownFiles(int user) throws KernelException {
    if (users.arePrivate()) {
      Ids.makeFilesAs(user, user);
    }
  }

  private String makeStage() throws StageException {
    Path stage = pod.directory().resolve("stage");
    try {
      return Files.createDirectory(stage).toString();
    } catch (IOException e) {
      throw StageException.system("cannot make " + stage, null, e);
    }
  }

  /** 3. A small file system of our own, in which the apps' roots stand: what process 1 sees. */
  private static void mountStage(String stage, HostDevices devices)
      throws KernelException, StageException {
    try {
      Mounts.mount(
          "rkt",
          stage,
          "tmpfs",
          "size=1m,mode=0755",
          MountFlag.NO_DEV,
          MountFlag.NO_SUID,
          MountFlag.NO_EXEC);
      Files.createDirectory(Path.of(stage, "apps"));
      Files.createDirectory(Path.of(stage, AppSteps.EMPTY));
      Files.createDirectory(Path.of(stage, AppSteps.AGAIN));
      try (DirFd own = DirFd.open(stage)) {
        devices.bindNull(own);
      }
    } catch (IOException e) {
      throw StageException.system("cannot make " + stage, null, e);
    }
  }

  /**
   * A directory that looks like the stage, but for the roots of the apps: from it their mount
   * namespaces are copied, so that none copies, or ever holds, the mounts of all others. What is
   * the same for all stands there, to be masked once.
   */
  private void fillStageWithoutRoots(String few, HostDevices devices)
      throws KernelException, StageException {
    try {
      Files.createDirectory(Path.of(few));
      Files.createDirectory(Path.of(few, AppSteps.EMPTY));
      Files.createDirectory(Path.of(few, "apps"));
      for (PreparedApp app : apps) {
        Files.createDirectory(Path.of(few, "apps", app.request().name()));
      }
      try (DirFd own = DirFd.open(few)) {
        devices.bindNull(own);
      }
      try (AppRoot view = AppRoot.of(apps.get(0).request().name(), DirFd.open(few))) {
        view.prepareProc();
        view.mountSys();
      }
    } catch (IOException e) {
      throw StageException.system("cannot make " + few, null, e);
    }
  }

  private static void makeStageReadOnly(String stage) throws KernelException {
    Mounts.mount(
        null,
        stage,
        null,
        null,
        MountFlag.REMOUNT,
        MountFlag.READ_ONLY,
        MountFlag.NO_DEV,
        MountFlag.NO_SUID,
        MountFlag.NO_EXEC);
  }

  /** 4. The root of one app, and what its process will do in it. */
  private LaunchPlan.App planApp(
      PreparedApp app,
      int position,
      String stage,
      PodDisk disk,
      HostDevices devices,
      int firstCgroup,
      StreamEnds streams,
      Inherited.OomScores oomScores)
      throws StageException, KernelException {
    AppRequest asked = app.request();
    String inStage = "/apps/" + asked.name();
    String at = stage + inStage;
    try {
      Files.createDirectory(Path.of(at));
    } catch (IOException e) {
      throw StageException.system("cannot make " + at, null, e);
    }
    try (WritableLayer writable = writable(asked, disk);
        AppRoot root = AppRoot.mount(asked.name(), at, asked.trees(), writable, disk)) {
      root.prepareProc();
      root.mountDev(devices);
      root.addDevices(asked.storage().devices(), disk.outside(0) != 0);
      if (Readiness.isAsked(asked)) {
        notifies.add(new Readiness.Asked(asked.name(), root.addNotifySocket()));
      }
      if (apps.size() > 1) {
        root.prepareSys();
      } else {
        root.mountSys();
      }
      try (AppVolumes volumes =
          new AppVolumes(pod.directory(), disk, request.volumes(), writable)) {
        volumes.mount(root, asked);
      }
      warnings.addAll(root.warnings());
      String term =
          StreamEnds.hasTerminal(app.streams())
              ? request.environment().getOrDefault("TERM", "xterm")
              : "";
      ProcessContext context =
          ContextBuilder.of(app, request, root, users, term, oomScores.stepOf(app));
      appUsers.add(context.uid());
      LaunchPlan.Handlers handlers = AppHandlers.of(asked.name(), asked.app(), root, context);
      boolean setuid = !app.confinement().noNewPrivileges();
      if (asked.storage().readOnlyRoot() || setuid) {
        AppRoot.remount(at, asked.storage().readOnlyRoot(), setuid);
      }
      List<Op> joined =
          streams.join(asked.name(), app.streams(), root.terminals(), disk.outside(context.uid()));
      List<Integer> procs = new ArrayList<>();
      for (int i = 0; i < sharedGroups.size(); i++) {
        procs.add(FIRST_CGROUP + i);
      }
      for (int i = 0; i < app.cgroupProcs().size(); i++) {
        procs.add(firstCgroup + i);
      }
      AppSteps steps = new AppSteps(asked.name(), inStage).joinCgroups(procs);
      if (apps.size() > 1) {
        moveRoot(steps, handlers, position);
      } else {
        steps.unshare();
        if (users.inNamespace()) {
          steps.unlockRoot();
        }
        mask(steps);
      }
      steps.moveIn().waitFor(SUPERVISED).beginSession(-1).add(joined);
      List<Op> all = new ArrayList<>(steps.steps());
      all.addAll(context.steps(asked.name()));
      return new LaunchPlan.App(asked.name(), asked.app().stopSignal(), all, handlers);
    }
  }

  /** Handlers and checks run in the root of their app, beside it or after it. */
  private void moveRoot(AppSteps steps, LaunchPlan.Handlers handlers, int position) {
    if (handlers.isEmpty()) {
      takesRoots.add(steps.takeRoot(position));
      steps.moveRoot();
    } else {
      keepsRoots = true;
      steps.copyRoot(ALL_ROOTS, NO_ROOTS);
    }
  }

  private AppSteps mask(AppSteps steps) {
    return request.insecure().contains("paths") ? steps : steps.mask(confinement.processesOnly());
  }

  private WritableLayer writable(AppRequest app, PodDisk disk) throws KernelException {
    Path directory = pod.directory().resolve("overlay").resolve(app.name());
    return app.storage().rootBytes().isPresent()
        ? WritableLayer.inMemory(directory, app.storage().rootBytes().getAsLong())
        : WritableLayer.onDisk(disk.path(directory));
  }

  /** What the user may not have meant, one line each, once the pod was started. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** What process 1 is to do. */
  private LaunchPlan plan(List<LaunchPlan.App> plans) throws KernelException {
    List<Op> first = new ArrayList<>(users.inNamespace() ? birth() : List.of());
    boolean several = plans.size() > 1;
    String name = several ? "" : plans.get(0).name();
    String place = several ? AppSteps.FEW : "/apps/" + name;
    String options = confinement.procOptions(appUsers.size() > 1);
    first.add(AppSteps.mountProc(name, AppSteps.HERE + place, options));
    first.addAll(Sysctls.steps(confinement.sysctls()));
    first.add(new Op.Pivot(Label.of("leave the root of the host"), AppSteps.HERE));
    if (several) {
      if (keepsRoots) {
        first.addAll(AppSteps.keepRoots(ALL_ROOTS, NO_ROOTS));
      }
      first.addAll(takesRoots);
      first.addAll(AppSteps.leaveRoots(mask(AppSteps.forAll())));
    }
    return LaunchPlan.init(
        new LaunchPlan.Init(LIFELINE, STATUS, users.arePrivate() ? LOCK : -1, GRACE_MILLIS),
        first,
        plans);
  }

  /** 5. Process 1, which moves out of the host's root and does the rest. */
  private Started spawn(
      String stage, List<LaunchPlan.App> plans, StandardStreams callers, StreamEnds streams)
      throws KernelException, StageException {
    // Where process 1 starts: in a user namespace it has no right to walk here.
    Mounts.changeDirectory(stage);
    LaunchPlan plan = plan(plans);
    byte[] encoded = plan.encode();
    try {
      Files.write(pod.directory().resolve("plan"), encoded);
    } catch (IOException e) {
      throw StageException.system("cannot write the launch plan of pod " + pod.id(), null, e);
    }
    try (Inherited _ = Inherited.of(apps);
        Descriptors.Pipe report = Descriptors.pipe();
        Fd memory = Descriptors.sealedMemory("launch-plan", encoded)) {
      List<FdMapping> descriptors = new ArrayList<>(callers.mappings());
      descriptors.add(FdMapping.of(memory, PLAN));
      descriptors.add(FdMapping.of(lifeline.reader(), LIFELINE));
      descriptors.add(FdMapping.of(status.writer(), STATUS));
      descriptors.add(FdMapping.of(program, PROGRAM));
      descriptors.add(FdMapping.of(lifeline.reader(), SUPERVISED));
      Fd user = namespaces.user();
      if (user != null) {
        descriptors.add(FdMapping.of(user, USERS));
        descriptors.add(FdMapping.of(report.writer(), REPORT));
      }
      Fd lock = users.lock();
      if (lock != null) {
        descriptors.add(FdMapping.of(lock, LOCK));
      }
      int next = FIRST_CGROUP;
      for (Fd tasks : sharedGroups) {
        descriptors.add(FdMapping.of(tasks, next++));
      }
      for (PreparedApp app : apps) {
        for (Fd procs : app.cgroupProcs()) {
          descriptors.add(FdMapping.of(procs, next++));
        }
      }
      descriptors.addAll(streams.mappings());
      int pid =
          new Program(
                  "/proc/self/fd/" + PROGRAM,
                  List.of("pod-init", "init", Integer.toString(PLAN)),
                  List.of(),
                  descriptors)
              .spawn();
      if (user == null) {
        return new Started(pid, streams.relayed(), streams.kept(), notifies);
      }
      report.writer().close();
      try {
        int init = PodNamespaces.number(report.reader());
        return new Started(init, streams.relayed(), streams.kept(), notifies);
      } finally {
        Processes.await(pid); // it has ended, or is about to: process 1 is its sibling
      }
    }
  }

  /**
   * How process 1 comes into the user namespace: what we spawn enters, becomes its root, and makes
   * the namespace of processes there; who is born into that owns a copy of our mounts.
   */
  private static List<Op> birth() throws KernelException {
    List<Op> steps = new ArrayList<>();
    steps.add(
        new Op.Setns(Label.of("enter the pod's user namespace"), USERS, Namespace.USER.flag()));
    if (Ids.groupsCanBeSet()) {
      steps.add(new Op.Setgroups(Label.of("leave the groups of the host"), Bytes.ofGroups()));
    }
    steps.add(new Op.Setresgid(Label.of("become the pod's group 0"), 0, 0, 0));
    steps.add(new Op.Setresuid(Label.of("become the pod's root"), 0, 0, 0));
    steps.add(
        new Op.Unshare(Label.of("make the pod's namespace of processes"), Namespace.PID.flag()));
    steps.add(new Op.Fork(Label.of("start process 1 of the pod"), REPORT));
    steps.add(
        new Op.Unshare(Label.of("make the pod's namespace of mounts"), Namespace.MOUNT.flag()));
    steps.addAll(AppSteps.unlockStage());
    return steps;
  }
}
