package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import rkt.kernel.CgroupParent;
import rkt.kernel.Descriptors;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.KernelException;
import rkt.kernel.Namespaces;
import rkt.kernel.Processes;
import rkt.kernel.Program;
import rkt.kernel.ResourceLimit;
import rkt.kernel.SeccompFilter;
import rkt.kernel.SeccompProfile;
import rkt.spec.Phases;
import rkt.spec.RktException;
import rkt.stage1.StageException;
import rkt.stage1.launch.Bytes;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;
import rkt.stage1.pod.Collector;
import rkt.stage1.pod.LockedPod;
import rkt.stage1.pod.PodPhase;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/**
 * Runs a pod: this process prepares it, has it started by a thread of its own, and then becomes the
 * supervisor, by exec. Whoever started this process sees one pid from the first line to the exit
 * status. spec/pod.md, spec/launch-plan.md
 */
public final class PodRunner {
  private static final int SIGKILL = 9;
  private static final int FEWEST_OPEN_FILES = 128;
  private static final int SUPERVISOR_PLAN = 3;
  private static final int SUPERVISOR_LIFELINE = 4;
  private static final int SUPERVISOR_STATUS = 5;
  private static final int SUPERVISOR_POD = 6;
  private static final int SUPERVISOR_PTY = 7;
  private static final int SUPERVISOR_LOCK = 8;
  private static final int SUPERVISOR_STREAMS = 9;

  private final Path dataDir;
  private final Path podInit;
  private final Clock clock;
  private final Phases phases;
  private final Map<String, String> environment;

  /** The filters of this pod's apps, which mostly have the same, by the texts of their profiles. */
  private final Map<String, Bytes> filters = new HashMap<>();

  /**
   * @param podInit the program that becomes process 1 and the supervisor
   * @param environment the caller's, of which it matters who is to be told when a pod is ready
   */
  public PodRunner(
      Path dataDir, Path podInit, Clock clock, Phases phases, Map<String, String> environment) {
    this.dataDir = dataDir;
    this.podInit = podInit;
    this.clock = clock;
    this.phases = phases;
    this.environment = Map.copyOf(environment);
  }

  /**
   * What the caller does at its chances.
   *
   * @param made is given the UUID once the pod's directory exists
   * @param warned is given what the user may not have meant, one line each time
   * @param leaving is called when process 1 is there and no app runs yet, right before this process
   *     is replaced: the last chance to print, and to refuse
   */
  public record Hooks(OnMade made, OnWarning warned, OnLeaving leaving) {}

  /** Told what the pod is made of; may refuse, and the pod is ended and removed. */
  public interface OnLeaving {
    void accept(PodRecord record) throws RktException;
  }

  /** Told of the pod's UUID; may refuse, and the pod is removed again. */
  public interface OnMade {
    void accept(String uuid) throws RktException;
  }

  /** Told of a warning. */
  public interface OnWarning {
    void accept(String warning);
  }

  /**
   * Runs the pod; does not return, because this process becomes its supervisor.
   *
   * @throws StageException if it could not be started; nothing of it is left then
   */
  public void run(PodRequest request, Stage1 stage1, Hooks hooks) throws RktException {
    requireOpenFiles();
    if (stage1.isInHost() && request.apps().size() > 1) {
      throw StageException.usage(
          "the stage1 \"" + stage1.name() + "\" runs one app, and the pod has several",
          "run a pod of each, or all of them in namespaces, which is usual");
    }
    LockedPod pod = new Pods(dataDir).create();
    try {
      hooks.made().accept(pod.id());
      write(pod, "created", now());
      if (stage1.isInHost()) {
        startInHost(pod, request, stage1, hooks);
      } else {
        start(pod, request, hooks);
      }
    } catch (RktException | RuntimeException | Error e) {
      try {
        Collector.discard(pod);
      } catch (StageException failed) {
        e.addSuppressed(failed);
      }
      throw e;
    } finally {
      pod.close();
    }
  }

  /**
   * Does all of a start but the birth of process 1, takes it back, and tells how the pod would have
   * been confined. spec/output.md#sandbox
   *
   * @return the document
   */
  public byte[] rehearse(PodRequest request) throws RktException {
    requireOpenFiles();
    LockedPod pod = new Pods(dataDir).create();
    try {
      return start(pod, request, null);
    } finally {
      try {
        Collector.discard(pod);
      } finally {
        pod.close();
      }
    }
  }

  /** pod-init keeps its own descriptors above those that a plan may name. */
  private static void requireOpenFiles() throws StageException {
    try {
      ResourceLimit.Value limit = ResourceLimit.OPEN_FILES.get(0);
      boolean isBounded = limit.soft() != ResourceLimit.UNLIMITED;
      if (isBounded && limit.soft() < FEWEST_OPEN_FILES) {
        throw StageException.system(
            "cannot start a pod with "
                + limit.soft()
                + " open files: it takes "
                + FEWEST_OPEN_FILES,
            "allow more: ulimit -n 1024");
      }
    } catch (KernelException e) {
      throw StageException.system("cannot read the limit of open files", null, e);
    }
  }

  /**
   * In namespaces of its own.
   *
   * @param hooks null for a rehearsal
   * @return the document of a rehearsal; otherwise this does not return
   */
  private byte[] start(LockedPod pod, PodRequest request, @Nullable Hooks hooks)
      throws RktException {
    PodConfinement confinement = PodConfinement.of(request);
    List<Resources> resources = resources(request);
    Resources ofPod = Resources.ofPod(request, dataDir.toString());
    ofPod.passOnMemoryOf(resources);
    CgroupParent parent = PodCgroups.parent(controllers(ofPod, resources));
    boolean ownNetwork = request.network() == PodRequest.Network.NONE;
    try (Descriptors.Pipe lifeline = Descriptors.pipe();
        Descriptors.Pipe status = Descriptors.pipe();
        Fd program = Descriptors.sealedMemory("pod-init", Files.readAllBytes(podInit));
        Fd told = hooks == null ? null : Readiness.callers(environment, hooks);
        PodUsers users = PodUsers.of(pod.id(), request.insecure());
        // First of all but for our own control group: the kernel makes them while we prepare.
        PodNamespaces namespaces = PodNamespaces.begin(users, ownNetwork, program)) {
      PodCgroups cgroups = PodCgroups.create(pod, parent, ofPod, request.apps(), resources);
      List<PreparedApp> apps = prepare(pod, request, resources, cgroups);
      PodRecord record =
          record(
              pod,
              request,
              Stage1.NAMESPACES,
              apps,
              cgroups.directories(),
              podOutcomes(cgroups, confinement, apps),
              users.range(),
              Optional.of(cgroups.devices().outcome()));
      if (hooks != null) {
        enterRun(pod, request, record, apps);
      }
      Namespaces.prepare();
      PodThread thread =
          new PodThread(
              dataDir,
              users,
              namespaces,
              pod,
              request,
              apps,
              cgroups.shared(),
              confinement,
              program,
              lifeline,
              status);
      if (hooks == null) {
        return new SandboxReport(thread.rehearse(), record, apps, confinement, users).toJson();
      }
      PodThread.Started started = thread.startPod();
      for (String warning : thread.warnings()) {
        hooks.warned().accept(warning);
      }
      become(pod, record, program, started, users.lock(), told, lifeline, status, apps, hooks);
      throw new IllegalStateException("the supervisor was not executed");
    } catch (KernelException | IOException e) {
      String what = hooks == null ? "rehearse the start of a pod" : "start pod " + pod.id();
      throw StageException.run("cannot " + what, null, e);
    }
  }

  /** Makes the pod known as one that runs. */
  private void enterRun(LockedPod pod, PodRequest request, PodRecord record, List<PreparedApp> apps)
      throws RktException {
    write(pod, PodRecord.FILE, record.toJson());
    write(pod, PodView.MANIFEST, PodManifests.of(request, apps).toJson());
    pod.moveTo(PodPhase.RUN);
    phases.end("prepare");
  }

  /** The same for a stage1 that leaves its processes in the host's pid namespace. */
  private void startInHost(LockedPod pod, PodRequest request, Stage1 stage1, Hooks hooks)
      throws RktException {
    try (Descriptors.Pipe lifeline = Descriptors.pipe();
        Descriptors.Pipe status = Descriptors.pipe();
        Fd program = Descriptors.sealedMemory("pod-init", Files.readAllBytes(podInit));
        Fd told = Readiness.callers(environment, hooks)) {
      AppRequest asked = request.apps().get(0);
      Confinement confinement = HostPod.confinement(asked, stage1, request);
      makeOverlay(pod, asked);
      PreparedApp app =
          new PreparedApp(
              asked,
              confinement,
              confinement.outcomes(),
              List.of(),
              Optional.empty(),
              Bytes.of(new byte[0]),
              AppStreams.of(asked.metadata().annotations(), request.interactive()));
      PodRecord record =
          record(
              pod,
              request,
              stage1,
              List.of(app),
              List.of(),
              HostPod.podOutcomes(request, stage1),
              Optional.empty(),
              Optional.empty());
      enterRun(pod, request, record, List.of(app));
      HostPod starter = new HostPod(dataDir, stage1, pod, request, app, program, lifeline, status);
      PodThread.Started started = starter.startPod();
      become(pod, record, program, started, null, told, lifeline, status, List.of(app), hooks);
    } catch (KernelException | IOException e) {
      throw StageException.run("cannot start pod " + pod.id(), null, e);
    }
  }

  /** Becomes the supervisor of a pod that was started; ends the pod if that cannot be. */
  private void become(
      LockedPod pod,
      PodRecord record,
      Fd program,
      PodThread.Started started,
      @Nullable Fd lock,
      @Nullable Fd told,
      Descriptors.Pipe lifeline,
      Descriptors.Pipe status,
      List<PreparedApp> apps,
      Hooks hooks)
      throws RktException, KernelException {
    try {
      phases.end("start");
      write(pod, "pid", Integer.toString(Processes.pid()).getBytes(US_ASCII));
      write(pod, "init", Integer.toString(started.pid()).getBytes(US_ASCII));
      write(pod, "started", now());
      Program supervisor =
          supervisor(
              pod,
              program,
              started,
              lock,
              told,
              lifeline.writer(),
              status.reader(),
              apps,
              record.cgroups());
      hooks.leaving().accept(record);
      supervisor.execHoldingSignals();
    } catch (RktException | RuntimeException | Error e) {
      end(started.pid());
      throw e;
    }
  }

  /** What each app may use; read before anything is made for any. */
  private List<Resources> resources(PodRequest request) throws StageException {
    List<Resources> resources = new ArrayList<>();
    for (AppRequest app : request.apps()) {
      resources.add(Resources.ofApp(app, dataDir.toString()));
    }
    return resources;
  }

  /** The controllers that anything in the pod takes and that are not needed otherwise. */
  private static List<String> controllers(Resources ofPod, List<Resources> ofApps) {
    List<String> controllers = new ArrayList<>();
    ofPod.addControllers(controllers);
    for (Resources app : ofApps) {
      app.addControllers(controllers);
    }
    return controllers;
  }

  private List<PreparedApp> prepare(
      LockedPod pod, PodRequest request, List<Resources> resources, PodCgroups cgroups)
      throws StageException {
    List<PreparedApp> apps = new ArrayList<>();
    for (AppRequest app : request.apps()) {
      Confinement confinement = Confinement.of(app, request);
      List<PodRecord.Isolator> outcomes = new ArrayList<>(confinement.outcomes());
      PodCgroups.OfApp group = cgroups.createApp(app, resources.get(apps.size()));
      outcomes.addAll(Resources.asHeld(group.outcomes(), confinement));
      Bytes seccomp = seccomp(confinement.seccomp());
      makeOverlay(pod, app);
      AppStreams streams = AppStreams.of(app.metadata().annotations(), request.interactive());
      if (streams.isInteractive() && request.apps().size() > 1) {
        throw StageException.usage(
            "app \"" + app.name() + "\" is interactive, and the pod has several apps",
            "make it a tty, and attach: rkt attach UUID");
      }
      apps.add(
          new PreparedApp(
              app, confinement, outcomes, group.joins(), group.oomCounter(), seccomp, streams));
    }
    return apps;
  }

  private static void makeOverlay(LockedPod pod, AppRequest app) throws StageException {
    Path all = pod.directory().resolve("overlay");
    Path writable = all.resolve(app.name());
    try {
      if (!Files.exists(all)) {
        Files.createDirectory(all);
      }
      Files.createDirectory(writable);
      Files.createDirectory(writable.resolve("upper"));
      Files.createDirectory(writable.resolve("work"));
    } catch (IOException e) {
      throw StageException.system("cannot make " + writable, null, e);
    }
  }

  /** Removes what starts that were killed while they kept a filter have left. */
  public static void sweepFilters(Path dataDir) throws StageException {
    Path filters = filters(dataDir);
    try {
      SeccompFilter.sweep(filters);
    } catch (IOException e) {
      throw StageException.system("cannot sweep " + filters, null, e);
    }
  }

  private static Path filters(Path dataDir) {
    return dataDir.resolve("seccomp");
  }

  /** The filter: compiled once, and read back from the data directory afterwards. */
  private Bytes seccomp(Optional<SeccompProfile> profile) throws StageException {
    if (profile.isEmpty()) {
      return Bytes.of(new byte[0]);
    }
    try {
      String text = profile.get().text();
      Bytes filter = filters.get(text);
      if (filter == null) {
        filter = Bytes.of(SeccompFilter.load(filters(dataDir), profile.get()));
        filters.put(text, filter);
      }
      return filter;
    } catch (KernelException e) {
      throw StageException.run(
          "cannot make the seccomp filter", "install libseccomp2 (apt-get install libseccomp2)", e);
    }
  }

  private static PodRecord record(
      LockedPod pod,
      PodRequest request,
      Stage1 stage1,
      List<PreparedApp> apps,
      List<String> cgroups,
      List<PodRecord.Isolator> outcomes,
      Optional<PodRecord.IdRange> ids,
      Optional<PodRecord.DeviceRules> deviceRules) {
    List<PodRecord.App> records = new ArrayList<>();
    for (PreparedApp app : apps) {
      AppRequest asked = app.request();
      records.add(
          new PodRecord.App(
              asked.name(),
              asked.image().id(),
              asked.image().name(),
              asked.verified().allSigners(),
              treeNames(asked),
              app.outcomes(),
              app.streams().endpoints(),
              devices(asked),
              memory(asked)));
    }
    Set<String> weakened = new TreeSet<>(request.insecure());
    for (PreparedApp app : apps) {
      weakened.addAll(app.confinement().weakened());
    }
    List<String> insecure = new ArrayList<>(weakened);
    return new PodRecord(
        pod.id(),
        hostname(pod, request),
        request.network().label(),
        insecure,
        records,
        cgroups,
        outcomes,
        stage1.name(),
        stage1.program().isPresent()
            ? Optional.of(stage1.program().get().toString())
            : Optional.empty(),
        ids,
        deviceRules);
  }

  private static PodRecord.InMemory memory(AppRequest app) {
    Map<String, Long> places = new LinkedHashMap<>();
    for (Tmpfs tmpfs : app.storage().tmpfs()) {
      places.put(tmpfs.target(), tmpfs.bytes());
    }
    return new PodRecord.InMemory(places, app.storage().rootBytes());
  }

  private static List<PodRecord.Isolator> podOutcomes(
      PodCgroups cgroups, PodConfinement confinement, List<PreparedApp> apps) {
    List<PodRecord.Isolator> ofGroup = cgroups.outcomes();
    for (PreparedApp app : apps) {
      ofGroup = Resources.asHeld(ofGroup, app.confinement());
    }
    List<PodRecord.Isolator> outcomes = new ArrayList<>(ofGroup);
    outcomes.addAll(confinement.outcomes());
    return outcomes;
  }

  private static List<String> devices(AppRequest app) {
    List<String> devices = new ArrayList<>();
    for (Device device : app.storage().devices()) {
      devices.add(device.text());
    }
    return devices;
  }

  private static List<String> treeNames(AppRequest app) {
    List<String> names = new ArrayList<>();
    for (Path tree : app.trees()) {
      names.add(tree.getName(tree.getNameCount() - 2).toString());
    }
    return names;
  }

  static String hostname(LockedPod pod, PodRequest request) {
    return request.hostname().orElse("rkt-" + pod.id());
  }

  /** What this process becomes. */
  private static Program supervisor(
      LockedPod pod,
      Fd program,
      PodThread.Started started,
      @Nullable Fd lock,
      @Nullable Fd told,
      Fd lifeline,
      Fd status,
      List<PreparedApp> prepared,
      List<String> cgroups)
      throws KernelException {
    int notifies = SUPERVISOR_STREAMS + started.streams().size();
    int tells = notifies + started.notifies().size();
    List<LaunchPlan.App> apps = new ArrayList<>();
    for (PreparedApp app : prepared) {
      String name = app.request().name();
      List<Op> kept = kept(name, started.streams());
      if (app.oomCounter().isPresent()) {
        Label label = Label.of("see why it was killed");
        kept.add(new Op.OomCounter(label, app.oomCounter().get()));
      }
      int asked = indexOf(started.notifies(), name);
      if (asked >= 0 || told != null) {
        Label label = Label.of("see when app \"" + name + "\" is ready");
        kept.add(
            new Op.Notify(label, asked < 0 ? -1 : notifies + asked, told == null ? -1 : tells));
      }
      apps.add(new LaunchPlan.App(name, 0, kept));
    }
    List<Op> cleanup = new ArrayList<>();
    for (String group : cgroups) {
      cleanup.add(new Op.Rmdir(Label.of("remove the control group " + group), group));
    }
    boolean terminal = started.terminal().isPresent();
    LaunchPlan plan =
        LaunchPlan.supervise(
            new LaunchPlan.Supervise(
                started.pid(),
                -1,
                SUPERVISOR_LIFELINE,
                SUPERVISOR_STATUS,
                SUPERVISOR_POD,
                lock == null ? -1 : SUPERVISOR_LOCK,
                terminal ? 0 : -1,
                terminal ? SUPERVISOR_PTY : -1),
            apps,
            cleanup);
    Fd planMemory = Descriptors.sealedMemory("launch-plan", plan.encode());
    List<FdMapping> descriptors = new ArrayList<>(FdMapping.STANDARD);
    descriptors.add(FdMapping.of(planMemory, SUPERVISOR_PLAN));
    descriptors.add(FdMapping.of(lifeline, SUPERVISOR_LIFELINE));
    descriptors.add(FdMapping.of(status, SUPERVISOR_STATUS));
    descriptors.add(new FdMapping(pod.lock().number(), SUPERVISOR_POD));
    if (lock != null) {
      descriptors.add(FdMapping.of(lock, SUPERVISOR_LOCK));
    }
    if (terminal) {
      descriptors.add(FdMapping.of(started.terminal().get(), SUPERVISOR_PTY));
    }
    int next = SUPERVISOR_STREAMS;
    for (StreamEnds.Kept stream : started.streams()) {
      descriptors.add(FdMapping.of(stream.end(), next++));
    }
    for (Readiness.Asked asked : started.notifies()) {
      descriptors.add(FdMapping.of(asked.socket(), next++));
    }
    if (told != null) {
      descriptors.add(FdMapping.of(told, next++));
    }
    // Above every number that is mapped: what is executed must not be overwritten.
    Fd executed = Descriptors.duplicate(program, next);
    return new Program(
        "/proc/self/fd/" + executed.number(),
        List.of("pod-init", "supervise", Integer.toString(SUPERVISOR_PLAN)),
        List.of(),
        descriptors);
  }

  private static int indexOf(List<Readiness.Asked> notifies, String app) {
    for (int i = 0; i < notifies.size(); i++) {
      if (notifies.get(i).app().equals(app)) {
        return i;
      }
    }
    return -1;
  }

  /** The streams of one app among those of all, which the supervisor inherits in this order. */
  private static List<Op> kept(String app, List<StreamEnds.Kept> streams) {
    List<Op> steps = new ArrayList<>();
    for (int i = 0; i < streams.size(); i++) {
      StreamEnds.Kept stream = streams.get(i);
      if (stream.app().equals(app)) {
        Label label = Label.of("keep a stream of app \"" + app + "\"");
        steps.add(new Op.Stream(label, stream.kind(), SUPERVISOR_STREAMS + i));
      }
    }
    return steps;
  }

  /** Ends a pod that was started and cannot be supervised. */
  private static void end(int init) {
    try {
      Processes.kill(init, SIGKILL);
      Processes.await(init);
    } catch (KernelException e) {
      // It has ended by itself: that is what was wanted.
    }
  }

  private byte[] now() {
    Instant now = clock.instant();
    long nanos =
        Math.addExact(Math.multiplyExact(now.getEpochSecond(), 1_000_000_000L), now.getNano());
    return Long.toString(nanos).getBytes(US_ASCII);
  }

  private static void write(LockedPod pod, String file, byte[] content) throws StageException {
    Path path = pod.directory().resolve(file);
    try {
      Files.write(path, content);
    } catch (IOException e) {
      throw StageException.system("cannot write " + path, null, e);
    }
  }
}
