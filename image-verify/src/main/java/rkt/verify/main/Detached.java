package rkt.verify.main;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.error.ErrorReport;
import rkt.verify.openpgp.DetachedSignatures;
import rkt.verify.openpgp.DetachedSignatures.Finding;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;

/**
 * {@code rkt-verify --detached}: what {@code sop verify} does, by our rules. Asks no trust store.
 * spec/trust.md#detached
 */
final class Detached {
  /** None of the signatures counts: NO_SIGNATURE of the stateless OpenPGP interface. */
  static final int NO_SIGNATURE = 3;

  /** A certificate or the file is not named: MISSING_ARG. */
  static final int MISSING_ARGUMENT = 19;

  /** A certificate or the signature file cannot be read as one: BAD_DATA. */
  static final int BAD_DATA = 41;

  /** A file is not there: MISSING_INPUT. */
  static final int MISSING_INPUT = 61;

  static final String DETACHED = "--detached";
  private static final String CERT = "--cert";
  private static final String NOT_BEFORE = "--not-before";
  private static final String NOT_AFTER = "--not-after";

  /** One byte more than is accepted, so that what is too large is refused and not cut off. */
  private static final int LARGEST_SIGNATURE = (4 << 20) + 1;

  private static final int LARGEST_CERTIFICATE = (1 << 20) + 1;

  private final InputStream in;
  private final PrintStream out;
  private final PrintStream err;
  private final Instant now;

  Detached(InputStream in, PrintStream out, PrintStream err, Instant now) {
    this.in = in;
    this.out = out;
    this.err = err;
    this.now = now;
  }

  /** A failure that has a status of the stateless OpenPGP interface. */
  private static final class Failure extends Exception {
    private static final long serialVersionUID = 1;
    private final ErrorClass errorClass;
    private final int status;

    Failure(ErrorClass errorClass, int status, String message) {
      super(message);
      this.errorClass = errorClass;
      this.status = status;
    }
  }

  static void describe(CommandSpec spec) {
    spec.addOption(
        option("SIGNATURE", DETACHED, "Judge this detached OpenPGP signature over a FILE instead.")
            .type(String.class)
            .build());
    spec.addOption(
        option("CERT", CERT, "With --detached: a certificate to judge it under; may be repeated.")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .build());
    spec.addOption(
        option("DATE", NOT_BEFORE, "With --detached: only signatures made from then on.")
            .type(String.class)
            .build());
    spec.addOption(
        option("DATE", NOT_AFTER, "With --detached: only signatures made by then.")
            .type(String.class)
            .build());
  }

  private static OptionSpec.Builder option(String label, String name, String description) {
    return OptionSpec.builder(name).paramLabel(label).description(description);
  }

  /** Whether {@code parsed} has an option that goes only with {@code --detached}. */
  static boolean isMeant(ParseResult parsed) {
    return parsed.hasMatchedOption(DETACHED)
        || parsed.hasMatchedOption(CERT)
        || parsed.hasMatchedOption(NOT_BEFORE)
        || parsed.hasMatchedOption(NOT_AFTER);
  }

  /** Judges and prints; gives the exit status. */
  int run(ParseResult parsed) throws RktException {
    try {
      String signature = parsed.matchedOptionValue(DETACHED, "");
      List<String> certificates = parsed.matchedOptionValue(CERT, List.of());
      List<String> files = parsed.matchedPositionalValue(0, List.of());
      if (signature.isEmpty() || certificates.isEmpty() || files.size() > 1) {
        throw new Failure(
            ErrorClass.USAGE,
            MISSING_ARGUMENT,
            "--detached needs one signature file, one or more --cert=CERT, and at most one FILE");
      }
      Instant first = date(parsed, NOT_BEFORE, Instant.MIN);
      Instant last = date(parsed, NOT_AFTER, Instant.MAX);
      List<KeyFacts> keys = new ArrayList<>();
      for (String certificate : certificates) {
        keys.add(certificate(certificate));
      }
      DetachedSignatures signatures = signatures(signature);
      List<Finding> findings;
      try (InputStream data = open(files.isEmpty() ? "-" : files.get(0))) {
        findings = signatures.judge(data, keys, now);
      } catch (IOException e) {
        throw new Failure(ErrorClass.SYSTEM, ErrorClass.SYSTEM.status(), "cannot close the file");
      }
      return conclude(findings, first, last);
    } catch (Failure e) {
      ErrorReport.of(e.errorClass, String.valueOf(e.getMessage()), "rkt-verify --help")
          .print(err, false);
      return e.status;
    }
  }

  /** A forgery in the name of a given certificate refuses all. spec/trust.md#several */
  private int conclude(List<Finding> findings, Instant first, Instant last) {
    List<Finding> valid = new ArrayList<>();
    boolean forged = false;
    for (Finding finding : findings) {
      String why = finding.why();
      if (finding.isValid()) {
        if (!finding.made().isBefore(first) && !finding.made().isAfter(last)) {
          valid.add(finding);
          continue;
        }
        why = "it was made at " + finding.made();
      }
      forged |= finding.rule() == Rule.BAD_SIGNATURE;
      ErrorReport.of(
              ErrorClass.TRUST,
              "the signature by " + finding.issuer() + " is refused: " + why,
              null)
          .print(err, false);
    }
    if (forged || valid.isEmpty()) {
      return NO_SIGNATURE;
    }
    for (Finding finding : valid) {
      out.println(
          finding.made().truncatedTo(ChronoUnit.SECONDS)
              + " "
              + finding.signingKey().toUpperCase(Locale.ROOT)
              + " "
              + finding.certificate().toUpperCase(Locale.ROOT)
              + " mode:binary");
    }
    return 0;
  }

  private KeyFacts certificate(String file) throws RktException, Failure {
    try {
      return KeyFacts.parse(read(file, LARGEST_CERTIFICATE), file);
    } catch (TrustException e) {
      throw new Failure(ErrorClass.TRUST, BAD_DATA, e.getMessage());
    }
  }

  private DetachedSignatures signatures(String file) throws Failure {
    byte[] bytes = read(file, LARGEST_SIGNATURE);
    try {
      return DetachedSignatures.read(bytes);
    } catch (TrustException e) {
      // More signatures than are looked at is an answer; what is no signature is none.
      int status = e.rule() == Rule.LIMIT ? NO_SIGNATURE : BAD_DATA;
      throw new Failure(ErrorClass.TRUST, status, file + ": " + e.getMessage());
    }
  }

  private byte[] read(String file, int most) throws Failure {
    try (InputStream open = open(file)) {
      return open.readNBytes(most);
    } catch (IOException e) {
      throw new Failure(
          ErrorClass.SYSTEM,
          ErrorClass.SYSTEM.status(),
          "cannot read " + file + ": " + e.getMessage());
    }
  }

  private InputStream open(String file) throws Failure {
    if (file.equals("-")) {
      return in;
    }
    try {
      return Files.newInputStream(Path.of(file));
    } catch (NoSuchFileException e) {
      throw new Failure(ErrorClass.NOT_FOUND, MISSING_INPUT, "no such file: " + file);
    } catch (IOException e) {
      throw new Failure(
          ErrorClass.SYSTEM,
          ErrorClass.SYSTEM.status(),
          "cannot read " + file + ": " + e.getMessage());
    }
  }

  private Instant date(ParseResult parsed, String option, Instant unlimited) throws Failure {
    String text = parsed.matchedOptionValue(option, "-");
    try {
      return switch (text) {
        case "-" -> unlimited;
        case "now" -> now;
        default -> OffsetDateTime.parse(text).toInstant();
      };
    } catch (DateTimeException e) {
      throw new Failure(
          ErrorClass.USAGE,
          ErrorClass.USAGE.status(),
          option + ": not a time like 2026-01-31T12:00:00Z: " + text);
    }
  }
}
