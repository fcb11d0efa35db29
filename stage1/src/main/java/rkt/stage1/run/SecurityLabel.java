package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.kernel.KernelException;
import rkt.kernel.SelinuxPolicy;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.stage1.StageException;

/**
 * What a security module of the kernel knows an app by: the profile or context that the exec of its
 * program changes to.
 *
 * @param text the profile, or the context as {@code user:role:type:level}
 */
record SecurityLabel(Module module, String text) {
  private static final String UNCONFINED = "unconfined";

  /** Used for every app on hosts that have loaded it. */
  private static final String USUAL_PROFILE = "rkt-default";

  private static final Path APPARMOR = Path.of("/sys/kernel/security/apparmor");

  /** A security module. */
  enum Module {
    APPARMOR("AppArmor", SecurityLabel.APPARMOR),
    SELINUX("SELinux", Path.of("/sys/fs/selinux/enforce"));

    private final String title;
    private final Path sign;

    Module(String title, Path sign) {
      this.title = title;
      this.sign = sign;
    }

    String title() {
      return title;
    }

    boolean isEnabled() {
      return Files.exists(sign);
    }
  }

  SecurityLabel {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
        throw new IllegalArgumentException("not a label: \"" + text + "\"");
      }
    }
    if (text.isEmpty() || text.length() > 1024) {
      throw new IllegalArgumentException("not a label: \"" + text + "\"");
    }
  }

  static SecurityLabel appArmor(String profile) {
    return new SecurityLabel(Module.APPARMOR, profile);
  }

  /** Reads {@code {"user":…,"role":…,"type":…,"level":…}}. */
  static SecurityLabel selinux(JsonObject json) throws SpecException {
    String context = json.string("user") + ":" + json.string("role") + ":" + json.string("type");
    Optional<String> level = json.findString("level");
    return new SecurityLabel(
        Module.SELINUX,
        level.isEmpty() || level.get().isEmpty() ? context : context + ":" + level.get());
  }

  /** What an app gets that asks for nothing. */
  static Optional<SecurityLabel> usual() {
    SecurityLabel usual = appArmor(USUAL_PROFILE);
    return Module.APPARMOR.isEnabled() && usual.isLoaded() ? Optional.of(usual) : Optional.empty();
  }

  boolean isUnconfined() {
    return text.equals(UNCONFINED);
  }

  /** Whether the AppArmor profile of this name is one that the kernel has. */
  boolean isLoaded() {
    return isLoaded(APPARMOR.resolve("policy/profiles"));
  }

  /** Whether the policy of SELinux has this context. */
  boolean isOfPolicy() throws StageException {
    try {
      return SelinuxPolicy.has(text);
    } catch (KernelException e) {
      throw StageException.run("cannot ask SELinux for the context \"" + text + "\"", null, e);
    }
  }

  /**
   * Whether it is there. The list of all, {@code profiles}, is for the host's root only; this is
   * for everybody.
   *
   * @param profiles a directory for each, {@code usr.bin.man.7} of {@code /usr/bin/man}, with its
   *     {@code name}, and {@code profiles} of its own: those called {@code PARENT//CHILD}
   */
  boolean isLoaded(Path profiles) {
    Path directory = profiles;
    int start = 0;
    while (true) {
      int end = text.indexOf("//", start);
      Path profile = find(directory, end < 0 ? text.substring(start) : text.substring(start, end));
      if (profile == null || end < 0) {
        return profile != null;
      }
      directory = profile.resolve("profiles");
      start = end + 2;
    }
  }

  private static @Nullable Path find(Path directory, String name) {
    String[] entries = directory.toFile().list();
    if (entries == null) {
      return null; // without them nothing is loaded that we could name
    }
    String beginning = beginning(name);
    for (String entry : entries) {
      Path profile = directory.resolve(entry);
      if (entry.startsWith(beginning) && isCalled(profile, name)) {
        return profile;
      }
    }
    return null;
  }

  private static boolean isCalled(Path profile, String name) {
    try {
      return Files.readString(profile.resolve("name")).equals(name + "\n");
    } catch (IOException e) {
      return false; // removed meanwhile
    }
  }

  /** What the kernel leaves as it is where it makes a file name of a profile's. */
  private static String beginning(String name) {
    int start = 0;
    while (start < name.length() && (name.charAt(start) == '/' || name.charAt(start) == '.')) {
      start++;
    }
    int end = start;
    while (end < name.length() && Character.isLetterOrDigit(name.charAt(end))) {
      end++;
    }
    return name.substring(start, end);
  }

  /** The file of a process, relative to /proc, that is told the label. */
  String file() {
    boolean own = module == Module.APPARMOR && Files.exists(Path.of("/proc/self/attr/apparmor"));
    return own ? "self/attr/apparmor/exec" : "self/attr/exec";
  }

  /** What is written there. */
  String command() {
    return module == Module.APPARMOR ? "exec " + text : text;
  }
}
