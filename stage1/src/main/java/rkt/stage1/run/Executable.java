package rkt.stage1.run;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import rkt.kernel.DirFd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NativeBuffer;
import rkt.kernel.Stat;
import rkt.stage1.StageException;

/** Finds the program of an app, so that a missing one is refused before anything was started. */
final class Executable {
  private Executable() {}

  /**
   * The paths to try, in order: the program itself if it is given with a slash, else below each
   * directory of PATH.
   *
   * @param handler what of the app, {@code pre-start} for example; empty for its main program
   * @param path the app's PATH
   * @throws StageException if none of them is an executable file in the image
   */
  static List<String> candidates(
      String app, String handler, DirFd root, String program, String workingDirectory, String path)
      throws StageException {
    List<String> candidates = paths(program, workingDirectory, path);
    for (String candidate : candidates) {
      if (isExecutable(root, candidate)) {
        requireInterpreter(app, root, candidate);
        return candidates;
      }
    }
    throw StageException.run(
        "app \""
            + app
            + "\" cannot start: no program \""
            + program
            + "\" in its image"
            + (handler.isEmpty() ? "" : ", which names it as its " + handler + " handler"),
        handler.isEmpty()
            ? "name one that the image holds with --exec=PATH"
            : "use another image, or a pod manifest whose app has no such handler");
  }

  /** Where {@code program} may be, by the rules of a shell. */
  static List<String> paths(String program, String workingDirectory, String path) {
    List<String> candidates = new ArrayList<>();
    if (program.indexOf('/') >= 0) {
      candidates.add(program.startsWith("/") ? program : workingDirectory + "/" + program);
      return candidates;
    }
    for (String directory : path.split(":", -1)) {
      candidates.add((directory.startsWith("/") ? directory : "/" + directory) + "/" + program);
    }
    return candidates;
  }

  /** Refuses a script whose interpreter is missing: execve(2) would say only ENOENT, and late. */
  private static void requireInterpreter(String app, DirFd root, String path)
      throws StageException {
    String interpreter = interpreter(root, path);
    if (!interpreter.startsWith("/") || isExecutable(root, interpreter)) {
      return;
    }
    throw StageException.run(
        "app \""
            + app
            + "\" cannot start: the interpreter \""
            + interpreter
            + "\" of \""
            + path
            + "\" is not in its image",
        "use an image that holds it, or name another program with --exec=PATH");
  }

  /** What a script names in its first line, as far as the kernel reads it; empty for others. */
  private static String interpreter(DirFd root, String path) {
    if (path.startsWith("/proc/")) {
      return "";
    }
    byte[] head = new byte[256];
    try (FileFd file = root.open(Names.of(path), DirFd.O_RDONLY, 0, DirFd.Resolve.IN_ROOT);
        NativeBuffer buffer = new NativeBuffer(head.length)) {
      int length = file.read(head, buffer);
      if (length < 3 || head[0] != '#' || head[1] != '!') {
        return "";
      }
      int begin = 2;
      while (begin < length && (head[begin] == ' ' || head[begin] == '\t')) {
        begin++;
      }
      int end = begin;
      while (end < length && head[end] > ' ') {
        end++;
      }
      return new String(head, begin, end - begin, StandardCharsets.ISO_8859_1);
    } catch (KernelException e) {
      return ""; // not ours to judge: the kernel will
    }
  }

  static boolean isExecutable(DirFd root, String path) {
    // A link to /proc/self/exe and its like cannot be judged from here: the kernel will.
    if (path.startsWith("/proc/")) {
      return true;
    }
    try (FileFd file = root.open(Names.of(path), DirFd.O_PATH, 0, DirFd.Resolve.IN_ROOT)) {
      Stat stat = file.stat();
      return stat.isRegular() && (stat.permissions() & 0111) != 0;
    } catch (KernelException e) {
      return false;
    }
  }
}
