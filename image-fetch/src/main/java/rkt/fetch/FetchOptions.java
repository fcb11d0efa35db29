package rkt.fetch;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import rkt.fetch.aci.AciSource;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Patience;
import rkt.fetch.transport.Progress;
import rkt.fetch.transport.Surroundings;
import rkt.spec.ImageName;
import rkt.spec.image.Platform;

/** How to fetch. Never changes: each {@code with} gives another. */
public final class FetchOptions {
  private static final Pattern PART = Pattern.compile("[a-z0-9._-]{0,32}");

  private final boolean insecureHttp;
  private final boolean insecureTls;
  private final @Nullable Path signature;
  private final @Nullable ImageName imageName;
  private final Platform platform;
  private final Patience patience;
  private final Progress progress;
  private final Surroundings surroundings;
  private final Duration seed;
  private final long mostBytes;

  private FetchOptions(Draft draft) {
    this.insecureHttp = draft.insecureHttp;
    this.insecureTls = draft.insecureTls;
    this.signature = draft.signature;
    this.imageName = draft.imageName;
    this.platform = draft.platform;
    this.patience = draft.patience;
    this.progress = draft.progress;
    this.surroundings = draft.surroundings;
    this.seed = draft.seed;
    this.mostBytes = draft.mostBytes;
  }

  /** Everything secure, for this machine, in silence. */
  public static FetchOptions of(Map<String, String> environment) {
    return new FetchOptions(new Draft(Surroundings.of(environment)));
  }

  /** Whether {@code --insecure-options=http} lets plain HTTP be used. */
  public boolean insecureHttp() {
    return insecureHttp;
  }

  /** Whether {@code --insecure-options=tls} lets any certificate do. */
  public boolean insecureTls() {
    return insecureTls;
  }

  /** A file with a detached signature, instead of the one beside the image. */
  public Optional<Path> signature() {
    return Optional.ofNullable(signature);
  }

  /** The name to judge an image under whose source gives it none. */
  public Optional<ImageName> imageName() {
    return Optional.ofNullable(imageName);
  }

  /** What the image is to run on. */
  public Platform platform() {
    return platform;
  }

  public Patience patience() {
    return patience;
  }

  public Progress progress() {
    return progress;
  }

  public Surroundings surroundings() {
    return surroundings;
  }

  /** For how long an image that came from peers is shared with others; zero for not at all. */
  public Duration seed() {
    return seed;
  }

  /** How long the file of an ACI may be. */
  public long mostBytes() {
    return mostBytes;
  }

  public FetchOptions withMostBytes(long bytes) {
    Draft draft = new Draft(this);
    draft.mostBytes = Math.min(bytes, AciSource.MAX_BYTES);
    return new FetchOptions(draft);
  }

  public FetchOptions withSeed(Duration seed) {
    Draft draft = new Draft(this);
    draft.seed = seed;
    return new FetchOptions(draft);
  }

  public FetchOptions withInsecure(boolean http, boolean tls) {
    Draft draft = new Draft(this);
    draft.insecureHttp = http;
    draft.insecureTls = tls;
    return new FetchOptions(draft);
  }

  public FetchOptions withSignature(Path file) {
    Draft draft = new Draft(this);
    draft.signature = file;
    return new FetchOptions(draft);
  }

  public FetchOptions withImageName(ImageName name) {
    Draft draft = new Draft(this);
    draft.imageName = name;
    return new FetchOptions(draft);
  }

  public FetchOptions withPlatform(Platform platform) {
    Draft draft = new Draft(this);
    draft.platform = platform;
    return new FetchOptions(draft);
  }

  /**
   * Chooses the platform by what users call its parts; an empty one is this machine's.
   *
   * @throws FetchException of class usage
   */
  public FetchOptions withPlatform(String os, String arch, String variant) throws FetchException {
    Platform host = Platform.host();
    for (String part : new String[] {os, arch, variant}) {
      if (!PART.matcher(part).matches()) {
        throw FetchException.usage(
            "\"" + part + "\" is no part of a platform", "such as --os=linux --arch=arm64");
      }
    }
    String wanted =
        switch (arch) {
          case "" -> host.architecture();
          case "x86_64" -> "amd64";
          case "aarch64" -> "arm64";
          case "i386", "i686" -> "386";
          case "armv6l", "armv7l" -> "arm";
          default -> arch;
        };
    boolean own = wanted.equals(host.architecture());
    String usual =
        switch (arch) {
          case "armv6l" -> "v6";
          case "armv7l" -> "v7";
          default -> own ? host.variant() : wanted.equals("arm64") ? "v8" : "";
        };
    return withPlatform(
        new Platform(os.isEmpty() ? host.os() : os, wanted, variant.isEmpty() ? usual : variant));
  }

  public FetchOptions withPatience(Patience patience) {
    Draft draft = new Draft(this);
    draft.patience = patience;
    return new FetchOptions(draft);
  }

  public FetchOptions withProgress(Progress progress) {
    Draft draft = new Draft(this);
    draft.progress = progress;
    return new FetchOptions(draft);
  }

  public FetchOptions withSurroundings(Surroundings surroundings) {
    Draft draft = new Draft(this);
    draft.surroundings = surroundings;
    return new FetchOptions(draft);
  }

  /** Options that are still being written. */
  private static final class Draft {
    private boolean insecureHttp;
    private boolean insecureTls;
    private @Nullable Path signature;
    private @Nullable ImageName imageName;
    private Platform platform = Platform.host();
    private Patience patience = Patience.DEFAULT;
    private Progress progress = Progress.NONE;
    private Surroundings surroundings;
    private Duration seed = Duration.ZERO;
    private long mostBytes = AciSource.MAX_BYTES;

    Draft(Surroundings surroundings) {
      this.surroundings = surroundings;
    }

    Draft(FetchOptions options) {
      this.insecureHttp = options.insecureHttp;
      this.insecureTls = options.insecureTls;
      this.signature = options.signature;
      this.imageName = options.imageName;
      this.platform = options.platform;
      this.patience = options.patience;
      this.progress = options.progress;
      this.surroundings = options.surroundings;
      this.seed = options.seed;
      this.mostBytes = options.mostBytes;
    }
  }
}
