package rkt.stage1.main;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ParseResult;
import rkt.spec.image.AciManifest;
import rkt.stage1.StageException;
import rkt.stage1.run.AcName;
import rkt.stage1.run.Metadata;
import rkt.stage1.run.ProcessRequest;

/** Options of one app: what it is called, what it runs, as whom and where. */
final class AppOptions {
  private AppOptions() {}

  static void describe(Describe options) {
    options.text("--name", "NAME", "The app's name. Usually the last part of the image's.");
    options.text("--exec", "PATH", "The program, in place of the image's own.");
    options.text("--user", "USER", "A name, a number, or /PATH for its owner.");
    options.text("--group", "GROUP", "A name, a number, or /PATH for its group.");
    options.text("--working-dir", "DIR", "The working directory, absolute.");
    options.list("--environment", "NAME=VALUE", "A variable that wins over all others.");
    options.text("--supplementary-gids", "GIDS", "Further groups, as 10,20; no names.");
    options.list("--annotation", "NAME=VALUE", "An annotation of the appc spec.");
    options.list("--user-annotation", "NAME=VALUE", "An annotation of your own.");
    options.list("--user-label", "NAME=VALUE", "A label of your own.");
  }

  /** What a user writes on the app. */
  static Metadata metadata(ParseResult parsed) throws StageException {
    Map<String, String> annotations = Pairs.of(parsed, "--annotation");
    for (String name : annotations.keySet()) {
      if (!AciManifest.isIdentifier(name)) {
        throw StageException.usage(
            "--annotation: \"" + name + "\" is not the name of an annotation",
            "use lowercase letters, digits and -._~/ between them, or --user-annotation");
      }
    }
    return new Metadata(
        annotations, Pairs.of(parsed, "--user-annotation"), Pairs.of(parsed, "--user-label"));
  }

  private static Optional<List<Integer>> groups(ParseResult parsed) throws StageException {
    Optional<String> text = Pairs.find(parsed, "--supplementary-gids");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    List<Integer> groups = new ArrayList<>();
    for (String word : text.get().isEmpty() ? List.<String>of() : words(text.get())) {
      int group = number(word);
      if (group < 0) {
        throw StageException.usage(
            "--supplementary-gids: \"" + word + "\" is not a group",
            "give numbers from 0 to 2147483647, divided by commas");
      }
      groups.add(group);
    }
    return Optional.of(groups);
  }

  private static List<String> words(String text) {
    return List.of(text.split(",", -1));
  }

  /** Digits and nothing else; -1 for anything else. */
  private static int number(String digits) {
    for (int i = 0; i < digits.length(); i++) {
      if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
        return -1;
      }
    }
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      return -1; // none, or too many
    }
  }

  static Optional<String> name(ParseResult parsed) throws StageException {
    Optional<String> name = Pairs.find(parsed, "--name");
    return name.isPresent() ? Optional.of(AcName.checked(name.get())) : name;
  }

  static ProcessRequest process(ParseResult parsed, List<String> arguments) throws StageException {
    return new ProcessRequest(
        Pairs.text(parsed, "--exec"),
        arguments,
        Pairs.text(parsed, "--user"),
        Pairs.text(parsed, "--group"),
        groups(parsed),
        Pairs.text(parsed, "--working-dir"),
        Pairs.of(parsed, "--environment"));
  }
}
