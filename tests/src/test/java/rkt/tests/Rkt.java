package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The built distribution with a data directory and a configuration of its own. Closing it collects
 * what its pods have left and fails if anything stays: a mount, a control group, a process, a
 * directory.
 */
public final class Rkt implements AutoCloseable {
  /** Where the distribution under test is. */
  public static final Path DISTRIBUTION =
      Path.of(System.getProperty("rkt.distribution", "../rkt-cli/target/rkt")).toAbsolutePath();

  private final Path home;
  private final Path data;

  private Rkt(Path home, Path data) {
    this.home = home;
    this.data = data;
  }

  /** A fresh one; nothing is in its store and no key is trusted. */
  public static Rkt fresh() throws IOException {
    Path home =
        Files.createTempDirectory(
            Path.of("/var/tmp"),
            "rkt-it-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return new Rkt(home, home.resolve("data"));
  }

  /** The same configuration with another data directory. */
  public Rkt withData(Path directory) {
    return new Rkt(home, directory);
  }

  /** A directory for what the tests make, removed on close. */
  public Path home() {
    return home;
  }

  public Path data() {
    return data;
  }

  /** {@code rkt} with the directories of this instance. */
  public Call call(String... args) {
    List<String> command = new ArrayList<>();
    command.add(DISTRIBUTION.resolve("bin/rkt").toString());
    command.add("--dir=" + data);
    command.add("--system-config=" + home.resolve("system"));
    command.add("--local-config=" + home.resolve("local"));
    command.addAll(List.of(args));
    return new Call(command);
  }

  /** A single tool of the distribution with the data directory of this instance. */
  public Call tool(String name, String... args) {
    List<String> command = new ArrayList<>();
    command.add(DISTRIBUTION.resolve("bin").resolve(name).toString());
    command.add("--dir=" + data);
    if (name.equals("rkt-verify") || name.equals("rkt-run")) {
      command.add("--system-config=" + home.resolve("system"));
      command.add("--local-config=" + home.resolve("local"));
    }
    command.addAll(List.of(args));
    return new Call(command);
  }

  /** Runs {@code rkt} to its end. */
  public Result run(String... args) throws IOException, InterruptedException {
    return call(args).run();
  }

  /** Runs {@code rkt}, which has to succeed. */
  public Result ok(String... args) throws IOException, InterruptedException {
    Result result = run(args);
    assertThat(result.status()).as("%s", result).isZero();
    return result;
  }

  /** Runs {@code rkt}, which has to refuse. */
  public Result refuses(String errorClass, String... args)
      throws IOException, InterruptedException {
    return refuses(errorClass, call(args));
  }

  /**
   * Makes {@code call}, which has to refuse: status 254, one error of class {@code errorClass} (or
   * one of {@code a|b}), nothing printed, and the data directory as it was.
   */
  public Result refuses(String errorClass, Call call) throws IOException, InterruptedException {
    Map<String, String> before = listing();
    List<String> groups = cgroups();
    Result result = call.run();
    assertThat(result.status()).as("%s", result).isEqualTo(254);
    assertRefusalText(errorClass, result);
    assertThat(result.out()).as("%s", result).isEmpty();
    assertThat(listing()).as("what is below %s after %s", data, result).isEqualTo(before);
    assertThat(cgroups()).as("control groups after %s", result).isEqualTo(groups);
    return result;
  }

  /** One line that begins with the class, perhaps one that says what to do, and no stack trace. */
  public static void assertRefusalText(String errorClass, Result result) {
    List<String> lines = result.err().lines().toList();
    assertThat(lines).as("%s", result).hasSizeBetween(1, 2);
    assertThat(lines.get(0)).as("%s", result).matches("(" + errorClass + "): .*");
    if (lines.size() == 2) {
      assertThat(lines.get(1)).as("%s", result).startsWith("  fix: ");
    }
    assertThat(result.err()).as("%s", result).doesNotContain("Exception", "\tat ");
  }

  /**
   * Everything below the data directory: kind, size, mode. Not the rendered trees and the compiled
   * filter, which are caches of what the store holds, not the note of uses, and not the audit log,
   * which a refusal is recorded in.
   */
  public Map<String, String> listing() throws IOException {
    Map<String, String> entries = new TreeMap<>();
    if (!Files.isDirectory(data)) {
      return entries;
    }
    try (Stream<Path> paths = Files.walk(data)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        String name = data.relativize(path).toString();
        if (!name.startsWith("trees")
            && !name.startsWith("trust-cache")
            && !name.startsWith("seccomp")
            && !name.startsWith("audit")
            && !name.equals("images.used")
            && !name.equals("images.text")
            && !name.startsWith("locks")) {
          Map<String, Object> facts =
              Files.readAttributes(path, "unix:mode,size", LinkOption.NOFOLLOW_LINKS);
          boolean isDirectory = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
          entries.put(name, facts.get("mode") + " " + (isDirectory ? "" : facts.get("size")));
        }
      }
    }
    return entries;
  }

  /** Starts a pod and waits until it has printed {@code ready}. */
  public Running pod(String ready, String... args) throws IOException, InterruptedException {
    Running running = call(args).start().awaitOutput(ready);
    awaitRecords();
    return running;
  }

  /** The supervisor records a start a moment after the app has begun to speak. */
  private void awaitRecords() throws IOException, InterruptedException {
    for (int i = 0; i < 200; i++) {
      boolean all = true;
      for (Path pod : podDirectories()) {
        Path status = pod.resolve("status");
        boolean recorded = Files.isDirectory(status) && hasFiles(status);
        all &= recorded || !Files.exists(pod.resolve("started"));
      }
      if (all) {
        return;
      }
      Thread.sleep(10);
    }
  }

  private static boolean hasFiles(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.anyMatch(file -> file.toString().endsWith(".started"));
    }
  }

  /** The UUIDs of the pods in this data directory. */
  public List<String> uuids() throws IOException {
    List<String> ids = new ArrayList<>();
    for (Path directory : podDirectories()) {
      ids.add(directory.getFileName().toString());
    }
    return ids;
  }

  private List<Path> podDirectories() throws IOException {
    List<Path> directories = new ArrayList<>();
    Path pods = data.resolve("pods");
    if (Files.isDirectory(pods)) {
      try (Stream<Path> found = Files.walk(pods, 2)) {
        found.filter(p -> p.getNameCount() == pods.getNameCount() + 2).forEach(directories::add);
      }
    }
    return directories;
  }

  /** The host's pid of process 1 of a pod. */
  public int initPid(String uuid) throws IOException {
    return Integer.parseInt(podFile(uuid, "init"));
  }

  /** A file of a pod's directory, wherever that stands. */
  public String podFile(String uuid, String name) throws IOException {
    for (Path directory : podDirectories()) {
      if (directory.getFileName().toString().equals(uuid)) {
        return Files.readString(directory.resolve(name)).strip();
      }
    }
    throw new AssertionError("no pod " + uuid);
  }

  /** Control group directories of the pods in this data directory. */
  public List<String> cgroups() throws IOException {
    return HostState.cgroupsOf(uuids());
  }

  /** Collects every pod that has ended and fails if anything of them is left. */
  public void assertNothingIsLeftAfterGc() throws IOException, InterruptedException {
    List<String> ids = uuids();
    Result gc = call("gc", "--grace-period=0s", "--expire-prepared=0s").run();
    assertThat(gc.status()).as("%s", gc).isZero();
    // The first pass marks what has ended, and removes what was marked before.
    gc = call("gc", "--grace-period=0s", "--expire-prepared=0s").run();
    assertThat(gc.status()).as("%s", gc).isZero();
    assertThat(uuids()).as("pods after gc").isEmpty();
    assertThat(HostState.cgroupsOf(ids)).as("control groups after gc").isEmpty();
    assertThat(HostState.mountsBelow(data)).as("mounts after gc").isEmpty();
    assertThat(HostState.processesOf(data, ids)).as("processes after gc").isEmpty();
    Path tmp = data.resolve("store/tmp");
    if (Files.isDirectory(tmp)) {
      try (Stream<Path> left = Files.list(tmp)) {
        assertThat(left.toList()).as("temporary files after gc").isEmpty();
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (Files.isDirectory(data)) {
        assertNothingIsLeftAfterGc();
      }
      delete(home);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Removes a tree without following links or crossing into other file systems. */
  public static void delete(Path tree) throws IOException, InterruptedException {
    List<String> command = List.of("rm", "-rf", "--one-file-system", tree.toString());
    if (!new ProcessBuilder(command).inheritIO().start().waitFor(60, TimeUnit.SECONDS)) {
      throw new IOException("cannot remove " + tree);
    }
  }

  /** The digest of every file of the distribution. */
  public static Map<String, String> distribution() throws IOException {
    Map<String, String> files = new TreeMap<>();
    Files.walkFileTree(
        DISTRIBUTION,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes facts)
              throws IOException {
            files.put(
                DISTRIBUTION.relativize(file).toString(),
                facts.isSymbolicLink() ? "link" : HostState.sha256(file));
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }
}
