package rkt.stage1.run;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import rkt.kernel.Capability;
import rkt.kernel.ResourceLimit;
import rkt.stage1.launch.Bytes;
import rkt.stage1.launch.Label;
import rkt.stage1.launch.Op;

/**
 * Everything that a process of an app is given and denied, fully resolved: who it is, what it may
 * do, what it finds. The one place where this is put in order; {@code run} and {@code enter} both
 * take it from here, so that entering a pod never grants more than its apps have (CVE-2019-10144).
 * spec/pod.md#process
 *
 * @param groups exactly these supplementary groups
 * @param setsGroups whether groups are set: not where the kernel forbids it to everybody and none
 *     are wanted
 * @param capabilities the bounding set; what a process of uid 0 holds as well
 * @param noNewPrivileges whether nothing that it executes may gain privileges
 * @param seccomp the filter, as the kernel takes it; empty for none
 * @param landlock the accesses that are kept below the root; 0 for no such restriction
 * @param label of a security module, to change to
 * @param oomScoreAdj empty to keep that of process 1
 * @param candidates the paths to execute, tried in order
 * @param arguments the first is the name of the program
 */
record ProcessContext(
    int uid,
    int gid,
    List<Integer> groups,
    boolean setsGroups,
    long capabilities,
    boolean noNewPrivileges,
    Bytes seccomp,
    long landlock,
    Optional<SecurityLabel> label,
    OptionalInt oomScoreAdj,
    List<Limit> limits,
    String workingDirectory,
    List<String> environment,
    List<String> candidates,
    List<String> arguments) {

  /** A resource limit of setrlimit(2). */
  record Limit(ResourceLimit resource, ResourceLimit.Value value) {}

  ProcessContext {
    groups = List.copyOf(groups);
    limits = List.copyOf(limits);
    environment = List.copyOf(environment);
    candidates = List.copyOf(candidates);
    arguments = List.copyOf(arguments);
  }

  /**
   * The same without what rkt denies everybody: filter, no_new_privs and limits. Capabilities are
   * those that were asked for.
   */
  ProcessContext withoutConfinement() {
    return new ProcessContext(
        uid,
        gid,
        groups,
        setsGroups,
        capabilities,
        false,
        Bytes.of(new byte[0]),
        0,
        Optional.empty(),
        OptionalInt.empty(),
        List.of(),
        workingDirectory,
        environment,
        candidates,
        arguments);
  }

  /** The file below /proc. */
  static final String OOM_SCORE_ADJ = "self/oom_score_adj";

  private static final long UMASK = 022;
  private static final long PR_SET_KEEPCAPS = 8;
  private static final long PR_SET_NO_NEW_PRIVS = 38;

  /**
   * The steps that put a forked process into this context and end in the program. It is root in its
   * user namespace when they begin, and inside its root directory.
   */
  List<Op> steps(String app) {
    List<Op> steps = new ArrayList<>();
    steps.add(new Op.Umask(Label.of("set the umask"), UMASK));
    for (Limit limit : limits) {
      steps.add(
          new Op.Rlimit(
              new Label(
                  "limit " + limit.resource + " of app \"" + app + "\"",
                  "ask for no more than the caller has: ulimit -a"),
              limit.resource.number(),
              limit.value.soft(),
              limit.value.hard()));
    }
    if (oomScoreAdj.isPresent()) {
      steps.add(
          new Op.WriteProc(
              new Label(
                  "set oom_score_adj of app \"" + app + "\" to " + oomScoreAdj.getAsInt(),
                  "a lower one than the caller's takes CAP_SYS_RESOURCE on the host"),
              OOM_SCORE_ADJ,
              Bytes.of(Integer.toString(oomScoreAdj.getAsInt()).getBytes(US_ASCII))));
    }
    steps.add(new Op.NewKeyring(Label.of("make a session keyring")));
    // While still privileged: a working directory need not be open to the user that works in it.
    steps.add(
        new Op.Chdir(
            new Label(
                "enter the working directory " + workingDirectory + " of app \"" + app + "\"",
                "choose one that the image holds with --working-dir=DIR"),
            workingDirectory));
    // The bounding set first: it can only be changed with a capability that the next steps drop.
    steps.add(new Op.Bounding(Label.of("bound the capabilities"), capabilities));
    if (setsGroups) {
      steps.add(new Op.Setgroups(Label.of("set the groups"), groupBytes()));
    }
    steps.add(new Op.Setresgid(Label.of("become group " + gid), gid, gid, gid));
    boolean privileged = !noNewPrivileges && (seccomp.size() > 0 || landlock != 0);
    if (privileged && uid != 0) {
      steps.add(
          new Op.Prctl(Label.of("keep capabilities until the exec"), PR_SET_KEEPCAPS, 1, 0, 0, 0));
    }
    steps.add(new Op.Setresuid(Label.of("become user " + uid), uid, uid, uid));
    long held = uid == 0 ? capabilities : 0;
    if (privileged) {
      // Without no_new_privs only a privileged process may restrict itself. The exec takes this
      // away again: it gives root the bounding set, and another user nothing.
      held |= 1L << Capability.SYS_ADMIN.number();
    }
    steps.add(new Op.Capset(Label.of("drop capabilities"), held, held, 0));
    steps.add(new Op.Ambient(Label.of("drop ambient capabilities"), 0));
    if (noNewPrivileges) {
      steps.add(new Op.Prctl(Label.of("set no_new_privs"), PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    }
    if (label.isPresent()) {
      steps.add(
          new Op.WriteProc(
              Label.of("give app \"" + app + "\" the label \"" + label.get().text() + "\""),
              label.get().file(),
              Bytes.of(label.get().command().getBytes(US_ASCII))));
    }
    if (landlock != 0) {
      steps.add(new Op.Landlock(Label.of("keep changes below the root"), landlock));
    }
    steps.add(Op.closeAllButStdio());
    if (seccomp.size() > 0) {
      // Last: it forbids calls that the steps above need.
      steps.add(new Op.Seccomp(Label.of("load the seccomp filter"), 0, seccomp));
    }
    steps.add(
        new Op.Exec(
            new Label(
                "execute \"" + arguments.get(0) + "\" in app \"" + app + "\"",
                "name a program that the image holds and can run with --exec=PATH"),
            candidates,
            arguments,
            environment));
    return steps;
  }

  private Bytes groupBytes() {
    int[] numbers = new int[groups.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = groups.get(i);
    }
    return Bytes.ofGroups(numbers);
  }
}
