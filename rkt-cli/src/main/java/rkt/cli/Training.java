package rkt.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import rkt.spec.Phases;
import rkt.spec.image.Image;
import rkt.spec.json.JsonWriter;
import rkt.stage1.main.BothCompilers;

/**
 * Walks, at build time, through what commands do, so that the classes they need are in the AOT
 * caches of the distribution: a signed image is trusted, fetched, listed and run, alone and in a
 * pod of several apps with volumes and limits, up to where the process would be replaced; another
 * is fetched from a registry that the build has on loopback. Where the build may not make
 * namespaces, a run ends early; what was not touched still works, it only starts slower.
 */
public final class Training {
  private static final String IMAGE = "example.com/training";
  private static final String SCHEME = "docker://";
  private static final String UNSIGNED = "--insecure-options=image";
  private static final String UNSIGNED_BY_HTTP = "--insecure-options=image,http";

  private static final FileAttribute<?> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<?> OWNED =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"));

  private final Path scratch;
  private final Path fixtures;
  private final Registry registry;

  /**
   * What to fetch from.
   *
   * @param certificate the file that its certificate is in
   * @param secure host and port by https
   * @param plain the same by http
   */
  private record Registry(Path certificate, String secure, String plain) {}

  private Training(Path scratch, Path fixtures, Registry registry) {
    this.scratch = scratch;
    this.fixtures = fixtures;
    this.registry = registry;
  }

  /**
   * Takes a directory to work in, which the caller makes and deletes, that of the fixtures, which
   * walk, and the registry: its certificate, and where it listens.
   */
  public static void main(String[] args) throws ClassNotFoundException, IOException {
    Registry registry = new Registry(Path.of(args[3]), args[4], args[5]);
    Training training = new Training(Path.of(args[0]), Path.of(args[1]), registry);
    switch (args[2]) {
      case "everything" -> training.walkEverything();
      case "starts" -> training.walkStarts();
      case "fetches" -> training.walkFetches();
      default -> throw new IllegalArgumentException("no such walk: " + args[2]);
    }
    // Loads what only a real process uses, and one that becomes another.
    Caller.ofThisProcess(List.of()).out().flush();
    Class.forName("rkt.kernel.Signals");
    // And what a host uses that has control groups of version 2 alone, which this one may not be.
    for (String name : List.of("Bpf", "Bpf$Hook", "DeviceProgram")) {
      Class.forName("rkt.kernel." + name);
    }
    Runtime.getRuntime().exit(0);
  }

  /** The other walks come after it, and find what it leaves. */
  private void walkEverything() throws IOException {
    Files.writeString(
        scratch.resolve("registries.conf"),
        """
        [[registry]]
        location = "registry.example.com"
        [aliases]
        "nothing" = "registry.example.com/nothing"
        """);
    must("version");
    must("help");
    must("help", "run");
    must("trust", "--prefix=example.com", key("ed25519"), key("rsa3072"), key("nistp256"));
    must("trust", "list", "--format=json");
    must("fetch", fixtures.resolve("image.aci").toString());
    verifyAlone();
    must("image", "list");
    must("image", "cat-manifest", IMAGE);
    for (int round = 0; round < 3; round++) {
      runUntilHandOver();
    }
    runWithMoreUntilHandOver();
    must("list");
    must("list", "--format=json");
    must("gc", "--grace-period=0");
    must("image", "rm", IMAGE);
    // For the other walks.
    must("fetch", fixtures.resolve("image.aci").toString());
    runUntilHandOver();
    Path passphrase = Files.createFile(scratch.resolve("passphrase"), PRIVATE);
    Files.writeString(passphrase, "of no use\n");
    String locked = "--passphrase-file=" + passphrase;
    must("image", "generate-key", locked, scratch.resolve("cosign").toString());
    String signingKey = "--key=" + scratch.resolve("cosign.key");
    must("image", "sign", signingKey, locked, IMAGE);
    runByPolicyUntilHandOver();
    must(UNSIGNED_BY_HTTP, "fetch", remote(registry.plain()));
    must(UNSIGNED, "fetch", remote(registry.secure()));
    must("image", "sign", signingKey, locked, remote(registry.secure()).substring(SCHEME.length()));
    must(
        "image",
        "push",
        remote(registry.secure()).substring(SCHEME.length()),
        remote(registry.secure()));
    must(UNSIGNED, "fetch", remote(registry.secure()));
    must("audit", "verify");
  }

  /** What ends soon. */
  private void walkStarts() throws IOException {
    must("version");
    must("help");
    for (int round = 0; round < 3; round++) {
      runUntilHandOver();
    }
    runWithMoreUntilHandOver();
    runByPolicyUntilHandOver();
    must("list");
    must("list", "--format=json");
    must("image", "list");
    must("image", "list", "--format=json");
    must("image", "list", "--sort=name", "--order=desc");
    listMany();
    must("trust", "list");
    must("trust", "policy", "check", IMAGE);
    must("audit", "log");
    must("audit", "verify");
  }

  /** Listings of so many images that they are kept, and read by two threads. */
  private void listMany() throws IOException {
    Path list = scratch.resolve("data/images.list");
    String text = Files.readString(list);
    int first = text.indexOf('\n') + 1;
    Files.writeString(list, text.substring(0, first) + text.substring(first).repeat(2000));
    must("image", "list");
    must("image", "list");
    Files.delete(list);
  }

  /** What {@code rkt fetch} does when everything is here, and with what is small and local. */
  private void walkFetches() throws IOException {
    must("fetch", fixtures.resolve("image.aci").toString());
    must(UNSIGNED_BY_HTTP, "fetch", remote(registry.plain()));
    must(UNSIGNED, "fetch", remote(registry.secure()));
    Path policy = requireCosign(registry.secure());
    must("fetch", remote(registry.secure()));
    must("fetch", "--format=json", remote(registry.secure()));
    Files.delete(policy);
  }

  private static String remote(String host) {
    return SCHEME + host + "/training:1";
  }

  private String key(String algorithm) {
    return fixtures.resolve(algorithm + ".asc").toString();
  }

  private void must(String... words) {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int status = Main.run(line(words), caller(errors, () -> {}));
    if (status != 0) {
      System.err.println("training: status " + status + " of rkt " + String.join(" ", words));
      System.err.println(errors.toString(StandardCharsets.UTF_8));
      Runtime.getRuntime().exit(1);
    }
  }

  /** What {@code rkt-verify} does alone. */
  private void verifyAlone() {
    String file = fixtures.resolve("image.aci").toString();
    verify("--detached", file + ".asc", "--cert", key("ed25519"), file);
    verify(line(file).toArray(String[]::new));
    verify(line("--format=json", IMAGE).toArray(String[]::new));
  }

  private static void verify(String... words) {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int status =
        new rkt.verify.main.Main(
                InputStream.nullInputStream(),
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                new PrintStream(errors, false, StandardCharsets.UTF_8),
                Clock.systemUTC())
            .run(words);
    if (status != 0) {
      System.err.println("training: status " + status + " of rkt-verify");
      System.err.println(errors.toString(StandardCharsets.UTF_8));
      Runtime.getRuntime().exit(1);
    }
  }

  private void runUntilHandOver() {
    String refusal =
        refusalOf("run", "--net=none", "--exec=/proc/self/exe", IMAGE, "--", "argument");
    if (!refusal.isEmpty()) {
      System.err.println("training: rkt run ended early: " + refusal);
    }
  }

  /** A pod of two apps, and what one may give to apps. */
  private void runWithMoreUntilHandOver() {
    List<String> words = new ArrayList<>();
    words.add("run");
    words.add("--net=none");
    words.add("--volume=own,kind=empty");
    words.add("--volume=host,kind=host,readOnly=true,source=" + fixtures);
    words.add(IMAGE);
    words.add("--name=first");
    words.add("--exec=/proc/self/exe");
    words.add("--mount=volume=own,target=/own");
    words.add("--mount=volume=host,target=/host");
    words.add("--tmpfs=/scratch:size=64k");
    words.add("--stdout=stream");
    words.add("--annotation=" + Image.NOTIFIES + "=true");
    words.add("---");
    words.add(IMAGE);
    words.add("--name=second");
    words.add("--exec=/proc/self/exe");
    String refusal = refusalOf(words.toArray(new String[0]));
    if (!refusal.isEmpty()) {
      System.err.println("training: a pod of two apps ended early: " + refusal);
    }
    // Refused where the build may not make control groups or nodes, which is no matter.
    words.add("--device=/dev/null:/dev/void");
    words.add("--memory=64M");
    words.add("--cpu=500m");
    words.add("--pids=64");
    refusalOf(words.toArray(new String[0]));
  }

  /**
   * All of {@code rkt run} but its last system call, which would end the training.
   *
   * @return what it says if it did not come so far, else the empty string
   */
  private String refusalOf(String... words) {
    boolean[] arrived = {false};
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    Main.run(
        line(words),
        caller(
            errors,
            () -> {
              arrived[0] = true;
              throw new HandOver();
            }));
    return arrived[0] ? "" : errors.toString(StandardCharsets.UTF_8);
  }

  /** The same where a policy asks for a signature by the key that the first walk made. */
  private void runByPolicyUntilHandOver() throws IOException {
    Path policy = requireCosign("example.com");
    runUntilHandOver();
    Files.delete(policy);
  }

  /** Has a policy ask for a signature by the key that the first walk made. */
  private Path requireCosign(String prefix) throws IOException {
    Path policy = scratch.resolve("local/policy.d").resolve(prefix).resolve("policy.json");
    Files.createDirectories(policy.getParent(), OWNED);
    // The text and not the path: whose the directories above the build are is none of its business.
    String key = Files.readString(scratch.resolve("cosign.pub"));
    Files.writeString(
        policy,
        new JsonWriter()
            .object()
            .put("rktKind", "policy")
            .put("rktVersion", "v1")
            .object("require")
            .put("type", "cosign")
            .array("keys")
            .object()
            .put("pem", key)
            .end()
            .end()
            .end()
            .end()
            .toString());
    return policy;
  }

  /** Stops {@code rkt run} where it would become another program. */
  private static final class HandOver extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private List<String> line(String... words) {
    List<String> line = new ArrayList<>();
    line.add("--dir=" + scratch.resolve("data"));
    line.add("--system-config=" + scratch.resolve("system"));
    line.add("--local-config=" + scratch.resolve("local"));
    line.addAll(List.of(words));
    return line;
  }

  private Caller caller(OutputStream errors, Runnable leaving) {
    return new Caller(
        new ByteArrayInputStream(new byte[0]),
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
        new PrintStream(errors, false, StandardCharsets.UTF_8),
        environment(),
        Clock.systemUTC(),
        Path.of(System.getProperty("rkt.home", "/")),
        new Phases(),
        BothCompilers.here(),
        leaving);
  }

  /**
   * That of the build, but for what it says of the registries and the certificates of whose it is.
   */
  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith("XDG_")
          && !name.startsWith("DOCKER_")
          && !name.equals("REGISTRY_AUTH_FILE")) {
        environment.put(name, variable.getValue());
      }
    }
    environment.put("HOME", scratch.toString());
    environment.put("NOTIFY_SOCKET", scratch.resolve("manager").toString()); // as in a unit
    environment.put("SSL_CERT_FILE", registry.certificate().toString());
    environment.put("CONTAINERS_REGISTRIES_CONF", scratch.resolve("registries.conf").toString());
    return environment;
  }
}
