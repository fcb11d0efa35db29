package rkt.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonWriter;
import rkt.verify.audit.AuditCheck;
import rkt.verify.audit.AuditHead;
import rkt.verify.audit.AuditRecords;

/** {@code rkt audit verify}: whether the audit log is as it was written. */
final class AuditVerifyCommand implements Command {
  private static final String HEAD = "--head";

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    describeHead(spec);
  }

  /** Adds {@code --head}. */
  static void describeHead(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(HEAD)
            .type(String.class)
            .paramLabel("SEQ:HASH")
            .description(
                "An end that this command printed earlier, and that was kept elsewhere: the log"
                    + " must go through it.")
            .build());
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    AuditCheck check = check(parsed, settings, (_, _) -> {});
    print(check, format, caller);
    if (check.problems().isEmpty()) {
      return 0;
    }
    throw changed(settings, check);
  }

  /** Checks the log, and tells {@code visitor} of every record in the same pass. */
  static AuditCheck check(ParseResult parsed, Settings settings, AuditRecords.Visitor visitor)
      throws RktException {
    String kept = parsed.matchedOptionValue(HEAD, "");
    return kept.isEmpty()
        ? AuditCheck.of(settings.dir(), visitor)
        : AuditCheck.of(settings.dir(), parsedHead(kept), visitor);
  }

  /** What there is to say of a log with problems. */
  static SpecException changed(Settings settings, AuditCheck check) {
    return SpecException.integrity(
        "the audit log in "
            + settings.dir().resolve("audit")
            + " is not as it was written: "
            + check.problems().size()
            + (check.problems().size() == 1 ? " problem" : " problems"));
  }

  private static AuditHead parsedHead(String text) throws UsageException {
    return AuditHead.parse(text)
        .orElseThrow(() ->
            new UsageException(
                HEAD + ": \"" + text + "\" is not SEQ:HASH", "give what rkt audit verify printed"));
  }

  private static void print(AuditCheck check, Format format, Caller caller) {
    if (format.isJson()) {
      JsonWriter json = format.writer().object();
      json.put("version", 1)
          .put("intact", check.problems().isEmpty())
          .put("records", check.records())
          .put("segments", check.segments())
          .put("head", check.end().toString())
          .put("problems", check.problems());
      caller.out().println(json.end());
      return;
    }
    for (String problem : check.problems()) {
      caller.out().println(problem);
    }
    if (check.problems().isEmpty()) {
      caller.out().println(check.end());
      caller
          .err()
          .println(check.records() + " records in " + check.segments() + " segments, unchanged");
    }
  }
}
