package rkt.stage1.main;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.pod.PodManifest;
import rkt.stage1.StageException;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.PodRequest;

/**
 * The options of {@code rkt run}, as words and as values: those of the pod, and those of each app.
 * Each group of options is a class of its own, which describes and reads them. One description
 * serves for all: a pod of one app is parsed in one go. spec/tools.md#run-line
 */
public final class RunOptions {
  private final List<String> own;
  private final Set<String> ofApps = new HashSet<>();
  private @Nullable Set<String> asked;
  private @Nullable RunLine line;

  /**
   * @param own the names of options of an app, with one value each, that only this command has and
   *     describes itself
   */
  public RunOptions(List<String> own) {
    this.own = List.copyOf(own);
  }

  /**
   * Has {@link #describe} leave out what is not among the words, which costs time at each start.
   */
  public void expect(List<String> words) {
    asked = RunWords.options(words);
  }

  /**
   * Whether the words have options that are not described. Then nothing may be left out: {@link
   * #describe} describes all from now on, and who parses them can say what else there would be.
   */
  public boolean isSurprised(CommandSpec described) {
    boolean isSurprised =
        asked != null && asked.stream().anyMatch(name -> described.findOption(name) == null);
    asked = isSurprised ? null : asked;
    return isSurprised;
  }

  public void describe(CommandSpec spec) {
    Describe options = new Describe(spec, asked);
    PodOptions.describe(options);
    VolumeOptions.describePod(options);
    StreamOptions.describePod(options);
    SandboxOptions.describe(options);
    Set<String> before = new HashSet<>(spec.optionsMap().keySet());
    AppOptions.describe(options);
    VolumeOptions.describeApp(options);
    StreamOptions.describeApp(options);
    ResourceOptions.describe(options);
    SecurityOptions.describe(options);
    ofApps.addAll(spec.optionsMap().keySet());
    ofApps.removeAll(before);
    ofApps.addAll(own);
    positional(spec, "0", "0..1", "IMAGE", "What rkt fetch takes, or an image in the store.");
    positional(spec, "1..*", "0..*", "ARGS", "Behind --: the arguments of the app, up to ---.");
    spec.usageMessage()
        .customSynopsis(
            spec.name() + " [OPTIONS] IMAGE [OPTIONS] [-- ARGS...] [---] [IMAGE [OPTIONS] ...]");
  }

  /** For the help alone: images and arguments are taken out before anything is parsed. */
  private static void positional(
      CommandSpec spec, String index, String arity, String label, String about) {
    spec.addPositional(
        PositionalParamSpec.builder()
            .index(index)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity(arity)
            .paramLabel(label)
            .description(about)
            .build());
  }

  /**
   * Parses the words, and refuses what makes no sense before anything is looked up, fetched or
   * made.
   *
   * @param command made from what {@link #describe} described
   * @return what picocli read of the pod's words; if they ask for help, nothing else was looked at
   */
  public ParseResult parse(CommandLine command, List<String> words)
      throws RktException, IOException {
    command.setExpandAtFiles(false);
    RunWords divided = RunWords.split(command.getCommandSpec(), ofApps, words);
    int count = divided.apps().size();
    List<String> pod = new ArrayList<>(divided.pod());
    List<RunLine.App> apps = new ArrayList<>();
    if (count < 2) {
      pod.addAll(divided.first());
      for (RunWords.Segment app : divided.apps()) {
        pod.addAll(app.options());
      }
    } else {
      requireForAll(divided.first());
      CommandLine ofApps = new CommandLine(onlyUsed(command.getCommandSpec(), divided));
      ofApps.setExpandAtFiles(false);
      for (RunWords.Segment app : divided.apps()) {
        List<String> options = new ArrayList<>(divided.first());
        options.addAll(app.options());
        apps.add(app(app, picocli(ofApps, options), mounts(divided.first())));
      }
    }
    ParseResult parsed = picocli(command, pod);
    if (parsed.isUsageHelpRequested()) {
      return parsed;
    }
    if (parsed.hasMatchedOption(PodOptions.MANIFEST)) {
      requireNothingElse(divided);
      line = ofManifest(parsed);
    } else {
      if (count == 0) {
        throw StageException.usage("no image given", "name one, or see --help");
      }
      if (count == 1) {
        apps.add(app(divided.apps().get(0), parsed, mounts(divided.first())));
      }
      line = new RunLine(pod(parsed), apps);
    }
    if (line.pod().interactive() && line.apps().size() > 1) {
      throw StageException.usage(
          "--interactive joins one app to the terminal, and there are " + line.apps().size(),
          "run one image, or use rkt enter");
    }
    return parsed;
  }

  /** Whether what was parsed has read something that cannot be read a second time. */
  public static boolean hasReadAPipe(ParseResult parsed) {
    String manifest = parsed.matchedOptionValue(PodOptions.MANIFEST, "");
    return manifest.equals("-") || (!manifest.isEmpty() && !Files.isRegularFile(Path.of(manifest)));
  }

  private static RunLine ofManifest(ParseResult parsed) throws RktException, IOException {
    PodOptions.requireNoneOfAManifest(parsed);
    PodManifest manifest = ManifestLine.read(parsed.matchedOptionValue(PodOptions.MANIFEST, ""));
    return new RunLine(ManifestLine.pod(manifest, pod(parsed)), ManifestLine.apps(manifest));
  }

  private static void requireNothingElse(RunWords words) throws StageException {
    String other =
        !words.apps().isEmpty()
            ? "the image " + words.apps().get(0).image()
            : !words.first().isEmpty() ? words.first().get(0) : "";
    if (!other.isEmpty()) {
      throw StageException.usage(
          other + " and " + PodOptions.MANIFEST + " exclude each other",
          "write it into the manifest");
    }
  }

  /** Whether nothing is to run, but to be told how the pod would be confined. */
  public static boolean printsSandbox(ParseResult parsed) {
    return SandboxOptions.printsOnly(parsed);
  }

  /** What {@link #parse} read. */
  public RunLine line() {
    if (line == null) {
      throw new IllegalStateException("nothing was parsed");
    }
    return line;
  }

  /**
   * The options that some app has: picocli prepares every option that it knows each time it parses,
   * which with all of them would be most of the time that a further app takes.
   */
  private static CommandSpec onlyUsed(CommandSpec all, RunWords words) {
    CommandSpec used = CommandSpec.create().name(all.name());
    addUsed(all, words.first(), used);
    for (RunWords.Segment app : words.apps()) {
      addUsed(all, app.options(), used);
    }
    return used;
  }

  private static void addUsed(CommandSpec all, List<String> options, CommandSpec used) {
    for (String word : options) {
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      OptionSpec option = all.findOption(name);
      if (option != null && used.findOption(name) == null) {
        used.addOption(OptionSpec.builder(option).build());
      }
    }
  }

  private static void requireForAll(List<String> first) throws StageException {
    for (int i = 0; i < first.size(); i++) {
      String word = first.get(i);
      if (word.equals(VolumeOptions.MOUNT)) {
        i++; // its value
      } else if (!word.startsWith(VolumeOptions.MOUNT + "=")) {
        throw StageException.usage(
            "which app is " + word + " for? there are several",
            "put it behind the image that it is for");
      }
    }
  }

  private static ParseResult picocli(CommandLine command, List<String> words) {
    return command.parseArgs(words.toArray(new String[0]));
  }

  private static RunLine.Pod pod(ParseResult parsed) throws RktException, IOException {
    PodRequest.Network network = PodOptions.network(parsed);
    List<Isolator> isolators = new ArrayList<>();
    SandboxOptions.read(parsed, network, isolators);
    return new RunLine.Pod(
        network,
        PodOptions.hostname(parsed),
        parsed.hasMatchedOption("--inherit-env"),
        PodOptions.variables(parsed),
        VolumeOptions.volumes(parsed),
        StreamOptions.isInteractive(parsed),
        parsed.hasMatchedOption(PodOptions.PRIVATE_USERS),
        Pairs.find(parsed, "--stage1-name"),
        Pairs.find(parsed, "--stage1-path"),
        Pairs.text(parsed, "--uuid-file-save").orElse(""),
        isolators,
        List.of(),
        PodOptions.metadata(parsed));
  }

  /** How many mounts there are among the options that stand before the first image. */
  private static int mounts(List<String> first) {
    int count = 0;
    for (String word : first) {
      count +=
          word.equals(VolumeOptions.MOUNT) || word.startsWith(VolumeOptions.MOUNT + "=") ? 1 : 0;
    }
    return count;
  }

  /**
   * @param general how many mounts are meant for every app
   */
  private RunLine.App app(RunWords.Segment words, ParseResult parsed, int general)
      throws RktException {
    List<Isolator> isolators = new ArrayList<>();
    ResourceOptions.read(parsed, isolators);
    SecurityOptions.read(parsed, isolators);
    Map<String, String> others = new LinkedHashMap<>();
    for (String option : own) {
      if (parsed.hasMatchedOption(option)) {
        others.put(option, parsed.matchedOptionValue(option, ""));
      }
    }
    return new RunLine.App(
        words.image(),
        Optional.empty(),
        Optional.empty(),
        AppOptions.name(parsed),
        AppOptions.process(parsed, words.arguments()),
        isolators,
        VolumeOptions.storage(parsed, general),
        StreamOptions.annotated(parsed, AppOptions.metadata(parsed)),
        others);
  }
}
