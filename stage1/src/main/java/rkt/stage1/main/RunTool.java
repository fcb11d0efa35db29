package rkt.stage1.main;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import rkt.kernel.DirFd;
import rkt.spec.Phases;
import rkt.spec.RktException;
import rkt.spec.image.App;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;
import rkt.spec.pod.PodManifest;
import rkt.spec.store.Store;
import rkt.stage1.StageException;
import rkt.stage1.pod.PodEvents;
import rkt.stage1.pod.PodRecord;
import rkt.stage1.render.BlobSource;
import rkt.stage1.render.Limits;
import rkt.stage1.render.TreeCache;
import rkt.stage1.run.AcName;
import rkt.stage1.run.AppRequest;
import rkt.stage1.run.DescriptorRoom;
import rkt.stage1.run.HostPorts;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.PodRunner;
import rkt.stage1.run.Stage1;
import rkt.verify.AuditEvents;
import rkt.verify.Verified;
import rkt.verify.Verifier;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;
import rkt.verify.openpgp.TrustException;

/** What {@code rkt run} and {@code rkt-run} do with images that are in the store. */
public final class RunTool {
  /** Insecure options that are no matter of the pod's confinement. */
  private static final List<String> OF_FETCHING = List.of("image", "tls", "http", "pubkey");

  private final Context context;

  public RunTool(Context context) {
    this.context = context;
  }

  /**
   * Where and how to run.
   *
   * @param dir the data directory
   * @param insecure the {@code --insecure-options} in force, by their names
   * @param home where rkt is installed
   * @param environment of the caller
   * @param compilers Java's, of this process
   * @param leaving called right before this process is replaced
   */
  public record Context(
      Path dir,
      Path systemConfig,
      Path localConfig,
      Set<String> insecure,
      boolean debug,
      Path home,
      Map<String, String> environment,
      Clock clock,
      Phases phases,
      BothCompilers compilers,
      PrintStream err,
      Runnable leaving) {
    public Context {
      insecure = Set.copyOf(insecure);
      environment = Map.copyOf(environment);
    }
  }

  /**
   * Verifies, renders and runs the images; does not return.
   *
   * @param images of the apps of {@code line}, in the same order
   */
  public void run(Store store, List<Image> images, RunLine line) throws RktException, IOException {
    begin(store, images, line, false);
  }

  /**
   * Verifies and renders the images, and tells how their pod would be confined; nothing of it runs,
   * and nothing of it stays. spec/output.md#sandbox
   *
   * @param images of the apps of {@code line}, in the same order
   * @return a JSON document
   */
  public byte[] sandbox(Store store, List<Image> images, RunLine line)
      throws RktException, IOException {
    return begin(store, images, line, true);
  }

  private byte[] begin(Store store, List<Image> images, RunLine line, boolean rehearses)
      throws RktException, IOException {
    Phases phases = context.phases();
    DescriptorRoom.makeFor(images.size());
    List<String> names = names(line.apps(), images);
    for (int i = 0; i < images.size(); i++) {
      requireAgreed(names.get(i), images.get(i), line.apps().get(i).agreed());
    }
    TreeCache cache = new TreeCache(context.dir(), BlobSource.of(store), Limits.DEFAULT);
    for (Image image : images) {
      if (!cache.isRendered(image)) {
        context.compilers().requireFor(sizeBytes(image));
      }
    }
    // Held until this process is replaced: nobody removes the images before their trees are in use,
    // and by then the pod's record says which trees it uses.
    try (DirFd _ = cache.keepAll()) {
      // By the image and its name: those of many apps are judged and looked up once.
      Map<String, Verified> verified = verify(store, images);
      for (Verified one : verified.values()) {
        store.markUsed(one.image(), context.clock().instant());
      }
      phases.end("verify");
      Map<ImageId, List<Path>> trees = new HashMap<>();
      for (Image image : images) {
        if (!trees.containsKey(image.id())) {
          trees.put(image.id(), cache.render(image));
        }
      }
      phases.end("render");
      List<AppRequest> apps = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) {
        Image image = images.get(i);
        apps.add(
            app(
                names.get(i),
                image,
                Objects.requireNonNull(verified.get(question(image))),
                Objects.requireNonNull(trees.get(image.id())),
                line.apps().get(i)));
      }
      return start(apps, line.pod(), rehearses);
    }
  }

  /** The image that was found is the one that a pod manifest means. */
  private static void requireAgreed(
      String app, Image image, Optional<PodManifest.ImageReference> agreed) throws StageException {
    if (agreed.isEmpty()) {
      return;
    }
    PodManifest.ImageReference wanted = agreed.get();
    if (wanted.id().isPresent() && !wanted.id().get().equals(image.id())) {
      throw StageException.run("app \"" + app + "\" has the image " + image.id(), null);
    }
    if (!wanted.name().orElse(image.name().text()).equals(image.name().text())) {
      throw StageException.run(
          "the pod manifest calls the image of app \""
              + app
              + "\" "
              + wanted.name().orElse("")
              + ", and "
              + image.id()
              + " is called "
              + image.name(),
          "correct its name, or its id");
    }
    for (Map.Entry<String, String> label : wanted.labels().entrySet()) {
      if (!label.getValue().equals(image.labels().get(label.getKey()))) {
        throw StageException.run(
            "the image of app \""
                + app
                + "\" has no label "
                + label.getKey()
                + "="
                + label.getValue(),
            "correct the pod manifest, or fetch the image that it means");
      }
    }
  }

  private static long sizeBytes(Image image) {
    long size = 0;
    for (Layer layer : image.layers()) {
      size += layer.sizeBytes();
    }
    return size;
  }

  /** What the apps are called; no two of a pod the same. */
  private static List<String> names(List<RunLine.App> apps, List<Image> images)
      throws StageException {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      String name = apps.get(i).name().orElse(nearestName(images.get(i)));
      if (names.contains(name)) {
        throw StageException.usage(
            "two apps of the pod are called \"" + name + "\"", "call one another with --name");
      }
      names.add(name);
    }
    return names;
  }

  private static AppRequest app(
      String name, Image image, Verified verified, List<Path> trees, RunLine.App words) {
    List<Isolator> isolators = new ArrayList<>();
    // What a manifest says in place of an image, its author answers for, who is the user.
    Isolator.Origin origin =
        words.app().isPresent() ? Isolator.Origin.MANIFEST : Isolator.Origin.IMAGE;
    App app = words.app().orElse(image.app());
    for (Map.Entry<String, String> isolator : app.isolators().entrySet()) {
      isolators.add(new Isolator(isolator.getKey(), isolator.getValue(), origin));
    }
    isolators.addAll(words.isolators());
    return new AppRequest(
        name,
        image,
        verified,
        trees,
        app,
        words.process(),
        isolators,
        words.storage(),
        words.metadata());
  }

  /** Whoever weakens a pod is told so, each time; the record keeps it. */
  private void warn() {
    List<String> weakened = new ArrayList<>();
    for (String option : context.insecure()) {
      if (!OF_FETCHING.contains(option)) {
        weakened.add(option);
      }
    }
    Collections.sort(weakened);
    warnOfLess(weakened, "--insecure-options=" + String.join(",", weakened));
  }

  /** Nor does it go unsaid where another option comes to the same. */
  private void warnOf(List<String> recorded) {
    List<String> others = new ArrayList<>();
    for (String option : recorded) {
      if (!context.insecure().contains(option)) {
        others.add(option);
      }
    }
    warnOfLess(others, "without " + String.join(", ", others));
  }

  private void warnOfLess(List<String> weakened, String how) {
    if (!weakened.isEmpty()) {
      warn("this pod is confined less than usual (" + how + "); this is recorded");
    }
  }

  private void requireUsersOfItsOwn(Stage1 stage1) throws StageException {
    String other = context.insecure().contains("userns") ? "--insecure-options=userns" : "";
    if (!stage1.equals(Stage1.NAMESPACES)) {
      other = "the stage1 \"" + stage1.name() + "\"";
    }
    if (!other.isEmpty()) {
      throw StageException.usage(
          PodOptions.PRIVATE_USERS + " and " + other + " exclude each other", "give one");
    }
  }

  private byte[] start(List<AppRequest> apps, RunLine.Pod words, boolean rehearses)
      throws RktException {
    Stage1 stage1 =
        Stage1Config.find(
            words.stage1Name(),
            words.stage1Path(),
            List.of(context.systemConfig(), context.localConfig()));
    if (words.privateUsers()) {
      requireUsersOfItsOwn(stage1);
    }
    warn();
    PodRequest pod = request(apps, words, stage1);
    PodRunner runner =
        new PodRunner(
            context.dir(),
            context.home().resolve("libexec/pod-init"),
            context.clock(),
            context.phases(),
            context.environment());
    if (rehearses) {
      Stage1Config.requireNamespaces(stage1);
      return runner.rehearse(pod);
    }
    runner.run(
        pod,
        stage1,
        new PodRunner.Hooks(
            id -> save(words.uuidFile(), id), this::warn, record -> leave(record, apps)));
    return new byte[0];
  }

  private PodRequest request(List<AppRequest> apps, RunLine.Pod words, Stage1 stage1)
      throws RktException {
    PodRequest.Network network = stage1.isFly() ? PodRequest.Network.HOST : words.network();
    HostPorts.require(words.ports(), apps, network);
    return new PodRequest(
        apps,
        words.volumes(),
        network,
        words.hostname(),
        words.inheritsVariables() ? context.environment() : Map.of(),
        environment(words),
        context.insecure(),
        words.interactive(),
        words.isolators(),
        words.ports(),
        words.metadata());
  }

  /** What is judged: under another name the same image is another question. */
  private static String question(Image image) {
    return image.id() + " " + image.name();
  }

  private Map<String, Verified> verify(Store store, List<Image> images) throws RktException {
    Map<String, Verified> verified = new LinkedHashMap<>();
    Verifier verifier = null;
    for (Image image : images) {
      if (verified.containsKey(question(image))) {
        continue;
      }
      if (context.insecure().contains("image")) {
        verified.put(question(image), bypass(store, image));
        continue;
      }
      if (verifier == null) {
        verifier =
            Verifier.open(
                context.systemConfig(),
                context.localConfig(),
                context.dir(),
                context.clock(),
                Verifier.Purpose.USE);
      }
      verified.put(question(image), verify(verifier, store, image));
    }
    return verified;
  }

  private Verified verify(Verifier verifier, Store store, Image image) throws RktException {
    try {
      return verifier.verify(store, image);
    } catch (TrustException e) {
      audit().append(List.of(AuditEvents.refused("run", image.id(), image.name(), e)));
      throw e;
    }
  }

  private AuditLog audit() {
    return new AuditLog(context.dir(), context.clock());
  }

  private Verified bypass(Store store, Image image) throws RktException {
    context
        .err()
        .println(
            "warning: image "
                + image.name()
                + " runs without verification (--insecure-options=image); this is recorded");
    if (!store.blobsUntouched(image)) {
      store.rehash(image);
    }
    return Verifier.bypass(image.id(), image.name());
  }

  private static String nearestName(Image image) {
    String name = image.name().text();
    return AcName.nearest(name.substring(name.lastIndexOf('/') + 1));
  }

  private Map<String, String> environment(RunLine.Pod words) {
    Map<String, String> environment = new LinkedHashMap<>();
    String term = context.environment().get("TERM");
    if (term != null && words.interactive()) {
      environment.put("TERM", term);
    }
    environment.putAll(words.variables());
    return environment;
  }

  private static void save(String file, String uuid) throws StageException {
    if (file.isEmpty()) {
      return;
    }
    try {
      // Not through a link: in a directory that others write to, it is theirs to place.
      Files.writeString(
          Path.of(file),
          uuid + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE,
          LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw StageException.system("cannot write --uuid-file-save=" + file, null, e);
    }
  }

  private void warn(String warning) {
    context.err().println("warning: " + warning);
  }

  /**
   * What was decided goes on record while no app runs yet, all of it at once; then the last words
   * of this process as a Java program.
   */
  private void leave(PodRecord record, List<AppRequest> apps) throws RktException {
    List<AuditEvent> events = new ArrayList<>();
    List<String> judged = new ArrayList<>();
    for (AppRequest app : apps) {
      if (!judged.contains(question(app.image()))) {
        judged.add(question(app.image()));
        for (Verified other : app.verified().beneath()) {
          events.add(AuditEvents.accepted("run", other));
        }
        events.add(AuditEvents.accepted("run", app.verified()));
      }
    }
    events.add(PodEvents.of(AuditEvent.Kind.PREPARE, record));
    events.add(PodEvents.of(AuditEvent.Kind.RUN, record));
    audit().append(events);
    context.phases().end("audit");
    warnOf(record.insecure());
    if (record.stage1().equals(Stage1.FLY.name())) {
      context
          .err()
          .println(
              "warning: the stage1 \"fly\" isolates nothing but the root of the app; this is"
                  + " recorded");
    }
    if (context.debug()) {
      context.phases().end("hand-over");
      context.err().println(context.phases().line());
    }
    context.err().flush();
    context.leaving().run();
  }
}
