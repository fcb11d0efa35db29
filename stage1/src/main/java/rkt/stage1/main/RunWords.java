package rkt.stage1.main;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import rkt.stage1.StageException;

/**
 * The words of {@code rkt run}, divided into those of the pod and those of each app, before any of
 * them is parsed: what an app's program is given may look like an option or an image. Which option
 * is whose is known by its name alone, so an option of the pod may stand anywhere but among the
 * arguments of an app. spec/tools.md#run-line
 *
 * @param pod the options of the pod
 * @param first options of an app that stand before the first image
 */
record RunWords(List<String> pod, List<String> first, List<Segment> apps) {
  private static final String ARGUMENTS = "--";
  private static final String END_OF_ARGUMENTS = "---";

  /** An image with its options, and the arguments of its program. */
  record Segment(String image, List<String> options, List<String> arguments) {}

  /** The names of all options that there may be among the words. */
  static Set<String> options(List<String> words) {
    Set<String> names = new HashSet<>();
    boolean isForProgram = false;
    for (String word : words) {
      if (word.equals(ARGUMENTS) || word.equals(END_OF_ARGUMENTS)) {
        isForProgram = word.equals(ARGUMENTS);
      } else if (!isForProgram && word.length() > 1 && word.startsWith("-")) {
        int equals = word.indexOf('=');
        names.add(equals < 0 ? word : word.substring(0, equals));
      }
    }
    return names;
  }

  /**
   * @param spec every option
   * @param ofApps the names of those of an app
   */
  static RunWords split(CommandSpec spec, Set<String> ofApps, List<String> words)
      throws StageException {
    List<String> pod = new ArrayList<>();
    List<String> first = new ArrayList<>();
    List<Segment> apps = new ArrayList<>();
    List<String> own = first;
    boolean ended = false; // by ---: what follows has no image yet
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at++);
      if (word.equals(ARGUMENTS)) {
        at = takeArguments(words, at, apps, ended);
        ended = words.get(at - 1).equals(END_OF_ARGUMENTS);
      } else if (word.equals(END_OF_ARGUMENTS)) {
        if (apps.isEmpty() || ended) {
          throw StageException.usage(
              "no image given before ---",
              "it ends the words of an app, which begin with an image");
        }
        ended = true;
      } else if (word.length() > 1 && word.startsWith("-")) {
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        List<String> whose = ofApps.contains(name) ? own : pod;
        whose.add(word);
        if (equals < 0 && at < words.size() && takes(spec.findOption(name), words.get(at))) {
          whose.add(words.get(at++));
        }
      } else {
        own = new ArrayList<>();
        apps.add(new Segment(word, own, new ArrayList<>()));
        ended = false;
      }
    }
    return new RunWords(pod, first, apps);
  }

  /** Whether the option has {@code next} for its value. */
  private static boolean takes(@Nullable OptionSpec option, String next) {
    if (option == null || option.arity().max() == 0) {
      return false;
    }
    return option.arity().min() > 0 || next.equals("true") || next.equals("false");
  }

  private static int takeArguments(List<String> words, int from, List<Segment> apps, boolean ended)
      throws StageException {
    if (apps.isEmpty()) {
      throw StageException.usage("no image given before --", "name one, or see --help");
    }
    Segment app = apps.get(apps.size() - 1);
    if (ended) {
      throw StageException.usage(
          "no image given between --- and --: the words of " + app.image + " had ended",
          "name the next image behind ---");
    }
    int at = from;
    while (at < words.size() && !words.get(at).equals(END_OF_ARGUMENTS)) {
      app.arguments.add(words.get(at++));
    }
    return Math.min(at + 1, words.size());
  }
}
