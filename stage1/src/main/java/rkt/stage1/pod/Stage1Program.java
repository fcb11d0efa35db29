package rkt.stage1.pod;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import rkt.kernel.Ids;
import rkt.stage1.StageException;

/** What rkt and the program of a third party owe each other. spec/stage1.md#contract */
public final class Stage1Program {
  /** In the pod's directory: what the program needs beside the pod manifest. */
  public static final String FILE = "stage1.json";

  /** Of the contract. */
  public static final long VERSION = 1;

  /** How long the program may take to collect a pod: those that come after it wait. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final int OWN_ROOT = 0;

  /** The id of every user that a user namespace does not have. user_namespaces(7) */
  private static final int UNKNOWN = 65534;

  private Stage1Program() {}

  /** All that the program finds in its environment. */
  public static List<String> environment(String uuid) {
    return List.of(
        "PATH=" + PATH, "RKT_STAGE1_VERSION=" + VERSION, "RKT_POD_UUID=" + uuid, "LC_ALL=C.UTF-8");
  }

  /**
   * Has the program of a pod that has ended remove what it left outside of the pod's directory.
   *
   * @param pod where it is now
   */
  static void collect(Path program, String uuid, Path pod) throws StageException {
    collect(program, uuid, pod, LIMIT);
  }

  /** The same in so much time. */
  static void collect(Path program, String uuid, Path pod, Duration limit) throws StageException {
    Path trusted = trustworthy(program, Ids.effectiveUser());
    ProcessBuilder builder =
        new ProcessBuilder(trusted.toString(), "gc", uuid)
            .directory(pod.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().clear();
    for (String line : environment(uuid)) {
      int equals = line.indexOf('=');
      builder.environment().put(line.substring(0, equals), line.substring(equals + 1));
    }
    try {
      Process process = builder.start();
      String why = "it was killed after " + limit.toSeconds() + " s";
      boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (ended) {
        why = "it exited with " + process.exitValue();
      } else {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroyForcibly().waitFor();
        started.forEach(ProcessHandle::destroyForcibly);
      }
      if (!ended || process.exitValue() != 0) {
        throw StageException.run(
            "the stage1 " + program + " cannot collect pod " + uuid + ": " + why,
            "rkt gc tries again");
      }
    } catch (IOException e) {
      throw StageException.system("cannot execute the stage1 " + program, null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw StageException.system("the collection was interrupted", null, e);
    }
  }

  /**
   * The program has done its part: whatever else of the pod is lost, nobody has to ask it again.
   */
  static void forget(Path pod) throws StageException {
    try {
      Files.deleteIfExists(pod.resolve(FILE));
    } catch (IOException e) {
      throw StageException.system("cannot remove " + pod.resolve(FILE), "rkt gc tries again", e);
    }
  }

  /**
   * Whether {@code owner} is who a user namespace without the host's root shows in its place.
   * spec/rootless.md#directories
   */
  private static boolean isHostRoot(int owner) throws IOException {
    return owner == UNKNOWN && owner == (Integer) Files.getAttribute(Path.of("/"), "unix:uid");
  }

  /**
   * Refuses a program that somebody else could have put there, or could change: it runs with every
   * right of the caller.
   *
   * @return where it really is: what is to be executed, since a link on the way to it could lead
   *     elsewhere a moment later
   */
  public static Path trustworthy(Path program, int caller) throws StageException {
    try {
      Path real = program.toRealPath();
      for (Path at = real; at != null; at = at.getParent()) {
        int owner = (Integer) Files.getAttribute(at, "unix:uid");
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(at);
        boolean sticky = ((Integer) Files.getAttribute(at, "unix:mode") & 01000) != 0;
        boolean isOpen =
            (mode.contains(PosixFilePermission.GROUP_WRITE)
                    || mode.contains(PosixFilePermission.OTHERS_WRITE))
                && !(sticky && !at.equals(real));
        boolean isTrusted = owner == OWN_ROOT || owner == caller || isHostRoot(owner);
        if (!isTrusted || isOpen) {
          throw StageException.usage(
              "the stage1 "
                  + program
                  + " cannot be trusted: "
                  + at
                  + " belongs to user "
                  + owner
                  + " and is "
                  + PosixFilePermissions.toString(mode),
              "let it and the directories above it belong to root, writable for root alone");
        }
      }
      if (!Files.isRegularFile(real) || !Files.isExecutable(real)) {
        throw StageException.usage("the stage1 " + program + " is not a program", null);
      }
      return real;
    } catch (IOException e) {
      throw StageException.usage(
          "cannot use the stage1 " + program + ": " + StageException.why(e),
          "name one that is there");
    }
  }
}
