package rkt.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.SpecException;
import rkt.spec.store.Directories;

/**
 * What the options that every command takes say.
 *
 * @param debug whether an error shows its stack, and a command its phases
 * @param dir of the store and the pods
 * @param systemConfig configuration that came with the installation
 * @param localConfig configuration of this machine; wins over the system's
 * @param insecure the checks that the user switched off
 */
record Settings(
    boolean debug, Path dir, Path systemConfig, Path localConfig, Set<Insecure> insecure) {

  /** A check that {@code --insecure-options} switches off. */
  enum Insecure {
    /** Images may be unsigned, or signed by a key that nobody trusts. */
    IMAGE,
    /** The certificate of a server is not judged. */
    TLS,
    /** Plain HTTP will do. */
    HTTP,
    /** Keys may be discovered over plain HTTP. */
    PUBKEY,
    /** Apps hold every capability. */
    CAPABILITIES,
    /** Nothing in /proc and /sys is masked or write-protected. */
    PATHS,
    /** Apps run without a system call filter. */
    SECCOMP,
    /** Users of a pod are those of the host with the same number. */
    USERNS,
    /** Setuid programs and file capabilities of the image count. */
    NO_NEW_PRIVILEGES,
    /** Apps have the resource limits of the caller. */
    RLIMITS,
    /** Landlock does not keep changes below the app's root. */
    LANDLOCK;

    String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private static final String DEBUG = "--debug";
  private static final String DIR = "--dir";
  private static final String SYSTEM_CONFIG = "--system-config";
  private static final String LOCAL_CONFIG = "--local-config";
  private static final String INSECURE = "--insecure-options";

  /** The options as picocli knows them. */
  static void describe(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(DEBUG)
            .type(boolean.class)
            .description("Show the stack of an error, and the time of each phase.")
            .build());
    add(spec, DIR, "DIR", Directories.data(), "Where the store and the pods are.");
    add(spec, SYSTEM_CONFIG, "DIR", "/usr/lib/rkt", "Configuration of the installation.");
    add(spec, LOCAL_CONFIG, "DIR", Directories.localConfig(), "Configuration of this machine.");
    add(
        spec,
        INSECURE,
        "CHECKS",
        "none",
        "Checks to switch off, separated by commas: none, image, tls, http, pubkey, capabilities,"
            + " paths, seccomp, userns, no-new-privileges, rlimits, landlock, all-fetch,"
            + " all-run, all.");
  }

  private static void add(
      CommandSpec spec, String name, String label, String usual, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .defaultValue(usual)
            .description(description + " Usually " + usual + ".")
            .build());
  }

  /** Whether the option, given before the command's name, is one of these. */
  static boolean isSwitch(String option) {
    return option.equals(DEBUG);
  }

  /** Whether the option takes its value from the next word. */
  static boolean takesValue(String option) {
    return option.equals(DIR)
        || option.equals(SYSTEM_CONFIG)
        || option.equals(LOCAL_CONFIG)
        || option.equals(INSECURE);
  }

  static Settings of(ParseResult parsed) throws UsageException {
    return new Settings(
        parsed.hasMatchedOption(DEBUG),
        path(parsed, DIR),
        path(parsed, SYSTEM_CONFIG),
        path(parsed, LOCAL_CONFIG),
        insecure(parsed.matchedOptionValue(INSECURE, "none")));
  }

  /**
   * Refuses a data directory that is closed to this user, to whom it would look empty.
   *
   * @throws SpecException of class {@code system}
   */
  void requireAccess() throws SpecException {
    boolean isOpen = Files.isReadable(dir) && Files.isExecutable(dir);
    if (isOpen || Files.notExists(dir)) {
      return; // one that is not there is made when it is needed
    }
    throw SpecException.system(
        "cannot open the data directory " + dir,
        "run rkt as its owner, root, or choose another with --dir");
  }

  private static Path path(ParseResult parsed, String name) {
    String usual = parsed.commandSpec().findOption(name).defaultValue();
    return Path.of(parsed.matchedOptionValue(name, usual)).toAbsolutePath().normalize();
  }

  private static Set<Insecure> insecure(String words) throws UsageException {
    var checks = EnumSet.noneOf(Insecure.class);
    if (words.equals("none")) {
      return checks;
    }
    for (String word : words.split(",", -1)) {
      switch (word) {
        case "none", "ondisk" -> {} // ondisk: accepted for the sake of old scripts, means nothing
        case "all" -> checks.addAll(Arrays.asList(Insecure.values()));
        case "all-fetch" ->
            checks.addAll(List.of(Insecure.IMAGE, Insecure.TLS, Insecure.HTTP, Insecure.PUBKEY));
        case "all-run" -> checks.addAll(EnumSet.range(Insecure.CAPABILITIES, Insecure.LANDLOCK));
        default -> checks.add(insecureNamed(word));
      }
    }
    return checks;
  }

  private static Insecure insecureNamed(String word) throws UsageException {
    for (Insecure check : Insecure.values()) {
      if (check.label().equals(word)) {
        return check;
      }
    }
    throw new UsageException(
        INSECURE + " does not know \"" + word + "\"", "rkt help run lists the checks");
  }
}
