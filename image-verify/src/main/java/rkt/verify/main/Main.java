package rkt.verify.main;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.error.ErrorReport;
import rkt.spec.store.DataDirectory;
import rkt.spec.store.Directories;
import rkt.spec.store.Store;
import rkt.verify.Verifier;
import rkt.verify.audit.AuditLog;
import rkt.verify.local.LocalImages;

/**
 * {@code rkt-verify}: reads identifiers of images and paths of ACIs, prints those that the trust
 * policy accepts now, and says of the others on stderr why not. spec/trust.md#rkt-verify
 */
public final class Main {
  private static final String SIGNATURE = "--signature";
  private static final String IMAGE_NAME = "--image-name";

  private final InputStream in;
  private final PrintStream out;
  private final PrintStream err;
  private final InstantSource clock;
  private boolean json;

  public Main(InputStream in, PrintStream out, PrintStream err, InstantSource clock) {
    this.in = in;
    this.out = out;
    this.err = err;
    this.clock = clock;
  }

  /** Runs the command and exits. */
  public static void main(String[] arguments) {
    int status = new Main(System.in, System.out, System.err, InstantSource.system()).run(arguments);
    System.out.flush();
    // Not System.exit: that looks for a logger to report to, in every jar.
    Runtime.getRuntime().halt(status);
  }

  /** Runs the command; gives its exit status: that of the first image that does not pass. */
  public int run(String... arguments) {
    CommandLine command = new CommandLine(spec());
    try {
      ParseResult parsed = command.parseArgs(arguments);
      if (parsed.isUsageHelpRequested()) {
        command.usage(out);
        return 0;
      }
      String format = parsed.matchedOptionValue("--format", "text");
      if (!format.equals("text") && !format.equals("json")) {
        return report(
            ErrorClass.USAGE, "no format is called \"" + format + "\"", "--format=text or json");
      }
      json = format.equals("json");
      if (json && Detached.isMeant(parsed)) {
        return report(ErrorClass.USAGE, "--detached prints text only", "leave --format=json out");
      }
      int status =
          Detached.isMeant(parsed)
              ? new Detached(in, out, err, clock.instant()).run(parsed)
              : verifyAll(parsed);
      out.flush();
      return status;
    } catch (CommandLine.ParameterException e) {
      return report(ErrorClass.USAGE, String.valueOf(e.getMessage()), "rkt-verify --help");
    } catch (RktException e) {
      return report(e.errorClass(), e.getMessage(), e.fix());
    } catch (RuntimeException e) {
      ErrorReport.bug(e).print(err, json);
      return ErrorReport.BUG_STATUS;
    }
  }

  private int verifyAll(ParseResult parsed) throws RktException {
    Path dir = path(parsed, "--dir", Directories.data());
    DataDirectory.check(dir);
    List<String> arguments = parsed.matchedPositionalValue(0, List.of());
    String signature = parsed.matchedOptionValue(SIGNATURE, "");
    if (!signature.isEmpty() && (arguments.size() != 1 || arguments.get(0).equals("-"))) {
      throw SpecException.usage(
          "--signature is for one image, which is an argument",
          "without it the signature of FILE is in FILE.asc");
    }
    // Who only asks begins no data directory, and so no log in it.
    boolean ours = Files.isWritable(dir);
    Verifier verifier =
        Verifier.open(
            path(parsed, "--system-config", "/usr/lib/rkt"),
            path(parsed, "--local-config", Directories.localConfig()),
            ours ? dir : null,
            clock,
            Verifier.Purpose.REPORT);
    Judge judge =
        new Judge(
            Store.at(dir),
            verifier,
            ours ? new AuditLog(dir, clock) : null,
            new LocalImages.How(
                signature.isEmpty() ? null : Path.of(signature).toAbsolutePath(),
                name(parsed),
                parsed.matchedOptionValue("--os", ""),
                parsed.matchedOptionValue("--arch", ""),
                parsed.matchedOptionValue("--variant", "")),
            out,
            json,
            clock);
    int status = 0;
    for (String argument : arguments.isEmpty() ? List.of("-") : arguments) {
      int one = argument.equals("-") ? verifyLines(judge) : verifyWord(judge, argument);
      status = status == 0 ? one : status;
    }
    return status;
  }

  private static @Nullable ImageName name(ParseResult parsed) throws SpecException {
    String name = parsed.matchedOptionValue(IMAGE_NAME, "");
    try {
      return name.isEmpty() ? null : new ImageName(name);
    } catch (IllegalArgumentException e) {
      throw SpecException.usage(String.valueOf(e.getMessage()));
    }
  }

  private int verifyWord(Judge judge, String word) {
    try {
      NameLines.requireText(word);
      return verify(judge, word);
    } catch (SpecException e) {
      return report(e.errorClass(), e.getMessage(), e.fix());
    }
  }

  private int verify(Judge judge, String text) {
    try {
      judge.judge(text);
      return 0;
    } catch (RktException e) {
      return report(e.errorClass(), e.getMessage(), e.fix());
    }
  }

  /** Each as it comes, so that whoever writes the lines need not be done. */
  private int verifyLines(Judge judge) {
    NameLines lines = new NameLines(in);
    int status = 0;
    while (true) {
      int one;
      try {
        String line = lines.next();
        if (line == null) {
          return status;
        }
        one = verify(judge, line);
        out.flush();
      } catch (SpecException e) {
        one = report(e.errorClass(), e.getMessage(), e.fix());
        if (e.errorClass() == ErrorClass.SYSTEM) {
          return status == 0 ? one : status; // Nothing more can be read.
        }
      }
      status = status == 0 ? one : status;
    }
  }

  private static Path path(ParseResult parsed, String option, String fallback) {
    return Path.of(parsed.matchedOptionValue(option, fallback)).toAbsolutePath();
  }

  private static CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name("rkt-verify");
    spec.usageMessage()
        .description(
            "Judge images by the trust policy, in the store or in files, and print those that"
                + " pass.")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(statuses())
        .footerHeading("%nExamples:%n")
        .footer(
            "  rkt-fetch docker://registry.example.com/app:1.4 | rkt-verify | xargs rkt-run",
            "  rkt-verify --format=json example.com/app:1.4",
            "  find /media/stick -name '*.aci' | rkt-verify",
            "  rkt-verify --detached app.aci.asc --cert publisher.asc app.aci");
    spec.addOption(option("DIR", "--dir", "The data directory.", Directories.data()));
    spec.addOption(
        option("DIR", "--system-config", "Where the distribution's trust is.", "/usr/lib/rkt"));
    spec.addOption(
        option(
            "DIR",
            "--local-config",
            "Where the administrator's trust is.",
            Directories.localConfig()));
    spec.addOption(
        option(
            "FILE",
            SIGNATURE,
            "The signature of one image in files, instead of the one beside it."));
    spec.addOption(
        option("NAME", IMAGE_NAME, "The name to judge an image of an OCI layout under."));
    spec.addOption(option("OS", "--os", "From an index, that for another system."));
    spec.addOption(option("ARCH", "--arch", "From an index, that for another processor."));
    spec.addOption(option("VARIANT", "--variant", "For this kind of the processor."));
    spec.addOption(
        option("FORMAT", "--format", "text, or json: one verdict a line, refusals too.", "text"));
    spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this.").build());
    Detached.describe(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("IMAGE")
            .arity("0..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description(
                "Identifiers or references of stored images; paths of ACIs, with their signatures"
                    + " in PATH.asc; oci:DIR:TAG, oci-archive:FILE, docker-archive:FILE or"
                    + " dir:DIR; - or none: the lines of stdin.")
            .build());
    return spec;
  }

  private static OptionSpec option(String label, String name, String description, String fallback) {
    return described(label, name, description).defaultValue(fallback).build();
  }

  private static OptionSpec option(String label, String name, String description) {
    return described(label, name, description).build();
  }

  private static OptionSpec.Builder described(String label, String name, String description) {
    return OptionSpec.builder(name).paramLabel(label).type(String.class).description(description);
  }

  private static Map<String, String> statuses() {
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put("0", "every image passes; with --detached: a signature counts");
    for (ErrorClass errorClass : ErrorClass.values()) {
      lines.put(Integer.toString(errorClass.status()), errorClass.label());
    }
    lines.put(Integer.toString(Detached.NO_SIGNATURE), "--detached: no signature counts");
    lines.put(Integer.toString(Detached.MISSING_ARGUMENT), "--detached: an argument is missing");
    lines.put(Integer.toString(Detached.BAD_DATA), "--detached: no signature file, no certificate");
    lines.put(Integer.toString(Detached.MISSING_INPUT), "--detached: a file is not there");
    return lines;
  }

  private int report(ErrorClass errorClass, String message, @Nullable String fix) {
    ErrorReport.of(errorClass, message, fix).print(err, json);
    return errorClass.status();
  }
}
