package rkt.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.fetch.FetchOptions;
import rkt.fetch.display.Display;
import rkt.fetch.display.Terminal;
import rkt.fetch.transport.Surroundings;
import rkt.spec.RktException;

/**
 * What the options of a command say about fetching, whichever image it is.
 *
 * @param offline whether no network may be used
 * @param form how progress is shown
 * @param trustKeys whether keys that a name's owner publishes by https are trusted unseen
 * @param seed for how long an image that came from peers is shared
 * @param os the system to fetch for; empty for this one, like the rest of the platform
 */
record FetchFlags(
    PullPolicy policy,
    boolean offline,
    Display.Form form,
    boolean trustKeys,
    Duration seed,
    String os,
    String arch,
    String variant) {
  private static final String PULL_POLICY = "--pull-policy";
  static final String OFFLINE = "--offline";
  static final String QUIET = "--quiet";
  static final String SEED = "--seed";
  static final String TRUST_KEYS = "--trust-keys-from-https";

  private static final String OS = "--os";
  private static final String ARCH = "--arch";
  private static final String VARIANT = "--variant";

  /** When a source is asked, rather than the store. */
  enum PullPolicy {
    /** Never: the store has it, or the command fails. */
    NEVER,
    /** If the store does not have it. */
    NEW,
    /** Always. */
    UPDATE;

    static PullPolicy of(ParseResult parsed, PullPolicy usual) throws UsageException {
      String wanted = parsed.matchedOptionValue(PULL_POLICY, usual.label());
      for (PullPolicy policy : values()) {
        if (policy.label().equals(wanted)) {
          return policy;
        }
      }
      throw new UsageException(
          PULL_POLICY + " does not know \"" + wanted + "\"", "name never, new or update");
    }

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static void describe(CommandSpec spec, PullPolicy usual) {
    text(
        spec,
        PULL_POLICY,
        "POLICY",
        "Ask the source never, for what is new, or to update. Usually " + usual.label() + ".");
    spec.addOption(
        OptionSpec.builder(OFFLINE)
            .type(boolean.class)
            .description("Use no network: what is neither in the store nor a file is not found.")
            .build());
    spec.addOption(
        OptionSpec.builder(TRUST_KEYS)
            .type(boolean.class)
            .description(
                "If no key is trusted for an appc name, trust those that its host publishes.")
            .build());
    text(spec, OS, "OS", "Fetch the image for another system than this one.");
    text(spec, ARCH, "ARCH", "Fetch the image for another processor than this one's.");
    text(spec, VARIANT, "VARIANT", "Fetch the image for this kind of the processor, such as v7.");
  }

  /** Adds {@code --quiet}. */
  static void quiet(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(QUIET).type(boolean.class).description("No progress.").build());
  }

  static void text(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .description(description)
            .build());
  }

  static FetchFlags of(ParseResult parsed, PullPolicy usual) throws UsageException {
    return new FetchFlags(
        PullPolicy.of(parsed, usual),
        parsed.hasMatchedOption(OFFLINE),
        form(parsed),
        parsed.hasMatchedOption(TRUST_KEYS),
        seed(parsed),
        parsed.matchedOptionValue(OS, ""),
        parsed.matchedOptionValue(ARCH, ""),
        parsed.matchedOptionValue(VARIANT, ""));
  }

  private static Duration seed(ParseResult parsed) throws UsageException {
    String text = parsed.matchedOptionValue(SEED, "");
    return text.isEmpty() ? Duration.ZERO : Durations.parse(SEED, text);
  }

  private static Display.Form form(ParseResult parsed) {
    if (parsed.hasMatchedOption(QUIET)) {
      return Display.Form.QUIET;
    }
    String format = parsed.matchedOptionValue("--format", "text");
    return format.startsWith("json") ? Display.Form.JSON : Display.Form.TEXT;
  }

  /** What shows the progress of one fetch. */
  Display display(Caller caller) {
    return Display.of(form, caller.err(), Terminal.is(2), caller.environment());
  }

  /** The same for what an image depends on: what the store has is good enough. */
  FetchFlags forDependency() {
    return new FetchFlags(
        PullPolicy.NEW, offline, form, trustKeys, Duration.ZERO, os, arch, variant);
  }

  /** How to fetch with these flags. */
  FetchOptions options(Settings settings, Caller caller) throws RktException {
    FetchOptions options =
        FetchOptions.of(caller.environment())
            .withInsecure(
                settings.insecure().contains(Settings.Insecure.HTTP),
                settings.insecure().contains(Settings.Insecure.TLS))
            .withSurroundings(
                new Surroundings(
                    caller.environment(),
                    Path.of("/etc"),
                    List.of(settings.systemConfig(), settings.localConfig()),
                    List.of(
                        settings.localConfig().resolve("transports"),
                        settings.systemConfig().resolve("transports"),
                        caller.home().resolve("libexec"))))
            .withSeed(seed);
    return os.isEmpty() && arch.isEmpty() && variant.isEmpty()
        ? options
        : options.withPlatform(os, arch, variant);
  }
}
