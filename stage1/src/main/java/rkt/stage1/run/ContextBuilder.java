package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import rkt.kernel.Capability;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;
import rkt.kernel.Landlock;
import rkt.kernel.Privileges;
import rkt.kernel.ResourceLimit;
import rkt.spec.image.App;
import rkt.spec.image.ImageId;
import rkt.stage1.StageException;

/** Resolves what image and flags say of an app's process, inside the app's root. */
final class ContextBuilder {
  private ContextBuilder() {}

  /**
   * @param term what TERM says; empty for no terminal
   * @param oomScoreAdj what the app has to set its own to; empty for what process 1 has
   * @throws StageException of class {@code run} if something that is named is not in the image
   */
  static ProcessContext of(
      PreparedApp app,
      PodRequest pod,
      AppRoot root,
      PodUsers users,
      String term,
      OptionalInt oomScoreAdj)
      throws StageException {
    AppRequest asked = app.request();
    App image = asked.app();
    ProcessRequest process = asked.process();
    String user = process.user().orElse(image.user());
    String group = process.group().orElse(process.user().isPresent() ? "" : image.group());
    ImageUsers.Identity identity =
        new ImageUsers(asked.name(), root.directory(), users)
            .resolve(user, group, process.supplementaryGids().orElse(image.supplementaryGids()));
    // What a user gives is all; else the image's, and those of /etc/group that list the user.
    List<Integer> groups = process.supplementaryGids().orElse(identity.groups());
    Map<String, String> environment =
        AppEnvironment.of(
            asked.name(),
            identity,
            pod.inherited(),
            image.environment(),
            pod.environment(),
            process.environment(),
            term,
            Readiness.isAsked(asked));
    String directory = process.workingDirectory().orElse(image.workingDirectory());
    if (!directory.startsWith("/")) {
      throw StageException.run(
          "the working directory \""
              + directory
              + "\" of app \""
              + asked.name()
              + "\" is not absolute",
          "choose another with --working-dir=/DIR");
    }
    if (asked.image().id().kind() == ImageId.Kind.OCI) {
      root.makeDirectory(directory); // OCI: WORKDIR is made; appc: it must be there
    } else {
      root.requireDirectory(directory, "choose one that the image holds with --working-dir=DIR");
    }
    List<String> arguments = arguments(asked.name(), image, process.exec(), process.arguments());
    List<String> candidates =
        Executable.candidates(
            asked.name(),
            "",
            root.directory(),
            arguments.get(0),
            directory,
            environment.getOrDefault("PATH", AppEnvironment.PATH));
    Confinement confinement = app.confinement();
    return new ProcessContext(
        identity.uid(),
        identity.gid(),
        exactGroups(identity.gid(), groups),
        setsGroups(asked.name(), groups),
        capabilities(confinement),
        confinement.noNewPrivileges(),
        app.seccomp(),
        landlock(confinement, pod),
        confinement.label(),
        oomScoreAdj,
        limits(confinement, pod),
        directory,
        AppEnvironment.lines(environment),
        candidates,
        arguments);
  }

  /** The program and its arguments; the user's replace the image's, and follow its program. */
  static List<String> arguments(
      String name, App image, Optional<String> program, List<String> given) throws StageException {
    List<String> words = new ArrayList<>();
    if (program.isPresent()) {
      words.add(program.get());
      words.addAll(given);
      return words;
    }
    words.addAll(image.exec());
    words.addAll(given.isEmpty() ? image.arguments() : given);
    if (words.isEmpty()) {
      throw StageException.run(
          "the image of app \"" + name + "\" names no program to run", "name one with --exec=PATH");
    }
    return words;
  }

  /**
   * The primary group is one of them too: else a program that changes its group could leave it, and
   * with it what is denied to that group (CVE-2022-2990).
   */
  private static List<Integer> exactGroups(int primary, List<Integer> further) {
    List<Integer> groups = new ArrayList<>();
    groups.add(primary);
    for (int group : further) {
      if (!groups.contains(group)) {
        groups.add(group);
      }
    }
    return groups;
  }

  private static boolean setsGroups(String app, List<Integer> groups) throws StageException {
    try {
      if (Ids.groupsCanBeSet()) {
        return true;
      }
    } catch (KernelException e) {
      return true; // no user namespaces here
    }
    if (!groups.isEmpty()) {
      throw StageException.run(
          "cannot give app \"" + app + "\" the groups " + groups + ": setgroups is denied here",
          "map groups with newgidmap, or run as root");
    }
    return false;
  }

  /** What was granted, as far as the caller has it: nobody can give what they lack. */
  private static long capabilities(Confinement confinement) throws StageException {
    try {
      return confinement.capabilities().and(Privileges.effective()).mask();
    } catch (KernelException e) {
      throw StageException.run("cannot read the capabilities of this process", null, e);
    }
  }

  /**
   * Changes to files only below the app's root: nothing else can be reached from there, unless a
   * descriptor leaks or the kernel errs. Not for an app that may mount, because the kernel lets
   * nobody mount who is restricted like this.
   */
  private static long landlock(Confinement confinement, PodRequest pod) {
    boolean mounts = confinement.capabilities().contains(Capability.SYS_ADMIN);
    if (mounts || pod.insecure().contains(Weakening.LANDLOCK)) {
      return 0;
    }
    int version = Landlock.version();
    return version == 0 ? 0 : Landlock.changes(version);
  }

  /** The usual, or what the caller has where that is less; over both what was asked for. */
  private static List<ProcessContext.Limit> limits(Confinement confinement, PodRequest pod)
      throws StageException {
    List<ProcessContext.Limit> limits = new ArrayList<>();
    if (!pod.insecure().contains(Weakening.RLIMITS)) {
      for (ResourceLimit resource : Rlimits.USUAL) {
        if (!confinement.limits().containsKey(resource)) {
          limits.add(new ProcessContext.Limit(resource, Rlimits.usual(resource)));
        }
      }
    }
    for (Map.Entry<ResourceLimit, ResourceLimit.Value> limit : confinement.limits().entrySet()) {
      limits.add(new ProcessContext.Limit(limit.getKey(), limit.getValue()));
    }
    return limits;
  }
}
