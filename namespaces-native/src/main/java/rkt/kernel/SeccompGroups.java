package rkt.kernel;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.StringTokenizer;

/**
 * Names for many system calls at once. Those of rkt are the standard profile itself; the others are
 * files beside this class. spec/pod.md#seccomp
 */
final class SeccompGroups {
  static final String ALL = "@appc.io/all";
  static final String EMPTY = "@appc.io/empty";

  private static final String[] FROM_FILES = {
    "@docker/default-whitelist",
    "@docker/default-blacklist",
    "@systemd/clock",
    "@systemd/default-whitelist",
    "@systemd/mount",
    "@systemd/network-io",
    "@systemd/obsolete",
    "@systemd/privileged",
    "@systemd/process",
    "@systemd/raw-io",
  };

  private SeccompGroups() {}

  /**
   * The calls of a group.
   *
   * @throws IllegalArgumentException if there is no such group
   */
  static Set<String> calls(String group) {
    return switch (group) {
      case "@rkt/default-whitelist" -> standard(SeccompProfile.Action.ALLOW);
      case "@rkt/default-blacklist" -> standard(SeccompProfile.Action.fail(Errno.EPERM));
      default -> {
        if (!List.of(FROM_FILES).contains(group)) {
          throw new IllegalArgumentException("no such group of system calls: " + group);
        }
        yield read("seccomp/" + group.substring(1));
      }
    };
  }

  /** Whether a group, or the standard profile, knows the call. */
  static boolean isListed(String call) {
    for (SeccompProfile.Rule rule : SeccompProfile.standard().rules()) {
      if (rule.calls().contains(call)) {
        return true;
      }
    }
    for (String group : FROM_FILES) {
      if (calls(group).contains(call)) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> standard(SeccompProfile.Action action) {
    Set<String> calls = new LinkedHashSet<>();
    for (SeccompProfile.Rule rule : SeccompProfile.standard().rules()) {
      if (rule.condition() == null && rule.action().equals(action)) {
        calls.addAll(rule.calls());
      }
    }
    return calls;
  }

  private static Set<String> read(String file) {
    try (InputStream in = SeccompGroups.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("the installation lacks rkt/kernel/" + file);
      }
      Set<String> calls = new LinkedHashSet<>();
      for (String line : new String(in.readAllBytes(), US_ASCII).split("\n", -1)) {
        StringTokenizer words = new StringTokenizer(line.startsWith("#") ? "" : line);
        while (words.hasMoreTokens()) {
          calls.add(words.nextToken());
        }
      }
      return calls;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
