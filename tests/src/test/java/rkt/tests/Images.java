package rkt.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes, signs and admits images named {@code example.com/it/…}. The tools and the key are made
 * once for all tests of a run.
 */
public final class Images {
  private static final Path WORK = workDirectory();
  private static Path base;
  private static int count;

  private Images() {}

  /** Where images, the key and the probes are made. */
  static Path work() {
    return WORK;
  }

  /** An ACI on the base of busybox: shell, tools, users, and the probes of tests/probe. */
  public static Aci busybox() {
    return new Aci("example.com/it/busybox").withTools();
  }

  /** Makes {@code rkt} trust the key of these images. */
  public static void trust(Rkt rkt) throws IOException, InterruptedException {
    rkt.ok("trust", "--prefix=example.com/it", key().toString());
  }

  /** Trusts the key and fetches the plain busybox image; returns its identifier. */
  public static String admitBusybox(Rkt rkt) throws IOException, InterruptedException {
    trust(rkt);
    synchronized (Images.class) {
      if (base == null) {
        base = busybox().exec("/bin/sh").make();
      }
    }
    return fetch(rkt, base);
  }

  /** Fetches a signed ACI; returns its identifier. */
  public static String fetch(Rkt rkt, Path aci) throws IOException, InterruptedException {
    return rkt.ok("fetch", aci.toString()).out().strip();
  }

  /** Makes, signs and fetches. */
  public static String admit(Rkt rkt, Aci aci) throws IOException, InterruptedException {
    Path file = aci.make();
    String id = fetch(rkt, file);
    Files.delete(file);
    return id;
  }

  /** The public key, armored. */
  public static synchronized Path key() throws IOException, InterruptedException {
    Path key = WORK.resolve("key.asc");
    if (!Files.exists(key)) {
      gpg("--passphrase", "", "--quick-generate-key", "it@example.com", "ed25519", "sign", "1d");
      gpg("--armor", "--output", key.toString(), "--export", "it@example.com");
    }
    return key;
  }

  /** Writes {@code FILE.asc}. */
  static void sign(Path file) throws IOException, InterruptedException {
    key();
    gpg("--armor", "--detach-sign", "--output", file + ".asc", file.toString());
  }

  static synchronized Path newFile(String suffix) {
    return WORK.resolve("image-" + count++ + suffix);
  }

  private static void gpg(String... args) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of("gpg", "--homedir", WORK + "/gnupg", "--batch", "--yes", "--quiet"));
    command.addAll(List.of(args));
    execute(command);
  }

  /** Runs a tool that has to succeed. */
  static String execute(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(command + " failed: " + output);
    }
    return output;
  }

  /** A program of tests/probe, compiled without a library to depend on. */
  static synchronized Path probe(String source, String... flags) {
    Path program = WORK.resolve(source + ".bin");
    if (!Files.exists(program)) {
      List<String> command = new ArrayList<>(List.of("gcc", "-Os", "-static", "-o", program + ""));
      command.addAll(List.of(flags));
      command.add(Path.of("probe", source).toAbsolutePath().toString());
      try {
        execute(command);
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return program;
  }

  private static Path workDirectory() {
    try {
      Path work = Files.createTempDirectory(Path.of("/var/tmp"), "rkt-it-images-");
      Files.createDirectory(work.resolve("gnupg"));
      execute(List.of("chmod", "700", work.resolve("gnupg").toString()));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(work)));
      return work;
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void remove(Path work) {
    try {
      execute(List.of("gpgconf", "--homedir", work + "/gnupg", "--kill", "all"));
      Rkt.delete(work);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
