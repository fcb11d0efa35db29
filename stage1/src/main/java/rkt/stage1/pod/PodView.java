package rkt.stage1.pod;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import rkt.spec.SpecException;
import rkt.spec.pod.PodManifest;
import rkt.stage1.StageException;

/**
 * A pod as it was when it was looked at: nothing is held, so it may have moved on since. Its files
 * are described in spec/pod.md#files.
 *
 * @param directory where it stood
 */
public record PodView(String id, PodPhase phase, boolean locked, Path directory) {
  /** The name of the file that holds the pod's manifest, in its directory. */
  public static final String MANIFEST = "pod";

  private static final int SMALL_FILE = 4096;
  private static final String HEALTHY = "healthy";

  /** By the number that is recorded. spec/launch-plan.md#files */
  private static final List<String> HEALTH = List.of("starting", HEALTHY, "unhealthy");

  /** The state, in the words of spec/pod.md#states. */
  public String state() {
    return phase.state(locked);
  }

  public boolean isRunning() {
    return phase == PodPhase.RUN && locked;
  }

  /**
   * Whether nothing of a pod that began to run is left to hold its lock: its supervisor has said
   * so, or is not there any more.
   */
  boolean hasEnded() {
    OptionalInt supervisor = supervisorPid();
    return number("exited").isPresent()
        || (supervisor.isPresent()
            && !Files.exists(Path.of("/proc", Integer.toString(supervisor.getAsInt()))));
  }

  /** Whether the process {@code pid} holds this pod: of all processes, only its supervisor does. */
  boolean isHeldBy(int pid) {
    try (DirectoryStream<Path> open =
        Files.newDirectoryStream(Path.of("/proc", Integer.toString(pid), "fd"))) {
      for (Path descriptor : open) {
        if (isThis(descriptor)) {
          return true;
        }
      }
      return false;
    } catch (AccessDeniedException e) {
      return true; // not for us to see; who may not look may not signal a stranger either
    } catch (IOException | DirectoryIteratorException e) {
      return false; // it has ended
    }
  }

  private boolean isThis(Path descriptor) throws AccessDeniedException {
    try {
      return Files.isSameFile(descriptor, directory);
    } catch (AccessDeniedException e) {
      throw e; // a process in a user namespace beside ours: its descriptors are listed, not shown
    } catch (IOException e) {
      return false; // closed meanwhile, or something without a file
    }
  }

  /**
   * When the pod was made, in nanoseconds since the epoch; 0 for one that was aborted too early.
   */
  public long createdNanos() {
    return number("created").orElse(0);
  }

  /** When its apps were started. */
  public OptionalLong startedNanos() {
    return number("started");
  }

  /** The process that holds the pod: the one that the shell or systemd started. */
  public OptionalInt supervisorPid() {
    return pid("pid");
  }

  /** The pod's process 1, by its number on the host. */
  public OptionalInt initPid() {
    return pid("init");
  }

  /** What the pod was made of; empty for one that was aborted before it was written. */
  public Optional<PodRecord> record() throws StageException {
    Path file = directory.resolve(PodRecord.FILE);
    try {
      return Optional.of(PodRecord.parse(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw StageException.system("cannot read " + file, null, e);
    } catch (SpecException e) {
      throw StageException.run("pod " + id + " is damaged", "rkt gc removes it", e);
    }
  }

  /**
   * The pod's own manifest, as its document; empty for one that was aborted before it was written.
   */
  public Optional<byte[]> manifestDocument() throws StageException {
    Path file = directory.resolve(MANIFEST);
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw StageException.system("cannot read " + file, null, e);
    }
  }

  /** The manifest for a listing, which goes on where one pod's is damaged: not known then. */
  public Optional<PodManifest> readableManifest() {
    try {
      Optional<byte[]> document = manifestDocument();
      return document.isPresent()
          ? Optional.of(PodManifest.parse(document.get(), MANIFEST))
          : Optional.empty();
    } catch (StageException | SpecException e) {
      return Optional.empty();
    }
  }

  /** The record for a listing, which goes on where one pod's record is damaged: not known then. */
  public Optional<PodRecord> readableRecord() {
    try {
      return record();
    } catch (StageException e) {
      return Optional.empty();
    }
  }

  /** What became of the app {@code name}. */
  public AppStatus app(String name) {
    Path status = directory.resolve("status");
    return new AppStatus(
        number(status.resolve(name + ".started")),
        number(status.resolve(name + ".exited")),
        number(status.resolve(name)),
        number(status.resolve(name + ".oom")).orElse(0) > 0,
        health(number(status.resolve(name + ".health"))),
        number(status.resolve(name + ".ready")).orElse(1) == 0);
  }

  /**
   * What became of one app; times in nanoseconds since the epoch.
   *
   * @param exitStatus its status as a shell would give it, 128 + n for signal n
   * @param outOfMemory whether the kernel killed it, or a process of it, for want of memory
   * @param health "starting", "healthy" or "unhealthy"; empty if nobody asks
   * @param isSilent whether it is to say itself that it is ready, and has not
   */
  public record AppStatus(
      OptionalLong startedNanos,
      OptionalLong exitedNanos,
      OptionalLong exitStatus,
      boolean outOfMemory,
      Optional<String> health,
      boolean isSilent) {

    /** Started, and healthy if it is asked, and ready by its own word if it gives one. */
    public boolean isReady() {
      return startedNanos.isPresent()
          && exitStatus.isEmpty()
          && !isSilent
          && (health.isEmpty() || health.get().equals(HEALTHY));
    }

    /** {@code created}, {@code running} or {@code exited}; a pod that is gone runs nothing. */
    public String state(boolean podRuns) {
      if (exitStatus.isPresent() || (startedNanos.isPresent() && !podRuns)) {
        return "exited";
      }
      return startedNanos.isPresent() ? "running" : "created";
    }
  }

  private static Optional<String> health(OptionalLong number) {
    if (number.isEmpty() || number.getAsLong() < 0 || number.getAsLong() >= HEALTH.size()) {
      return Optional.empty();
    }
    return Optional.of(HEALTH.get((int) number.getAsLong()));
  }

  /** Whether every app has started, runs, is healthy and has said that it is ready, if it does. */
  public boolean isReady() throws StageException {
    Optional<PodRecord> known = record();
    if (known.isEmpty()) {
      return false;
    }
    for (PodRecord.App app : known.get().apps()) {
      if (!app(app.name()).isReady()) {
        return false;
      }
    }
    return true;
  }

  /** The number that a file of the pod holds. */
  OptionalLong number(String file) {
    return number(directory.resolve(file));
  }

  private OptionalInt pid(String file) {
    OptionalLong number = number(file);
    long pid = number.orElse(0);
    // Never cut to fit: what is left of a number could be another process.
    return pid > 0 && pid <= Integer.MAX_VALUE ? OptionalInt.of((int) pid) : OptionalInt.empty();
  }

  /** A file that holds one number: absent, half-written or foreign content is no number. */
  private static OptionalLong number(Path file) {
    try {
      if (Files.size(file) > SMALL_FILE) {
        return OptionalLong.empty();
      }
      String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
      return OptionalLong.of(Long.parseLong(text));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
