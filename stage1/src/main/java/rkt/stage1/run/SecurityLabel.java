package rkt.stage1.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

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
    return isLoaded(APPARMOR.resolve("profiles"));
  }

  /**
   * Whether the list names it.
   *
   * @param list lines of {@code NAME (MODE)}
   */
  boolean isLoaded(Path list) {
    try {
      for (String line : Files.readAllLines(list)) {
        int mode = line.lastIndexOf(" (");
        if (mode > 0 && line.substring(0, mode).equals(text)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false; // without the list nothing is loaded that we could name
    }
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
