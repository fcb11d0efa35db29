package rkt.kernel;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A wish about system calls, and what it comes to together with the standard profile.
 * spec/pod.md#seccomp
 */
public final class SeccompPolicy {
  /** Which calls the set names. */
  public enum Mode {
    /** Those that stay: all others go. */
    RETAIN,
    /** Those that go: all others stay. */
    REMOVE
  }

  /** Whose wish it is. */
  public enum Reach {
    /** An image's: it may ask for less than the standard profile, never for more. */
    NARROW,
    /** The user's: it may ask for more. */
    WIDEN
  }

  /**
   * What came of a wish.
   *
   * @param profile empty for no filter at all
   * @param shortfall what was not done as wished, in words; empty if nothing
   */
  public record Result(Optional<SeccompProfile> profile, String shortfall) {}

  /** Without these no program starts, ends, or comes back from a signal. */
  private static final List<String> ESSENTIAL =
      List.of("execve", "exit", "exit_group", "rt_sigreturn", "sigreturn", "restart_syscall");

  private final Mode mode;

  /** Those that are meant, groups taken apart. */
  private final Set<String> calls = new LinkedHashSet<>();

  /** Those of them that the wish names itself. */
  private final Set<String> named = new LinkedHashSet<>();

  /** Whether every call there is is meant. */
  private final boolean all;

  private final SeccompProfile.Action blocked;

  /**
   * The wish.
   *
   * @param set names of calls and of groups
   * @param errno what a blocked call fails with; empty for an end by SIGSYS
   * @throws IllegalArgumentException if a group does not exist, or a name is none
   */
  public SeccompPolicy(Mode mode, List<String> set, Optional<Errno> errno) {
    this.mode = mode;
    boolean everything = false;
    for (String name : set) {
      if (name.equals(SeccompGroups.ALL)) {
        everything = true;
      } else if (name.startsWith("@")) {
        if (!name.equals(SeccompGroups.EMPTY)) {
          calls.addAll(SeccompGroups.calls(name));
        }
      } else {
        requireName(name);
        named.add(name);
        calls.add(name);
      }
    }
    this.all = everything;
    this.blocked =
        errno.isPresent() ? SeccompProfile.Action.fail(errno.get()) : SeccompProfile.Action.KILL;
  }

  private static void requireName(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_') {
        throw new IllegalArgumentException("not the name of a system call: \"" + name + "\"");
      }
    }
    if (name.isEmpty()) {
      throw new IllegalArgumentException("an empty name among the system calls");
    }
  }

  /**
   * The first name that no list and no libseccomp knows; empty if all are known.
   *
   * @throws KernelException if libseccomp has to be asked and is not there
   */
  public Optional<String> unknownName() throws KernelException {
    for (String name : named) {
      if (!SeccompGroups.isListed(name) && SeccompCompiler.number(name) == -1) {
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  /** Whether this asks for no filter at all. */
  public boolean isOff() {
    return all && mode == Mode.RETAIN;
  }

  /** Puts the wish together with the standard profile. */
  public Result apply(Reach reach) {
    if (isOff()) {
      return reach == Reach.WIDEN
          ? new Result(Optional.empty(), "")
          : new Result(
              Optional.of(SeccompProfile.standard()),
              "the default filter stays: only --seccomp can switch it off");
    }
    if (mode == Mode.REMOVE && !all && calls.isEmpty()) {
      return new Result(Optional.of(SeccompProfile.standard()), "");
    }
    return mode == Mode.RETAIN || all ? retain(reach) : remove();
  }

  private Result retain(Reach reach) {
    Set<String> kept = mode == Mode.RETAIN ? calls : Set.of();
    StringBuilder text = new StringBuilder(128);
    text.append(SeccompProfile.OTHERWISE).append(' ').append(blocked.word()).append('\n');
    Set<String> standing = new LinkedHashSet<>();
    List<String> refused = new ArrayList<>();
    for (SeccompProfile.Rule rule : SeccompProfile.standard().rules()) {
      for (String call : rule.calls()) {
        if (rule.condition() != null) {
          addCondition(text, kept, rule, call);
        } else if (rule.action().equals(SeccompProfile.Action.ALLOW)) {
          standing.add(call);
        } else if (kept.contains(call) && reach == Reach.NARROW) {
          refused.add(call);
          text.append(rule.action().word()).append(' ').append(call).append('\n');
        }
      }
    }
    for (String call : ESSENTIAL) {
      text.append("allow ").append(call).append('\n');
    }
    for (String call : kept) {
      boolean granted = standing.contains(call) || reach == Reach.WIDEN;
      if (granted && !ESSENTIAL.contains(call)) {
        text.append("allow ").append(call).append('\n');
      } else if (!granted && !refused.contains(call)) {
        refused.add(call);
        text.append(SeccompProfile.Action.UNKNOWN.word()).append(' ').append(call).append('\n');
      }
    }
    return new Result(
        Optional.of(new SeccompProfile(text.toString())),
        refused.isEmpty() ? "" : "these stay refused: " + String.join(" ", refused));
  }

  private Result remove() {
    StringBuilder text = new StringBuilder(4096);
    List<String> stay = new ArrayList<>();
    for (String call : calls) {
      if (ESSENTIAL.contains(call)) {
        if (named.contains(call)) {
          stay.add(call);
        }
      } else {
        text.append(blocked.word()).append(' ').append(call).append('\n');
      }
    }
    for (SeccompProfile.Rule rule : SeccompProfile.standard().rules()) {
      for (String call : rule.calls()) {
        if (calls.contains(call) && !ESSENTIAL.contains(call)) {
          continue;
        }
        if (rule.condition() != null) {
          addCondition(text, Set.of(call), rule, call);
        } else {
          text.append(rule.action().word()).append(' ').append(call).append('\n');
        }
      }
    }
    return new Result(
        Optional.of(new SeccompProfile(text.toString())),
        stay.isEmpty() ? "" : "these stay, or no program could run: " + String.join(" ", stay));
  }

  /** Conditions on arguments hold for every app, whoever asked for the call. */
  private static void addCondition(
      StringBuilder text, Set<String> kept, SeccompProfile.Rule rule, String call) {
    SeccompProfile.Condition condition = rule.condition();
    if (condition != null && kept.contains(call)) {
      text.append(rule.action().word())
          .append(' ')
          .append(call)
          .append(" a")
          .append(condition.argument())
          .append(' ')
          .append(condition.operator().word())
          .append(" 0x")
          .append(Long.toHexString(condition.value()))
          .append('\n');
    }
  }
}
