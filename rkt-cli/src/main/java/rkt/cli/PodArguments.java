package rkt.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;

/** The pods that a command is to work on: by UUID, by a unique prefix of it, or by file. */
final class PodArguments {
  private static final String UUID_FILE = "--uuid-file";

  private PodArguments() {}

  /**
   * Adds the parameters.
   *
   * @param arity as picocli writes it: {@code 0..1} or {@code 0..*}; none only with --uuid-file
   */
  static void describe(CommandSpec spec, String arity) {
    spec.addOption(
        OptionSpec.builder(UUID_FILE)
            .type(String.class)
            .paramLabel("FILE")
            .description("Read the UUID from this file, as --uuid-file-save wrote it.")
            .build());
    spec.addPositional(
        PositionalParamSpec.builder()
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity(arity)
            .paramLabel("UUID")
            .description("A pod, by its UUID or a unique beginning of it.")
            .build());
  }

  /** The UUIDs as they were given, at least one. */
  static List<String> uuids(ParseResult parsed) throws UsageException, IOException {
    List<String> uuids = new ArrayList<>();
    if (parsed.hasMatchedOption(UUID_FILE)) {
      String file = parsed.matchedOptionValue(UUID_FILE, "");
      try {
        uuids.add(Files.readString(Path.of(file)).strip());
      } catch (NoSuchFileException e) {
        throw new UsageException("no such file: " + file, "rkt run --uuid-file-save writes one");
      }
    }
    if (parsed.hasMatchedPositional(0)) {
      List<String> given = parsed.matchedPositionalValue(0, List.of());
      uuids.addAll(given);
    }
    if (uuids.isEmpty()) {
      throw new UsageException("no pod given", "rkt list shows their UUIDs");
    }
    return uuids;
  }

  /** The one pod that was given. */
  static PodView one(ParseResult parsed, Pods pods) throws RktException, IOException {
    List<String> uuids = uuids(parsed);
    if (uuids.size() > 1) {
      throw new UsageException("one pod at a time, please", null);
    }
    return pods.find(uuids.get(0));
  }
}
