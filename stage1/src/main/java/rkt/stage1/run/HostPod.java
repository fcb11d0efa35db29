package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import rkt.kernel.Descriptors;
import rkt.kernel.DetachedMount;
import rkt.kernel.DeviceRule;
import rkt.kernel.DirFd;
import rkt.kernel.Fd;
import rkt.kernel.FdMapping;
import rkt.kernel.KernelException;
import rkt.kernel.Mounts;
import rkt.kernel.Names;
import rkt.kernel.Namespace;
import rkt.kernel.Namespaces;
import rkt.kernel.OpenFlag;
import rkt.kernel.Program;
import rkt.kernel.Propagation;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.LaunchPlan;
import rkt.stage1.launch.Op;
import rkt.stage1.pod.LockedPod;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.pod.Stage1Program;

/**
 * Starts a pod of one app in the host's pid namespace: fly, or the program of a third party. What
 * comes in the place of process 1 is the parent of all its processes, and ends them. spec/stage1.md
 */
final class HostPod {
  private static final int PLAN = 3;
  private static final int LIFELINE = 4;
  private static final int STATUS = 5;
  private static final int PROGRAM = 6;
  private static final int SUPERVISED = 7;
  private static final int FIRST_STREAM = 8;
  private static final int GRACE_MILLIS = 10_000;
  private static final String[] OF_THE_HOST = {"dev", "proc", "sys"};

  private final Path data;
  private final Stage1 stage1;
  private final LockedPod pod;
  private final PodRequest request;
  private final PreparedApp app;
  private final Fd program;
  private final Descriptors.Pipe lifeline;
  private final Descriptors.Pipe status;

  HostPod(
      Path data,
      Stage1 stage1,
      LockedPod pod,
      PodRequest request,
      PreparedApp app,
      Fd program,
      Descriptors.Pipe lifeline,
      Descriptors.Pipe status) {
    this.data = data;
    this.stage1 = stage1;
    this.pod = pod;
    this.request = request;
    this.app = app;
    this.program = program;
    this.lifeline = lifeline;
    this.status = status;
  }

  /**
   * What the app is granted: with fly everything but what was asked to be taken; what a third party
   * does is its own to say.
   */
  static Confinement confinement(AppRequest app, Stage1 stage1, PodRequest request)
      throws StageException {
    Set<String> insecure = new HashSet<>(request.insecure());
    boolean limitsCapabilities = false;
    for (Isolator isolator : app.isolators()) {
      boolean isCapabilities = isolator.name().startsWith("os/linux/capabilities-");
      limitsCapabilities |= isCapabilities && isolator.origin().isExplicit();
      if (stage1.isFly() && isolator.origin().isExplicit() && !isCapabilities) {
        throw cannotEnforce(isolator);
      }
    }
    if (stage1.isFly()) {
      requireNothingOfAPod(request);
    }
    requireStorage(app.storage(), stage1);
    for (Device device : app.storage().devices()) {
      if (device.isRestricted()) {
        throw StageException.usage(
            "the stage1 \""
                + stage1.name()
                + "\" cannot give "
                + device.source()
                + " with the access "
                + DeviceRule.letters(device.access())
                + " alone",
            "leave the access out, or run in namespaces, which is usual");
      }
    }
    if (!limitsCapabilities) {
      insecure.add("capabilities");
    }
    Confinement granted = Confinement.of(app, withInsecure(request, insecure));
    List<PodRecord.Isolator> outcomes = new ArrayList<>();
    for (Isolator isolator : app.isolators()) {
      boolean isEnforced =
          limitsCapabilities && isolator.name().startsWith("os/linux/capabilities-");
      outcomes.add(
          isEnforced && stage1.isFly()
              ? new PodRecord.Isolator(isolator.name(), isolator.json(), "enforced")
              : left(isolator, stage1));
    }
    return new Confinement(
        granted.capabilities(),
        false,
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        Map.of(),
        Set.of(),
        outcomes);
  }

  private static PodRecord.Isolator left(Isolator isolator, Stage1 stage1) {
    return new PodRecord.Isolator(
        isolator.name(),
        isolator.json(),
        "ignored",
        "left to the stage1 \"" + stage1.name() + "\"");
  }

  /** What became of the isolators of the pod: they are in its manifest, for a program to see. */
  static List<PodRecord.Isolator> podOutcomes(PodRequest request, Stage1 stage1) {
    List<PodRecord.Isolator> outcomes = new ArrayList<>();
    for (Isolator isolator : request.isolators()) {
      outcomes.add(left(isolator, stage1));
    }
    return outcomes;
  }

  /** With fly there is no pod that could be limited, or have parameters of its own. */
  private static void requireNothingOfAPod(PodRequest request) throws StageException {
    for (Isolator isolator : request.isolators()) {
      throw cannotEnforce(isolator);
    }
  }

  private static StageException cannotEnforce(Isolator isolator) {
    return StageException.usage(
        "the stage1 \"fly\" cannot enforce " + isolator.name(),
        "leave it out, or run in namespaces, which is usual");
  }

  /** What nobody would do is refused: fly has the host's /dev, and no program is told of these. */
  private static void requireStorage(StorageRequest storage, Stage1 stage1) throws StageException {
    String refused = storage.rootBytes().isPresent() ? "bound what an app writes to its root" : "";
    for (Device device : storage.devices()) {
      if (!stage1.isFly() || !device.source().equals(device.target())) {
        refused = "give " + device.source() + " as " + device.target();
      }
    }
    if (!stage1.isFly() && !storage.tmpfs().isEmpty()) {
      refused = "mount a tmpfs at " + storage.tmpfs().get(0).target();
    }
    if (!refused.isEmpty()) {
      throw StageException.usage(
          "the stage1 \"" + stage1.name() + "\" cannot " + refused,
          "leave it out, or run in namespaces, which is usual");
    }
  }

  private static PodRequest withInsecure(PodRequest request, Set<String> insecure) {
    return new PodRequest(
        request.apps(),
        request.volumes(),
        PodRequest.Network.HOST,
        request.hostname(),
        request.inherited(),
        request.environment(),
        insecure,
        request.interactive(),
        request.isolators(),
        request.ports(),
        request.metadata());
  }

  /** Starts the pod on a new thread, which has a namespace of mounts of its own. */
  PodThread.Started startPod() throws StageException {
    return PodThread.onThread(this::start);
  }

  private PodThread.Started start() throws StageException {
    boolean interactive = app.streams().input() == StreamMode.INTERACTIVE;
    try (StandardStreams callers = StandardStreams.of(interactive);
        Fd devpts = Descriptors.open("/dev/pts", OpenFlag.PATH, OpenFlag.DIRECTORY)) {
      StreamEnds streams = new StreamEnds(callers, FIRST_STREAM);
      LaunchPlan.App plan =
          stage1.program().isPresent()
              ? planProgram(stage1.program().get(), streams, devpts)
              : planFly(streams, devpts);
      return spawn(plan, callers, streams);
    } catch (KernelException e) {
      throw StageException.run("cannot set up pod " + pod.id(), Rights.fix(e), e);
    }
  }

  /** A root of its own; all else is the host's. */
  private LaunchPlan.App planFly(StreamEnds streams, Fd devpts)
      throws StageException, KernelException {
    Namespaces.unshare(Namespace.MOUNT);
    AppRequest asked = app.request();
    String root = pod.directory().resolve("stage").toString();
    Path changes = pod.directory().resolve("overlay").resolve(asked.name());
    try (PodDisk disk = PodDisk.of(PodUsers.ofHost(), data, root, null);
        WritableLayer writable = WritableLayer.onDisk(disk.path(changes));
        AppVolumes volumes = new AppVolumes(pod.directory(), disk, request.volumes(), writable)) {
      // While they are still shared with the host: what an agent mounts there appears there.
      volumes.share();
      Map<String, DetachedMount> host = cloneHost();
      Mounts.propagate("/", Propagation.PRIVATE);
      Files.createDirectory(Path.of(root));
      try (AppRoot inside = AppRoot.mount(asked.name(), root, asked.trees(), writable, disk)) {
        attach(inside.directory(), host);
        volumes.mount(inside, asked);
        PodUsers users = PodUsers.ofHost();
        String term =
            StreamEnds.hasTerminal(app.streams())
                ? request.environment().getOrDefault("TERM", "xterm")
                : "";
        ProcessContext context =
            ContextBuilder.of(app, request, inside, users, term, app.confinement().oomScoreAdj())
                .withoutConfinement();
        LaunchPlan.Handlers handlers = AppHandlers.of(asked.name(), asked.app(), inside, context);
        if (asked.storage().readOnlyRoot()) {
          AppRoot.remount(root, true, false);
        }
        List<Op> steps = new ArrayList<>();
        steps.add(new Op.Unshare(Label.of("make a namespace of mounts"), Namespace.MOUNT.flag()));
        steps.addAll(
            new AppSteps(asked.name(), root)
                .moveIn()
                .waitFor(SUPERVISED)
                .beginSession(-1)
                .add(streams.join(asked.name(), app.streams(), devpts, context.uid()))
                .steps());
        steps.addAll(context.steps(asked.name()));
        return new LaunchPlan.App(asked.name(), asked.app().stopSignal(), steps, handlers);
      }
    } catch (IOException e) {
      throw StageException.system("cannot make " + root, null, e);
    }
  }

  private static Map<String, DetachedMount> cloneHost() throws KernelException {
    Map<String, DetachedMount> mounts = new LinkedHashMap<>();
    for (String name : OF_THE_HOST) {
      try (Fd place = Descriptors.open("/" + name, OpenFlag.PATH, OpenFlag.DIRECTORY)) {
        DetachedMount mount = DetachedMount.cloneOf(place);
        mount.propagate(Propagation.SLAVE);
        mounts.put(name, mount);
      }
    }
    return mounts;
  }

  /** The host's /dev, /proc and /sys; never through a link that the image has in their place. */
  private static void attach(DirFd root, Map<String, DetachedMount> mounts) throws KernelException {
    for (Map.Entry<String, DetachedMount> entry : mounts.entrySet()) {
      byte[] name = Names.of(entry.getKey());
      if (root.statOrNull(name) == null) {
        root.mkdir(name, 0755);
      }
      try (DetachedMount mount = entry.getValue();
          DirFd place = root.openDir(name)) {
        mount.attach(Fd.adopt(place.number()));
      }
    }
  }

  /** The program does all of it, by the contract. */
  private LaunchPlan.App planProgram(Path path, StreamEnds streams, Fd devpts)
      throws StageException, KernelException {
    AppRequest asked = app.request();
    String directory = pod.directory().toString();
    try {
      Files.write(pod.directory().resolve(Stage1Program.FILE), json());
    } catch (IOException e) {
      throw StageException.system("cannot write " + Stage1Program.FILE, null, e);
    }
    List<Op> steps =
        new AppSteps(asked.name(), "/")
            .waitFor(SUPERVISED)
            .beginSession(-1)
            .add(streams.join(asked.name(), app.streams(), devpts, 0))
            .steps();
    steps.add(new Op.Umask(Label.of("set the umask"), 022));
    steps.add(new Op.Chdir(Label.of("enter the pod's directory"), directory));
    steps.add(Op.closeAllButStdio());
    steps.add(
        new Op.Exec(
            new Label(
                "execute " + path + ", the stage1 \"" + stage1.name() + "\"",
                "name one that works with --stage1-path or --stage1-name"),
            List.of(path.toString()),
            List.of(path.toString(), "run", pod.id()),
            Stage1Program.environment(pod.id())));
    return new LaunchPlan.App(asked.name(), 0, steps);
  }

  /** What the program is told beside the pod manifest. spec/stage1.md#stage1json */
  private byte[] json() {
    AppRequest asked = app.request();
    Path writable = pod.directory().resolve("overlay").resolve(asked.name());
    JsonWriter json = new JsonWriter();
    json.object();
    json.put("version", Stage1Program.VERSION);
    json.put("uuid", pod.id());
    json.put("hostname", PodRunner.hostname(pod, request));
    json.put("network", request.network().label());
    json.put("app", asked.name());
    json.array("layers");
    for (Path tree : asked.trees()) {
      json.add(tree.toString());
    }
    json.end();
    json.put("upper", writable.resolve("upper").toString());
    json.put("work", writable.resolve("work").toString());
    json.end();
    return json.bytes();
  }

  private PodThread.Started spawn(LaunchPlan.App plan, StandardStreams callers, StreamEnds streams)
      throws KernelException, StageException {
    LaunchPlan whole =
        LaunchPlan.host(
            new LaunchPlan.Host(LIFELINE, STATUS, -1, GRACE_MILLIS), List.of(), List.of(plan));
    byte[] encoded = whole.encode();
    try {
      Files.write(pod.directory().resolve("plan"), encoded);
    } catch (IOException e) {
      throw StageException.system("cannot write the launch plan of pod " + pod.id(), null, e);
    }
    try (Fd memory = Descriptors.sealedMemory("launch-plan", encoded)) {
      List<FdMapping> descriptors = new ArrayList<>(callers.mappings());
      descriptors.add(FdMapping.of(memory, PLAN));
      descriptors.add(FdMapping.of(lifeline.reader(), LIFELINE));
      descriptors.add(FdMapping.of(status.writer(), STATUS));
      descriptors.add(FdMapping.of(program, PROGRAM));
      descriptors.add(FdMapping.of(lifeline.reader(), SUPERVISED));
      descriptors.addAll(streams.mappings());
      int pid =
          new Program(
                  "/proc/self/fd/" + PROGRAM,
                  List.of("pod-init", "host", Integer.toString(PLAN)),
                  List.of(),
                  descriptors)
              .spawn();
      return new PodThread.Started(pid, streams.relayed(), streams.kept(), List.of());
    }
  }
}
