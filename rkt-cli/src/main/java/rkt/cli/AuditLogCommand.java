package rkt.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.verify.audit.AuditRecords;

/** {@code rkt audit log}: what was recorded. */
final class AuditLogCommand implements Command {
  private static final int SECONDS = "2026-11-28T12:00:00".length();
  private static final int SHORT_ID = 8;
  private static final int SHORT_IMAGE = 19;

  @Override
  public void describe(CommandSpec spec) {
    Format.describe(spec);
    Table.describe(spec);
    AuditFilter.describe(spec);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller) throws RktException {
    Format format = Format.of(parsed);
    AuditFilter filter = AuditFilter.of(parsed, caller.clock().instant());
    Table table = new Table();
    table.heading(parsed, "TIME", "EVENT", "RESULT", "NAME", "IMAGE", "POD", "KEY");
    new AuditRecords(settings.dir())
        .forEach((record, line) -> {
          if (!filter.accepts(record)) {
            return;
          }
          if (format.isJson()) {
            // As it stands in the log, so that its hash can be checked.
            caller.out().println(line);
          } else {
            addRow(table, record);
          }
        });
    if (!format.isJson()) {
      table.print(caller.out());
    }
    return 0;
  }

  private static void addRow(Table table, JsonObject record) throws SpecException {
    String at = AuditFilter.text(record, "at");
    table.row(
        at.length() > SECONDS ? at.substring(0, SECONDS) + "Z" : at,
        AuditFilter.text(record, "event"),
        result(record),
        AuditFilter.text(record, "name"),
        subject(record),
        cut(AuditFilter.text(record, "pod"), SHORT_ID),
        signer(record));
  }

  /** Who vouched first: the beginning of a fingerprint, or of an identity the subject. */
  private static String signer(JsonObject record) throws SpecException {
    String signer = first(record, "key", "keys");
    if (signer.isEmpty()) {
      signer = first(record, "key", "signers");
    }
    int space = signer.indexOf(' ');
    return space < 0 ? cut(signer, 2 * SHORT_ID) : signer.substring(space + 1);
  }

  /** What came of it, in one word. */
  static String result(JsonObject record) throws SpecException {
    if (record.findBoolean("bypassed").orElse(false)) {
      return "bypassed";
    }
    if (record.findBoolean("accepted").isPresent()) {
      return record.findBoolean("accepted").get()
          ? "accepted"
          : AuditFilter.text(record, "rule").isEmpty()
              ? "refused"
              : "refused: " + AuditFilter.text(record, "rule");
    }
    if (record.findInteger("status").isPresent()) {
      return "status " + record.integer("status");
    }
    return AuditFilter.text(record, "action");
  }

  /** The image; of a file that was not read as one, its path. */
  private static String subject(JsonObject record) throws SpecException {
    String image = first(record, "image", "images");
    return image.isEmpty() ? AuditFilter.text(record, "file") : cut(image, SHORT_IMAGE);
  }

  private static String first(JsonObject record, String one, String several) throws SpecException {
    String text = AuditFilter.text(record, one);
    if (!text.isEmpty()) {
      return text;
    }
    List<String> all = record.strings(several);
    return all.isEmpty() ? "" : all.get(0);
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }
}
