package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.SeccompPolicy;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.stage1.StageException;

/** Wishes about system calls, as isolators and as {@code --seccomp} write them. */
public final class Seccomp {
  private static final String USAGE = "write mode=retain|remove[,errno=NAME],CALL|@GROUP...";

  private Seccomp() {}

  /**
   * Reads the value of an isolator.
   *
   * @throws IllegalArgumentException if a name in it is none
   */
  static SeccompPolicy policy(SeccompPolicy.Mode mode, JsonObject json) throws SpecException {
    Optional<String> errno = json.findString("errno");
    return new SeccompPolicy(
        mode,
        json.strings("set"),
        errno.isEmpty() || errno.get().isEmpty()
            ? Optional.empty()
            : Optional.of(Errno.parse(errno.get())));
  }

  /** Reads {@code mode=retain|remove[,errno=NAME],CALL|@GROUP...}. */
  public static Isolator parse(String text) throws StageException {
    String mode = "";
    Optional<String> errno = Optional.empty();
    List<String> set = new ArrayList<>();
    for (String word : text.split(",", -1)) {
      if (word.startsWith("mode=") && mode.isEmpty()) {
        mode = word.substring("mode=".length());
      } else if (word.startsWith("errno=") && errno.isEmpty()) {
        errno = Optional.of(word.substring("errno=".length()));
      } else {
        set.add(word);
      }
    }
    if ((!mode.equals("retain") && !mode.equals("remove")) || set.isEmpty()) {
      throw StageException.usage("cannot read --seccomp=" + text, USAGE);
    }
    check(mode, set, errno, text);
    JsonWriter json = new JsonWriter().object().put("set", set);
    if (errno.isPresent()) {
      json.put("errno", errno.get());
    }
    return new Isolator(
        "os/linux/seccomp-" + mode + "-set", json.end().toString(), Isolator.Origin.FLAG);
  }

  private static void check(String mode, List<String> set, Optional<String> errno, String text)
      throws StageException {
    try {
      SeccompPolicy policy =
          new SeccompPolicy(
              mode.equals("retain") ? SeccompPolicy.Mode.RETAIN : SeccompPolicy.Mode.REMOVE,
              set,
              errno.isEmpty() ? Optional.empty() : Optional.of(Errno.parse(errno.get())));
      Optional<String> unknown = policy.unknownName();
      if (unknown.isPresent()) {
        throw StageException.usage(
            "--seccomp: no such system call: " + unknown.get(), "syscalls(2) lists them");
      }
    } catch (IllegalArgumentException e) {
      throw StageException.usage("--seccomp=" + text + ": " + e.getMessage(), USAGE);
    } catch (KernelException e) {
      throw StageException.run(
          "cannot make the seccomp filter", "install libseccomp2 (apt-get install libseccomp2)", e);
    }
  }
}
