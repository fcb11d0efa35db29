package rkt.stage1.main;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.StageException;
import rkt.stage1.run.AcName;
import rkt.stage1.run.Mounting;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.Quantity;
import rkt.stage1.run.Volume;

/**
 * The options of {@code rkt run}, as words and as values. spec/output.md lists none of them twice.
 */
public final class RunOptions {
  private static final String DELIMITER = "--";

  private RunOptions() {}

  public static void describe(CommandSpec spec) {
    text(spec, "--net", "NETWORK", "none (loopback only) or host. Usually none.");
    text(spec, "--hostname", "NAME", "The pod's host name. Usually rkt-UUID.");
    flag(spec, "--interactive", "Join the app to this terminal, or to standard input.");
    list(spec, "--set-env", "NAME=VALUE", "A variable for the environment; may be repeated.");
    text(spec, "--set-env-file", "FILE", "Variables, one NAME=VALUE a line; # begins a comment.");
    list(
        spec,
        "--volume",
        "VOLUME",
        "NAME,kind=host,source=/PATH[,readOnly=true] or NAME,kind=empty[,mode=0755]; may be"
            + " repeated.");
    list(spec, "--mount", "MOUNT", "volume=NAME,target=/PATH; may be repeated.");
    text(spec, "--uuid-file-save", "FILE", "Write the pod's UUID there.");
    text(spec, "--name", "NAME", "The app's name. Usually the last part of the image's.");
    text(spec, "--exec", "PATH", "The program, in place of the image's own.");
    text(spec, "--user", "USER", "A name, a number, or /PATH for its owner.");
    text(spec, "--group", "GROUP", "A name, a number, or /PATH for its group.");
    text(spec, "--working-dir", "DIR", "The working directory, absolute.");
    list(
        spec,
        "--environment",
        "NAME=VALUE",
        "A variable that wins over all others; may be repeated.");
    spec.addOption(
        OptionSpec.builder("--readonly-rootfs")
            .type(boolean.class)
            .arity("0..1")
            .fallbackValue("true")
            .paramLabel("BOOL")
            .description("Whether the app may change its root. Usually it may.")
            .build());
    text(spec, "--memory", "QUANTITY", "The app's memory: 512Mi, 2G.");
    text(spec, "--cpu", "QUANTITY", "The app's share of processors: 0.5, 500m, 2.");
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0")
            .type(String.class)
            .arity("1")
            .required(true)
            .paramLabel("IMAGE")
            .description("What rkt fetch takes, or an image in the store.")
            .build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("1..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("0..*")
            .paramLabel("ARGS")
            .description("Behind --: the arguments of the app.")
            .build());
  }

  /** Refuses what makes no sense before anything is looked up, fetched or made. */
  public static void check(ParseResult parsed) throws RktException, IOException {
    image(parsed);
    arguments(parsed);
    network(parsed);
    hostname(parsed);
    memory(parsed);
    cpu(parsed);
    volumes(parsed);
    mounts(parsed);
    variables(parsed, "--environment");
    podVariables(parsed);
    if (parsed.hasMatchedOption("--name")) {
      AcName.checked(parsed.matchedOptionValue("--name", ""));
    }
  }

  /**
   * The image; asked for first, so that nothing is fetched for a command line that makes no sense.
   */
  public static String image(ParseResult parsed) throws StageException {
    arguments(parsed);
    return parsed.matchedPositionalValue(0, "");
  }

  /** The words behind {@code --}; further images before it are refused. */
  static List<String> arguments(ParseResult parsed) throws StageException {
    List<String> words = parsed.originalArgs();
    int delimiter = words.indexOf(DELIMITER);
    List<String> arguments = delimiter < 0 ? List.of() : words.subList(delimiter + 1, words.size());
    List<String> positional = parsed.matchedPositionalValue(1, List.of());
    if (positional.size() < arguments.size()) {
      throw StageException.usage("no image given before --", "name one, or see --help");
    }
    if (positional.size() > arguments.size()) {
      throw StageException.usage(
          "one image at a time: \"" + positional.get(0) + "\" is one too many",
          "put the arguments of the app behind --");
    }
    return arguments;
  }

  static PodRequest.Network network(ParseResult parsed) throws StageException {
    String wanted = parsed.matchedOptionValue("--net", "none");
    for (PodRequest.Network network : PodRequest.Network.values()) {
      if (network.label().equals(wanted)) {
        return network;
      }
    }
    throw StageException.usage("--net does not know \"" + wanted + "\"", "name none or host");
  }

  static Optional<String> find(ParseResult parsed, String option) {
    return Optional.ofNullable(parsed.matchedOptionValue(option, null));
  }

  static Optional<String> hostname(ParseResult parsed) throws StageException {
    Optional<String> name = find(parsed, "--hostname");
    if (name.isPresent() && !isHostName(name.get())) {
      throw StageException.usage(
          "\"" + name.get() + "\" is not a host name",
          "use letters, digits, dashes and dots, 64 characters at most");
    }
    return name;
  }

  private static boolean isHostName(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean inside = c == '-' || c == '.';
      if (!inside && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')) {
        return false;
      }
    }
    return !name.isEmpty() && name.length() <= 64 && !name.startsWith("-");
  }

  static OptionalLong memory(ParseResult parsed) throws RktException {
    String text = parsed.matchedOptionValue("--memory", "");
    return text.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Quantity.units(text));
  }

  static OptionalLong cpu(ParseResult parsed) throws RktException {
    String text = parsed.matchedOptionValue("--cpu", "");
    return text.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Quantity.thousandths(text));
  }

  static List<Volume> volumes(ParseResult parsed) throws RktException {
    List<Volume> volumes = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String text : parsed.matchedOptionValue("--volume", List.<String>of())) {
      Volume volume = Volume.parse(text);
      if (!names.add(volume.name())) {
        throw StageException.usage("two volumes are called \"" + volume.name() + "\"", null);
      }
      volumes.add(volume);
    }
    return volumes;
  }

  static List<Mounting> mounts(ParseResult parsed) throws RktException {
    List<Mounting> mounts = new ArrayList<>();
    for (String text : parsed.matchedOptionValue("--mount", List.<String>of())) {
      mounts.add(Mounting.parse(text));
    }
    return mounts;
  }

  /** What the option {@code name} sets, later ones over earlier ones. */
  static Map<String, String> variables(ParseResult parsed, String name) throws StageException {
    Map<String, String> variables = new LinkedHashMap<>();
    for (String text : parsed.matchedOptionValue(name, List.<String>of())) {
      put(variables, text, name);
    }
    return variables;
  }

  /** The variables of the pod: those of the file, then those of {@code --set-env} over them. */
  static Map<String, String> podVariables(ParseResult parsed) throws StageException, IOException {
    Map<String, String> variables = new LinkedHashMap<>();
    String file = parsed.matchedOptionValue("--set-env-file", "");
    if (!file.isEmpty()) {
      for (String line : lines(file)) {
        String trimmed = line.strip();
        if (!trimmed.isEmpty() && !trimmed.startsWith("#") && !trimmed.startsWith(";")) {
          int before = variables.size();
          put(variables, trimmed, file);
          if (variables.size() == before) {
            throw StageException.usage(file + " sets a variable twice: " + trimmed, null);
          }
        }
      }
    }
    variables.putAll(variables(parsed, "--set-env"));
    return variables;
  }

  private static List<String> lines(String file) throws StageException, IOException {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (NoSuchFileException e) {
      throw StageException.usage("no such file: " + file, null);
    }
  }

  private static void put(Map<String, String> variables, String text, String where)
      throws StageException {
    int equals = text.indexOf('=');
    if (equals < 1 || text.indexOf('\0') >= 0) {
      throw StageException.usage(where + ": \"" + text + "\" is not NAME=VALUE", null);
    }
    variables.put(text.substring(0, equals), text.substring(equals + 1));
  }

  private static void text(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .description(description)
            .build());
  }

  private static void flag(CommandSpec spec, String name, String description) {
    spec.addOption(OptionSpec.builder(name).type(boolean.class).description(description).build());
  }

  private static void list(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1")
            .paramLabel(label)
            .description(description)
            .build());
  }
}
