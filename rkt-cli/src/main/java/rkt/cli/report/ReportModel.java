package rkt.cli.report;

import static rkt.cli.report.ReportTable.NONE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.cli.report.ReportTable.Kind;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * What a report shows, gathered record by record. A start is told with the verdict that its process
 * had on each image just before, and with the end of its pod, whenever that was seen.
 */
public final class ReportModel {
  /** A verdict, as those after it refer to it. */
  private record Judged(
      Outcome outcome, String rule, String key, String scope, long signedAt, String why) {}

  /** What is known of somebody who vouches. */
  private static final class Signer {
    private final Set<String> scopes = new HashSet<>();
    private final Set<String> images = new HashSet<>();
    private long starts;
    private long first = Long.MAX_VALUE;
    private long last = NONE;

    void saw(long at) {
      first = Math.min(first, at);
      last = Math.max(last, at);
    }
  }

  /** More would not fit the memory of this command, and hardly that of a browser. */
  private static final int MOST_RECORDS = 500_000;

  private final Texts texts = new Texts();
  private final Map<String, Judged> verdicts = new HashMap<>();
  private final Map<String, List<long[]>> runsOfPods = new HashMap<>();
  private final Map<String, Signer> signers = new LinkedHashMap<>();
  private final Set<String> imagesRun = new HashSet<>();
  private final Figures figures = new Figures();

  private final ReportTable attention =
      new ReportTable(
              "attention",
              "Bypassed and refused",
              "What was not proven, and what was switched off for a pod.")
          .column("Time", Kind.TIME)
          .column("Outcome", Kind.OUTCOME)
          .column("When", Kind.TEXT)
          .column("Name", Kind.TEXT)
          .column("Rule", Kind.TEXT)
          .column("Reason", Kind.TEXT)
          .column("Image", Kind.HASH)
          .column("Record", Kind.COUNT);
  private final ReportTable runs =
      new ReportTable(
              "runs",
              "What ran",
              "Every app of every pod that was started, and who vouched for it.")
          .column("Started", Kind.TIME)
          .column("App", Kind.TEXT)
          .column("Name", Kind.TEXT)
          .column("Outcome", Kind.OUTCOME)
          .column("Signed by", Kind.HASH)
          .column("Signed at", Kind.TIME)
          .column("Rule", Kind.TEXT)
          .column("Image", Kind.HASH)
          .column("Pod", Kind.HASH)
          .column("Ended", Kind.TIME)
          .column("Status", Kind.TEXT);
  private final ReportTable signed =
      new ReportTable(
              "signers", "Who vouched", "Every key or identity that an image was accepted by.")
          .column("Signer", Kind.HASH)
          .column("Trusted for", Kind.TEXT)
          .column("Images", Kind.COUNT)
          .column("Apps started", Kind.COUNT)
          .column("First", Kind.TIME)
          .column("Last", Kind.TIME);
  private final ReportTable trust =
      new ReportTable("trust", "Changes of trust", "Keys that came to be trusted, or no more.")
          .column("Time", Kind.TIME)
          .column("Change", Kind.TEXT)
          .column("Trusted for", Kind.TEXT)
          .column("Key", Kind.HASH)
          .column("By user", Kind.COUNT)
          .column("Record", Kind.COUNT);
  private final ReportTable fetches =
      new ReportTable("fetches", "What was fetched", "Images that entered the store.")
          .column("Time", Kind.TIME)
          .column("Name", Kind.TEXT)
          .column("Outcome", Kind.OUTCOME)
          .column("Signed by", Kind.HASH)
          .column("Signed at", Kind.TIME)
          .column("Image", Kind.HASH)
          .column("Signed bytes", Kind.HASH)
          .column("Record", Kind.COUNT);
  private final ReportTable ledger =
      new ReportTable("records", "Every record", "The log itself, one row a record.")
          .column("Record", Kind.COUNT)
          .column("Time", Kind.TIME)
          .column("Event", Kind.TEXT)
          .column("Outcome", Kind.OUTCOME)
          .column("Name", Kind.TEXT)
          .column("Image", Kind.HASH)
          .column("Pod", Kind.HASH)
          .column("Key", Kind.HASH)
          .column("Details", Kind.TEXT)
          .column("Pid", Kind.COUNT)
          .column("Uid", Kind.COUNT);

  /** Sums for the head of the page. */
  static final class Figures {
    long records;
    long pods;
    long refused;
    long bypassed;
    long fetched;
    long trustChanges;
    long first = Long.MAX_VALUE;
    long last = NONE;
  }

  /**
   * Takes the next record.
   *
   * @param wanted whether it is to be shown; if not, it may still explain others
   * @throws SpecException of class usage if there are more than a page holds
   */
  public void add(JsonObject json, boolean wanted) throws SpecException {
    if (wanted && figures.records == MOST_RECORDS) {
      throw SpecException.usage(
          "a page holds no more than " + MOST_RECORDS + " records, and there are more",
          "choose some of them, with --since, --until or --name");
    }
    Members record = new Members(json);
    String event = record.text("event");
    long at = record.time("at");
    switch (event) {
      case "verdict" -> verdict(record, at, wanted);
      case "fetch" -> fetch(record, at, wanted);
      case "run" -> run(record, at, wanted);
      case "exit" -> exit(record);
      case "trust" -> trust(record, at, wanted);
      case "recovered" -> recovered(record, at, wanted);
      default -> {} // in the table of all
    }
    if (wanted) {
      ledger(record, event, at);
      figures.records++;
      if (at != NONE) {
        figures.first = Math.min(figures.first, at);
        figures.last = Math.max(figures.last, at);
      }
    }
  }

  private void verdict(Members record, long at, boolean wanted) {
    Judged judged =
        new Judged(
            record.outcome(),
            rule(record),
            signer(record),
            record.text("scope"),
            record.seconds("signedAt"),
            record.text("why"));
    if (judged.outcome() != Outcome.REFUSED) {
      verdicts.put(verdictKey(record, record.text("image")), judged);
    }
    if (!wanted) {
      return;
    }
    if (judged.outcome() == Outcome.ACCEPTED) {
      Signer signer = signers.computeIfAbsent(judged.key(), _ -> new Signer());
      signer.saw(at);
      signer.images.add(record.text("image"));
      if (!judged.scope().isEmpty()) {
        signer.scopes.add(judged.scope());
      }
      return;
    }
    boolean isBypass = judged.outcome() == Outcome.BYPASSED;
    figures.bypassed += isBypass ? 1 : 0;
    figures.refused += isBypass ? 0 : 1;
    String name = record.text("name");
    String file = record.text("file");
    attention.add(
        at,
        judged.outcome().code(),
        texts.of(record.text("purpose")),
        texts.of(!name.isEmpty() ? name : file.isEmpty() ? record.text("reference") : file),
        texts.of(judged.rule()),
        texts.of(isBypass ? "not verified: --insecure-options=image" : judged.why()),
        texts.of(record.text("image")),
        record.number("seq"));
  }

  private static String verdictKey(Members record, String image) {
    return record.number("pid") + " " + image;
  }

  /** The rule, and the policy that it is one of. */
  private static String rule(Members record) {
    String policy = record.text("policy");
    String rule = record.text("rule");
    return policy.isEmpty() ? rule : rule.isEmpty() ? policy : policy + ": " + rule;
  }

  /** Who vouched: keys and identities, where there was more to it than one key of OpenPGP. */
  private static String signer(Members record) {
    List<String> signers = record.texts("signers");
    return signers.isEmpty() ? record.text("key") : String.join(", ", signers);
  }

  private void fetch(Members record, long at, boolean wanted) {
    if (!wanted) {
      return;
    }
    figures.fetched++;
    String image = record.text("image");
    Judged judged = verdicts.get(verdictKey(record, image));
    Outcome outcome = record.flag("bypassed") ? Outcome.BYPASSED : Outcome.ACCEPTED;
    fetches.add(
        at,
        texts.of(record.text("name")),
        outcome.code(),
        judged == null ? NONE : texts.of(judged.key()),
        judged == null ? NONE : judged.signedAt(),
        texts.of(image),
        texts.of(record.text("signed")),
        record.number("seq"));
  }

  private void run(Members record, long at, boolean wanted) {
    if (!wanted) {
      return;
    }
    figures.pods++;
    List<String> images = record.texts("images");
    List<String> names = record.texts("names");
    List<String> apps = record.texts("apps");
    List<String> keys = record.texts("keys");
    List<String> insecure = record.texts("insecure");
    String pod = record.text("pod");
    List<long[]> rows = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      String image = images.get(i);
      imagesRun.add(image);
      Judged judged = verdicts.get(verdictKey(record, image));
      Outcome outcome =
          judged != null
              ? judged.outcome()
              : insecure.contains("image") ? Outcome.BYPASSED : Outcome.NONE;
      String key = judged != null ? judged.key() : keys.size() == 1 ? keys.get(0) : "";
      countStart(judged, key, at);
      rows.add(
          runs.add(
              at,
              texts.of(i < apps.size() ? apps.get(i) : ""),
              texts.of(i < names.size() ? names.get(i) : ""),
              outcome.code(),
              texts.of(key),
              judged == null ? NONE : judged.signedAt(),
              texts.of(judged == null ? "" : ruleAndScope(judged)),
              texts.of(image),
              texts.of(pod),
              NONE,
              texts.of("no end recorded")));
    }
    for (String image : images) {
      verdicts.remove(verdictKey(record, image)); // of this start, and of no other
    }
    runsOfPods.put(pod, rows);
    switchedOff(record, at, names, insecure);
  }

  private void countStart(@Nullable Judged judged, String key, long at) {
    if (judged != null && judged.outcome() == Outcome.ACCEPTED) {
      Signer signer = signers.computeIfAbsent(key, _ -> new Signer());
      signer.starts++;
      signer.saw(at);
    }
  }

  private static String ruleAndScope(Judged judged) {
    return judged.scope().isEmpty() ? judged.rule() : judged.rule() + ", by " + judged.scope();
  }

  /** A pod that runs with less protection than usual. Verification has a verdict of its own. */
  private void switchedOff(Members record, long at, List<String> names, List<String> insecure) {
    List<String> checks = new ArrayList<>(insecure);
    checks.remove("image");
    if (!checks.isEmpty()) {
      figures.bypassed++;
      attention.add(
          at,
          Outcome.BYPASSED.code(),
          texts.of("run"),
          texts.of(String.join(", ", names)),
          NONE,
          texts.of("switched off: " + String.join(", ", checks)),
          texts.of(String.join(" ", record.texts("images"))),
          record.number("seq"));
    }
  }

  private void exit(Members record) {
    List<long[]> rows = runsOfPods.remove(record.text("pod"));
    if (rows == null) {
      return;
    }
    long ended = record.time("exitedAt");
    long status = texts.of(ending(record));
    for (long[] row : rows) {
      row[row.length - 2] = ended;
      row[row.length - 1] = status;
    }
  }

  private static String ending(Members record) {
    long signal = record.number("signal");
    long status = record.number("status");
    if (record.flag("killed")) {
      return "killed";
    }
    if (status == NONE) {
      return "ended";
    }
    return signal > 0 ? status + ", by signal " + signal : Long.toString(status);
  }

  private void trust(Members record, long at, boolean wanted) {
    if (wanted) {
      figures.trustChanges++;
      trust.add(
          at,
          texts.of(change(record.text("action"))),
          texts.of(record.text("scope")),
          texts.of(record.text("key")),
          record.number("uid"),
          record.number("seq"));
    }
  }

  /** A log that lost its head may have lost records: that is for whoever looks for gaps. */
  private void recovered(Members record, long at, boolean wanted) {
    if (wanted && !record.text("head").isEmpty()) {
      figures.bypassed++;
      attention.add(
          at,
          Outcome.BYPASSED.code(),
          texts.of("log"),
          NONE,
          NONE,
          texts.of(recovery(record)),
          NONE,
          record.number("seq"));
    }
  }

  private static String recovery(Members record) {
    long torn = record.number("tornBytes");
    String killed = "a writer was killed; " + torn + " bytes of its line were taken off";
    String lost = "the head of the log was missing: records before this one may have been cut off";
    boolean hasHead = record.text("head").isEmpty();
    return hasHead ? killed : torn == NONE ? lost : lost + "; " + killed;
  }

  private static String change(String action) {
    return switch (action) {
      case "add" -> "trusted";
      case "remove" -> "trusted no more";
      case "mask" -> "masked";
      case "unmask" -> "masked no more";
      default -> action;
    };
  }

  private void ledger(Members record, String event, long at) {
    Outcome outcome = event.equals("verdict") ? record.outcome() : Outcome.NONE;
    if (event.equals("fetch") && record.flag("bypassed")) {
      outcome = Outcome.BYPASSED;
    }
    String name = record.text("name");
    String key = signer(record);
    String image = record.text("image");
    ledger.add(
        record.number("seq"),
        at,
        texts.of(event),
        outcome.code(),
        texts.of(name.isEmpty() ? String.join(", ", record.texts("names")) : name),
        texts.of(image.isEmpty() ? String.join(" ", record.texts("images")) : image),
        texts.of(record.text("pod")),
        texts.of(key.isEmpty() ? String.join(" ", record.texts("keys")) : key),
        texts.of(details(record, event)),
        record.number("pid"),
        record.number("uid"));
  }

  private static String details(Members record, String event) {
    return switch (event) {
      case "verdict" -> {
        String why = record.text("why");
        String more = why.isEmpty() ? record.text("scope") : why;
        String of = record.text("name").isEmpty() ? " " + record.text("reference") : "";
        String file = record.text("file");
        yield record.text("purpose")
            + of
            + (file.isEmpty() ? "" : " " + file)
            + ": "
            + rule(record)
            + (more.isEmpty() ? "" : ", " + more);
      }
      case "prepare", "run" -> {
        List<String> off = record.texts("insecure");
        String network = record.text("network");
        yield (network.isEmpty() ? "" : "network " + network)
            + (off.isEmpty() ? "" : "; switched off: " + String.join(", ", off));
      }
      case "enter" -> {
        String app = record.text("app");
        yield record.text("program") + (app.isEmpty() ? "" : " in " + app);
      }
      case "exit" -> ending(record);
      case "sign" -> {
        String file = record.text("file");
        String reference = record.text("reference");
        String type = record.text("predicateType");
        yield record.text("form")
            + " of "
            + (file.isEmpty() ? "" : file + ", ")
            + record.text("signed")
            + (reference.isEmpty() ? "" : ", as " + reference)
            + (type.isEmpty() ? "" : ": " + type);
      }
      case "trust" -> change(record.text("action")) + " for " + record.text("scope");
      case "recovered" ->
          "a writer was killed; "
              + record.number("tornBytes")
              + " bytes of its line were taken off";
      default -> "";
    };
  }

  Texts texts() {
    return texts;
  }

  Figures figures() {
    return figures;
  }

  int imagesRun() {
    return imagesRun.size();
  }

  int signerCount() {
    return signers.size();
  }

  /** The tables, in the order of the page. */
  List<ReportTable> tables() {
    if (signed.rows().isEmpty()) {
      signers.forEach((key, signer) ->
          signed.add(
              texts.of(key),
              texts.of(String.join(", ", signer.scopes.stream().sorted().toList())),
              signer.images.size(),
              signer.starts,
              signer.first == Long.MAX_VALUE ? NONE : signer.first,
              signer.last));
    }
    return List.of(attention, runs, signed, trust, fetches, ledger);
  }
}
