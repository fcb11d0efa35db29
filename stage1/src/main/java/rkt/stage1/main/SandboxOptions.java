package rkt.stage1.main;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.ParseResult;
import rkt.stage1.StageException;
import rkt.stage1.run.Isolator;
import rkt.stage1.run.PodRequest;
import rkt.stage1.run.Sysctls;

/** Options for what a pod as a whole sees of the kernel, each another way to write an isolator. */
final class SandboxOptions {
  private static final String SYSCTL = "--sysctl";
  private static final String PROC = "--proc";

  private static final String PRINT = "--print-sandbox";

  private SandboxOptions() {}

  static void describe(Describe options) {
    options.flag(PRINT, "Run nothing; print how the pod would be confined, as JSON.");
    options.list(SYSCTL, "NAME=VALUE", "A kernel parameter of the pod: net.core.somaxconn=1024.");
    options.text(PROC, "SUBSET", "What /proc shows: all, or only processes: pid. Usually all.");
  }

  /** Whether nothing is to run, but to be told how it would be confined. */
  static boolean printsOnly(ParseResult parsed) {
    return parsed.hasMatchedOption(PRINT);
  }

  /** Adds the isolators that the options stand for. */
  static void read(ParseResult parsed, PodRequest.Network network, List<Isolator> isolators)
      throws StageException {
    Map<String, String> sysctls = Pairs.of(parsed, SYSCTL);
    if (!sysctls.isEmpty()) {
      isolators.add(Sysctls.parse(sysctls, network));
    }
    String subset = parsed.matchedOptionValue(PROC, "all");
    if (subset.equals("pid")) {
      isolators.add(new Isolator("os/linux/procfs", "{\"subset\":\"pid\"}", Isolator.Origin.FLAG));
    } else if (!subset.equals("all")) {
      throw StageException.usage(PROC + " does not know \"" + subset + "\"", "name all or pid");
    }
  }
}
