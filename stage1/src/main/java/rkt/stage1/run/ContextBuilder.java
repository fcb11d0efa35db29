package rkt.stage1.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.kernel.Ids;
import rkt.kernel.KernelException;
import rkt.kernel.Privileges;
import rkt.kernel.ResourceLimit;
import rkt.spec.image.App;
import rkt.spec.image.ImageId;
import rkt.stage1.StageException;

/** Resolves what image and flags say of an app's process, inside the app's root. */
final class ContextBuilder {
  private static final long OPEN_FILES_SOFT = 1024;
  private static final long OPEN_FILES_HARD = 65_536;
  private static final long LOCKED_MEMORY = 64 << 10;

  private ContextBuilder() {}

  /**
   * @param term what TERM says; empty for no terminal
   * @throws StageException of class {@code run} if something that is named is not in the image
   */
  static ProcessContext of(
      PreparedApp app, PodRequest pod, AppRoot root, PodUsers users, String term)
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
            term);
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
            root.directory(),
            arguments.get(0),
            directory,
            environment.getOrDefault("PATH", AppEnvironment.PATH));
    return new ProcessContext(
        identity.uid(),
        identity.gid(),
        exactGroups(identity.gid(), groups),
        setsGroups(asked.name(), groups),
        capabilities(app),
        app.isolation().noNewPrivileges(),
        app.seccomp(),
        limits(),
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
  private static long capabilities(PreparedApp app) throws StageException {
    try {
      return app.isolation().capabilities().and(Privileges.effective()).mask();
    } catch (KernelException e) {
      throw StageException.run("cannot read the capabilities of this process", null, e);
    }
  }

  /**
   * Ours, or what the caller has where that is less: raising a hard limit is not ours to do, and
   * fails where the kernel's own ceiling is lower.
   */
  private static List<ProcessContext.ResourceLimit> limits() throws StageException {
    try {
      return List.of(
          limit(ResourceLimit.CORE, 0, 0),
          limit(ResourceLimit.OPEN_FILES, OPEN_FILES_SOFT, OPEN_FILES_HARD),
          limit(ResourceLimit.LOCKED_MEMORY, LOCKED_MEMORY, LOCKED_MEMORY));
    } catch (KernelException e) {
      throw StageException.run("cannot read the resource limits of this process", null, e);
    }
  }

  private static ProcessContext.ResourceLimit limit(ResourceLimit resource, long soft, long hard)
      throws KernelException {
    long most = resource.get(0).hard();
    boolean bounded = most != ResourceLimit.UNLIMITED;
    return new ProcessContext.ResourceLimit(
        resource.number(),
        bounded ? Math.min(soft, most) : soft,
        bounded ? Math.min(hard, most) : hard);
  }
}
