package rkt.cli;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.verify.audit.AuditEvent;

/** Which records of the audit log are wanted. All that is given must hold. */
final class AuditFilter {
  private static final String EVENT = "--event";
  private static final String NAME = "--name";
  private static final String IMAGE = "--image";
  private static final String POD = "--pod";
  private static final String KEY = "--key";
  private static final String IDENTITY = "--identity";
  private static final String SINCE = "--since";
  private static final String UNTIL = "--until";

  /** What the options are called, in the order of the help. */
  static final List<String> NAMES = List.of(EVENT, NAME, IMAGE, POD, KEY, IDENTITY, SINCE, UNTIL);

  private static final int SHORTEST_KEY = 16;

  private final String event;
  private final String name;
  private final String image;
  private final String pod;
  private final String key;
  private final String identity;
  private final Instant since;
  private final Instant until;

  private AuditFilter(ParseResult parsed, Instant now) throws UsageException {
    this.event = event(parsed.matchedOptionValue(EVENT, ""));
    this.name = parsed.matchedOptionValue(NAME, "");
    this.image = parsed.matchedOptionValue(IMAGE, "");
    this.pod = parsed.matchedOptionValue(POD, "");
    this.key = key(parsed.matchedOptionValue(KEY, ""), KEY);
    this.identity = parsed.matchedOptionValue(IDENTITY, "");
    this.since = time(parsed, SINCE, now, Instant.MIN);
    this.until = time(parsed, UNTIL, now, Instant.MAX);
  }

  static void describe(CommandSpec spec) {
    option(
        spec,
        EVENT,
        "EVENT",
        "fetch, verdict, prepare, run, enter, exit, trust, sign or recovered.");
    option(spec, NAME, "NAME", "Images of that name, or below it.");
    option(spec, IMAGE, "ID", "The image with that identifier, or a beginning of it.");
    option(spec, POD, "UUID", "The pod with that UUID, or a beginning of it.");
    option(spec, KEY, "FINGERPRINT", "What that key vouched for; the last 16 digits will do.");
    option(spec, IDENTITY, "SUBJECT", "What that identity vouched for, as in its certificates.");
    option(spec, SINCE, "TIME", "From then on: 2026-11-28T12:00:00Z, 2026-11-28, or 90m ago.");
    option(spec, UNTIL, "TIME", "Before then.");
  }

  private static void option(CommandSpec spec, String name, String label, String description) {
    spec.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .paramLabel(label)
            .description(description)
            .build());
  }

  static AuditFilter of(ParseResult parsed, Instant now) throws UsageException {
    return new AuditFilter(parsed, now);
  }

  private static String event(String wanted) throws UsageException {
    if (wanted.isEmpty()) {
      return wanted;
    }
    for (AuditEvent.Kind kind : AuditEvent.Kind.values()) {
      if (kind.label().equals(wanted)) {
        return wanted;
      }
    }
    throw new UsageException(
        EVENT + " does not know \"" + wanted + "\"", "rkt help audit log lists the events");
  }

  /** A fingerprint in lower case, without the spaces that people group it with. */
  static String key(String text, String option) throws UsageException {
    String key = text.replace(" ", "").toLowerCase(Locale.ROOT);
    boolean isHex = true;
    for (int i = 0; i < key.length(); i++) {
      isHex &= Character.digit(key.charAt(i), 16) >= 0;
    }
    if (!text.isEmpty() && (!isHex || key.length() < SHORTEST_KEY)) {
      throw new UsageException(
          option + ": \"" + text + "\" is not a fingerprint",
          "give at least its last " + SHORTEST_KEY + " hex digits");
    }
    return key;
  }

  private static Instant time(ParseResult parsed, String option, Instant now, Instant none)
      throws UsageException {
    String text = parsed.matchedOptionValue(option, "");
    if (text.isEmpty()) {
      return none;
    }
    try {
      if (text.indexOf('T') > 0) {
        return Instant.parse(text);
      }
      if (text.indexOf('-') > 0) {
        return Instant.parse(text + "T00:00:00Z");
      }
    } catch (DateTimeParseException e) {
      throw new UsageException(
          option + ": \"" + text + "\" is not a time", "write 2026-11-28T12:00:00Z or 90m");
    }
    return now.minus(Durations.parse(option, text));
  }

  /** Whether a record is wanted. */
  boolean accepts(JsonObject record) throws SpecException {
    return (event.isEmpty() || text(record, "event").equals(event))
        && (name.isEmpty() || isBelow(text(record, "name"), name))
        && (image.isEmpty() || any(record, "image", "images", image))
        && (pod.isEmpty() || text(record, "pod").startsWith(pod))
        && (key.isEmpty() || anyKey(record))
        && (identity.isEmpty() || anyIdentity(record))
        && isInTime(record);
  }

  private boolean isInTime(JsonObject record) throws SpecException {
    if (since.equals(Instant.MIN) && until.equals(Instant.MAX)) {
      return true;
    }
    try {
      Instant at = Instant.parse(text(record, "at"));
      return !at.isBefore(since) && at.isBefore(until);
    } catch (DateTimeParseException e) {
      return false;
    }
  }

  private boolean anyKey(JsonObject record) throws SpecException {
    boolean found = isKey(text(record, "key")) || isKey(text(record, "signingKey"));
    for (String each : record.strings("keys")) {
      found |= isKey(each);
    }
    for (String each : record.strings("signers")) {
      found |= isKey(each);
    }
    return found;
  }

  private boolean anyIdentity(JsonObject record) throws SpecException {
    boolean found = false;
    for (String member : List.of("keys", "signers")) {
      for (String each : record.strings(member)) {
        found |= isIdentity(each, identity);
      }
    }
    return found;
  }

  private boolean isKey(String actual) {
    return isKey(actual, key);
  }

  /** Whether {@code wanted} is this fingerprint, or its end. */
  static boolean isKey(String actual, String wanted) {
    return actual.indexOf(' ') < 0 && !actual.isEmpty() && actual.endsWith(wanted);
  }

  /** Whether a signer is an identity with that subject, by whichever issuer. */
  static boolean isIdentity(String actual, String subject) {
    int space = actual.indexOf(' ');
    return space > 0 && actual.substring(space + 1).equals(subject);
  }

  private static boolean any(JsonObject record, String one, String several, String start)
      throws SpecException {
    boolean found = text(record, one).startsWith(start);
    for (String each : record.strings(several)) {
      found |= each.startsWith(start);
    }
    return found;
  }

  /** Component by component: {@code a.b/c} is not below {@code a.b/ca}. */
  private static boolean isBelow(String actual, String prefix) {
    List<String> have = List.of(actual.split("/", -1));
    List<String> want = List.of(prefix.split("/", -1));
    return have.size() >= want.size() && have.subList(0, want.size()).equals(want);
  }

  static String text(JsonObject record, String member) throws SpecException {
    return record.findString(member).orElse("");
  }
}
