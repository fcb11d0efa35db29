package rkt.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import rkt.cli.report.ReportModel;
import rkt.cli.report.ReportPage;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.stage1.pack.OutputFile;
import rkt.verify.audit.AuditCheck;

/** {@code rkt audit report}: the audit log as a page for people. spec/audit.md#report */
final class AuditReportCommand implements Command {
  private static final String HTML = "--html";
  private static final String HOST = "/proc/sys/kernel/hostname";

  @Override
  public void describe(CommandSpec spec) {
    Words.option(
        spec, HTML, "FILE", "Where the page is written: a file, or - for standard output.");
    AuditVerifyCommand.describeHead(spec);
    AuditFilter.describe(spec);
  }

  @Override
  public int run(ParseResult parsed, Settings settings, Caller caller)
      throws RktException, IOException {
    String target = parsed.matchedOptionValue(HTML, "");
    if (target.isEmpty()) {
      throw new UsageException(HTML + " is missing", "say where the page is to be written, or -");
    }
    AuditFilter filter = AuditFilter.of(parsed, caller.clock().instant());
    ReportModel model = new ReportModel();
    AuditCheck check =
        AuditVerifyCommand.check(
            parsed, settings, (record, _) -> model.add(record, filter.accepts(record)));
    ReportPage page = new ReportPage(model, check, about(parsed, settings, caller));
    if (target.equals("-")) {
      write(page, caller.out());
    } else {
      Path file = Path.of(target).toAbsolutePath().normalize();
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
          && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new UsageException(file + " is there and is no file", "name another, or - to print");
      }
      OutputFile.write(file, OutputFile.Mode.OWNER_ONLY, true, out -> write(page, out));
    }
    if (!check.problems().isEmpty()) {
      throw AuditVerifyCommand.changed(settings, check);
    }
    return 0;
  }

  private static void write(ReportPage page, OutputStream out) throws IOException {
    Writer writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8), 1 << 16);
    page.write(writer);
    writer.flush();
  }

  private static ReportPage.About about(ParseResult parsed, Settings settings, Caller caller)
      throws SpecException {
    List<String> filters = new ArrayList<>();
    for (String name : AuditFilter.NAMES) {
      if (parsed.hasMatchedOption(name)) {
        filters.add(name + "=" + parsed.matchedOptionValue(name, ""));
      }
    }
    return new ReportPage.About(
        host(),
        settings.dir().resolve("audit").toString(),
        filters,
        caller.clock().instant(),
        VersionCommand.VERSION);
  }

  private static String host() throws SpecException {
    try {
      return Files.readString(Path.of(HOST)).strip();
    } catch (IOException e) {
      throw SpecException.system("cannot read the name of this host from " + HOST, e);
    }
  }
}
