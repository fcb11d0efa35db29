package rkt.stage1.main;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ParseResult;
import rkt.stage1.StageException;
import rkt.stage1.run.Metadata;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.Stage1;

/** Options of the pod as a whole: its network, its name, the variables of all its apps. */
final class PodOptions {
  static final String MANIFEST = "--pod-manifest";

  /** Asks for what is usual, and refuses what is not. */
  static final String PRIVATE_USERS = "--private-users";

  /** Options that say what a manifest says. */
  private static final String[] OF_A_MANIFEST = {
    "--inherit-env", "--set-env", "--set-env-file", "--volume", "--label"
  };

  private PodOptions() {}

  static void describe(Describe options) {
    options.text("--net", "NETWORK", "none (loopback only) or host. Usually none.");
    options.flag(PRIVATE_USERS, "A user namespace of the pod's own: the default, in any case.");
    options.text("--hostname", "NAME", "The pod's host name. Usually rkt-UUID.");
    options.flag("--inherit-env", "Give apps the caller's variables, below those of their images.");
    options.list("--set-env", "NAME=VALUE", "A variable for the environment of every app.");
    options.text("--set-env-file", "FILE", "Variables, one NAME=VALUE a line; # begins a comment.");
    options.list("--label", "NAME=VALUE", "A label of the pod, of your own.");
    options.text(MANIFEST, "FILE", "Run the pod that this manifest describes, in place of images.");
    options.text(
        "--stage1-name", "NAME", "namespaces, fly, or a configured one. Usually namespaces.");
    options.text("--stage1-path", "PROGRAM", "A program that isolates pods instead.");
    options.text("--uuid-file-save", "FILE", "Write the pod's UUID there.");
  }

  /** Refuses options that the manifest of a pod takes the place of. */
  static void requireNoneOfAManifest(ParseResult parsed) throws StageException {
    for (String option : OF_A_MANIFEST) {
      if (parsed.hasMatchedOption(option)) {
        throw StageException.usage(
            option + " and " + MANIFEST + " exclude each other", "write it into the manifest");
      }
    }
  }

  static Metadata metadata(ParseResult parsed) throws StageException {
    return new Metadata(Map.of(), Map.of(), Pairs.of(parsed, "--label"));
  }

  static PodRequest.Network network(ParseResult parsed) throws StageException {
    String wanted = parsed.matchedOptionValue("--net", "none");
    requireOfNamespaces(parsed, wanted.equals("host") ? "" : "--net");
    for (PodRequest.Network network : PodRequest.Network.values()) {
      if (network.label().equals(wanted)) {
        return network;
      }
    }
    throw StageException.usage("--net does not know \"" + wanted + "\"", "name none or host");
  }

  static Optional<String> hostname(ParseResult parsed) throws StageException {
    requireOfNamespaces(parsed, "--hostname");
    Optional<String> name = Pairs.find(parsed, "--hostname");
    if (name.isPresent() && !isHostName(name.get())) {
      throw StageException.usage(
          "\"" + name.get() + "\" is not a host name",
          "use letters, digits, dashes and dots, 64 characters at most");
    }
    return name;
  }

  /** Refuses an option that says what cannot be with fly, which has the host's network and name. */
  private static void requireOfNamespaces(ParseResult parsed, String option) throws StageException {
    if (parsed.hasMatchedOption(option)
        && !parsed.hasMatchedOption("--stage1-path")
        && Stage1.find(parsed.matchedOptionValue("--stage1-name", ""))
            .equals(Optional.of(Stage1.FLY))) {
      throw StageException.usage(
          option + " and the stage1 \"fly\" exclude each other: what it has is the host's",
          "leave one of them out");
    }
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

  /** The variables of the pod: those of the file, then those of {@code --set-env} over them. */
  static Map<String, String> variables(ParseResult parsed) throws StageException, IOException {
    Map<String, String> variables = new LinkedHashMap<>();
    String file = Pairs.text(parsed, "--set-env-file").orElse("");
    if (!file.isEmpty()) {
      for (String line : lines(file)) {
        String trimmed = line.strip();
        if (!trimmed.isEmpty() && !trimmed.startsWith("#") && !trimmed.startsWith(";")) {
          int before = variables.size();
          Pairs.put(variables, trimmed, file);
          if (variables.size() == before) {
            throw StageException.usage(file + " sets a variable twice: " + trimmed, null);
          }
        }
      }
    }
    variables.putAll(Pairs.of(parsed, "--set-env"));
    return variables;
  }

  private static List<String> lines(String file) throws StageException, IOException {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (NoSuchFileException e) {
      throw StageException.usage("no such file: " + file, null);
    }
  }
}
