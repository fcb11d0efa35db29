package rkt.stage1.main;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.ParseResult;
import rkt.kernel.DirFd;
import rkt.spec.Phases;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.Layer;
import rkt.spec.store.Store;
import rkt.stage1.StageException;
import rkt.stage1.render.BlobSource;
import rkt.stage1.render.Limits;
import rkt.stage1.render.TreeCache;
import rkt.stage1.run.AcName;
import rkt.stage1.run.AppRequest;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.PodRunner;
import rkt.verify.Verified;
import rkt.verify.Verifier;
import rkt.verify.trust.TrustStore;

/** What {@code rkt run} and {@code rkt-run} do with an image that is in the store. */
public final class RunTool {
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

  /** Verifies, renders and runs the image; does not return. */
  public void run(Store store, Image image, ParseResult options) throws RktException, IOException {
    Phases phases = context.phases();
    List<String> arguments = RunOptions.arguments(options);
    PodRequest.Network network = RunOptions.network(options);
    TreeCache cache = new TreeCache(context.dir(), BlobSource.of(store), Limits.DEFAULT);
    if (!cache.isRendered(image)) {
      context.compilers().requireFor(sizeBytes(image));
    }
    Verified verified = verify(store, image);
    phases.end("verify");
    // Held until this process is replaced: by then the pod's record says which trees it uses.
    try (DirFd _ = cache.keepAll()) {
      List<Path> trees = cache.render(image);
      phases.end("render");
      start(image, verified, trees, arguments, network, options);
    }
  }

  private static long sizeBytes(Image image) {
    long size = 0;
    for (Layer layer : image.layers()) {
      size += layer.sizeBytes();
    }
    return size;
  }

  private void start(
      Image image,
      Verified verified,
      List<Path> trees,
      List<String> arguments,
      PodRequest.Network network,
      ParseResult options)
      throws RktException, IOException {
    Phases phases = context.phases();
    AppRequest app =
        new AppRequest(
            AcName.checked(RunOptions.find(options, "--name").orElse(nearestName(image))),
            image,
            verified,
            RunOptions.find(options, "--exec"),
            arguments,
            RunOptions.find(options, "--user"),
            RunOptions.find(options, "--group"),
            RunOptions.find(options, "--working-dir"),
            RunOptions.variables(options, "--environment"),
            RunOptions.mounts(options),
            options.matchedOptionValue("--readonly-rootfs", false),
            RunOptions.memory(options),
            RunOptions.cpu(options),
            trees);
    PodRequest pod =
        new PodRequest(
            List.of(app),
            RunOptions.volumes(options),
            network,
            RunOptions.hostname(options),
            environment(options),
            context.insecure(),
            options.hasMatchedOption("--interactive"));
    String uuidFile = options.matchedOptionValue("--uuid-file-save", "");
    new PodRunner(
            context.dir(), context.home().resolve("libexec/pod-init"), context.clock(), phases)
        .run(pod, new PodRunner.Hooks(id -> save(uuidFile, id), this::leave));
  }

  private Verified verify(Store store, Image image) throws RktException {
    if (context.insecure().contains("image")) {
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
    TrustStore trust =
        TrustStore.open(
            context.systemConfig().resolve("trustedkeys"),
            context.localConfig().resolve("trustedkeys"),
            context.dir().resolve("trust-cache"));
    return new Verifier(trust, context.clock()).verify(store, image);
  }

  private static String nearestName(Image image) {
    String name = image.name().text();
    return AcName.nearest(name.substring(name.lastIndexOf('/') + 1));
  }

  private Map<String, String> environment(ParseResult options) throws StageException, IOException {
    Map<String, String> environment = new LinkedHashMap<>();
    String term = context.environment().get("TERM");
    if (term != null && options.hasMatchedOption("--interactive")) {
      environment.put("TERM", term);
    }
    environment.putAll(RunOptions.podVariables(options));
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

  /** The last words of this process as a Java program. */
  private void leave() {
    if (context.debug()) {
      context.phases().end("hand-over");
      context.err().println(context.phases().line());
    }
    context.err().flush();
    context.leaving().run();
  }
}
