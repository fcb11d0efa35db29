package rkt.stage1.main;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ParseResult;
import rkt.stage1.StageException;
import rkt.stage1.run.AppStreams;
import rkt.stage1.run.Metadata;

/** Options for what apps read and write. */
final class StreamOptions {
  private static final String[] STREAMS = {"stdin", "stdout", "stderr"};

  private StreamOptions() {}

  /** Adds the options of the pod. */
  static void describePod(Describe options) {
    options.flag("--interactive", "Join the app to this terminal, or to standard input.");
  }

  /** Adds the options of an app. */
  static void describeApp(Describe options) {
    options.text("--stdin", "MODE", "null, stream, tty or interactive. Usually null.");
    options.text("--stdout", "MODE", "log, null, stream, tty or interactive. Usually log.");
    options.text("--stderr", "MODE", "As --stdout.");
  }

  static boolean isInteractive(ParseResult parsed) {
    return parsed.hasMatchedOption("--interactive");
  }

  /** The metadata of an app with what the options say, which wins. */
  static Metadata annotated(ParseResult parsed, Metadata metadata) throws StageException {
    Map<String, String> annotations = new LinkedHashMap<>(metadata.annotations());
    for (String stream : STREAMS) {
      Optional<String> mode = Pairs.text(parsed, "--" + stream);
      if (mode.isPresent()) {
        annotations.put(AppStreams.ANNOTATION + stream, mode.get());
      }
    }
    if (annotations.isEmpty()) {
      return metadata;
    }
    AppStreams.of(annotations, isInteractive(parsed));
    return new Metadata(annotations, metadata.userAnnotations(), metadata.userLabels());
  }
}
