package rkt.cli;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.store.Store;
import rkt.stage1.pod.Collector;
import rkt.stage1.pod.PodEvents;
import rkt.stage1.pod.PodView;
import rkt.stage1.pod.Pods;
import rkt.verify.audit.AuditEvent;
import rkt.verify.audit.AuditLog;

/** {@code rkt gc}: removes what pods have left, and half-done work of commands that were killed. */
final class GcCommand implements Command {
  private static final String GRACE = "--grace-period";
  private static final String PREPARED = "--expire-prepared";
  private static final String MARK = "--mark-only";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    duration(spec, GRACE, "30m", "How long a pod that has ended is kept.");
    duration(spec, PREPARED, "24h", "How long a pod that was prepared waits to be run.");
    spec.addOption(
        OptionSpec.builder(MARK)
            .type(boolean.class)
            .description("Only mark what has ended; remove nothing.")
            .build());
  }

  private static void duration(CommandSpec spec, String name, String usual, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel("DURATION")
            .description(description + " Usually " + usual + ".")
            .build());
  }

  /** Writes the end of a pod into the audit log, before its own record of it can go. */
  static void recordExit(PodView pod, Settings settings, Caller caller) throws RktException {
    Optional<AuditEvent> event = PodEvents.exit(pod);
    if (event.isPresent()) {
      new AuditLog(settings.dir(), caller.clock()).append(List.of(event.get()));
    }
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    Collector collector =
        new Collector(
            new Pods(settings.dir()), caller.clock(), pod -> recordExit(pod, settings, caller));
    boolean markOnly = parsed.hasMatchedOption(MARK);
    Collector.Outcome outcome =
        collector.collect(
            Durations.parse(GRACE, parsed.matchedOptionValue(GRACE, "30m")),
            Durations.parse(PREPARED, parsed.matchedOptionValue(PREPARED, "24h")),
            markOnly);
    for (String id : outcome.removed()) {
      format.print(caller.out(), "id", id);
    }
    if (!markOnly) {
      Leavings.remove(settings, Store.at(settings.dir()));
    }
    if (!outcome.failures().isEmpty()) {
      RktException first = outcome.failures().getFirst();
      for (RktException other : outcome.failures().subList(1, outcome.failures().size())) {
        first.addSuppressed(other);
      }
      throw first;
    }
    return 0;
  }
}
