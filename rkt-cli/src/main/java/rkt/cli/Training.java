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
import java.util.List;
import rkt.spec.Phases;
import rkt.spec.json.JsonWriter;
import rkt.stage1.main.BothCompilers;

/**
 * Walks, at build time, through what commands do, so that the classes they need are in the AOT
 * cache of the distribution: a signed image is trusted, fetched, listed and run, alone and in a pod
 * of several apps with volumes and limits, up to where the process would be replaced. Needs no
 * network. Where the build may not make namespaces, the last step ends early; what was not touched
 * still works, it only starts slower.
 */
public final class Training {
  private static final String IMAGE = "example.com/training";

  private static final FileAttribute<?> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<?> OWNED =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x"));

  private final Path scratch;
  private final Path fixtures;

  private Training(Path scratch, Path fixtures) {
    this.scratch = scratch;
    this.fixtures = fixtures;
  }

  /**
   * Takes a directory to work in, which the caller makes and deletes, that of the fixtures, and
   * which walk.
   */
  public static void main(String[] args) throws ClassNotFoundException, IOException {
    Training training = new Training(Path.of(args[0]), Path.of(args[1]));
    if (args[2].equals("starts")) {
      training.walkStarts();
    } else {
      training.walkEverything();
    }
    // Loads what only a real process uses, and one that becomes another.
    Caller.ofThisProcess(List.of()).out().flush();
    Class.forName("rkt.kernel.Signals");
    Runtime.getRuntime().exit(0);
  }

  private void walkEverything() throws IOException {
    must("version");
    must("help");
    must("help", "run");
    must("trust", "--prefix=example.com", key("ed25519"), key("rsa3072"), key("nistp256"));
    must("trust", "list", "--format=json");
    must("fetch", fixtures.resolve("image.aci").toString());
    verifyDetached();
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
    // For the other walk.
    must("fetch", fixtures.resolve("image.aci").toString());
    runUntilHandOver();
    Path passphrase = Files.createFile(scratch.resolve("passphrase"), PRIVATE);
    Files.writeString(passphrase, "of no use\n");
    String locked = "--passphrase-file=" + passphrase;
    must("image", "generate-key", locked, scratch.resolve("cosign").toString());
    must("image", "sign", "--key=" + scratch.resolve("cosign.key"), locked, IMAGE);
    runByPolicyUntilHandOver();
  }

  /** What ends soon, after the other walk and in the same directories. */
  private void walkStarts() throws IOException {
    must("version");
    for (int round = 0; round < 3; round++) {
      runUntilHandOver();
    }
    runWithMoreUntilHandOver();
    runByPolicyUntilHandOver();
    must("list");
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
  private void verifyDetached() {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    int status =
        new rkt.verify.main.Main(
                InputStream.nullInputStream(),
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                new PrintStream(errors, false, StandardCharsets.UTF_8),
                Clock.systemUTC())
            .run(
                "--detached",
                fixtures.resolve("image.aci.asc").toString(),
                "--cert",
                key("ed25519"),
                fixtures.resolve("image.aci").toString());
    if (status != 0) {
      System.err.println("training: status " + status + " of rkt-verify --detached");
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
    words.add("---");
    words.add(IMAGE);
    words.add("--name=second");
    words.add("--exec=/proc/self/exe");
    String refusal = refusalOf(words.toArray(new String[0]));
    if (!refusal.isEmpty()) {
      System.err.println("training: a pod of two apps ended early: " + refusal);
    }
    // Refused where the build may not make control groups, which is no matter.
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

  /** The same where a policy asks for a signature by the key that the other walk made. */
  private void runByPolicyUntilHandOver() throws IOException {
    Path policy = scratch.resolve("local/policy.d/example.com/policy.json");
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
    runUntilHandOver();
    Files.delete(policy);
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
        System.getenv(),
        Clock.systemUTC(),
        Path.of(System.getProperty("rkt.home", "/")),
        new Phases(),
        BothCompilers.here(),
        leaving);
  }
}
