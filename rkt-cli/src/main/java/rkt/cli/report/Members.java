package rkt.cli.report;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * The members of a record that nobody vouches for: one of the wrong type is as if it were not
 * there. The check of the chain is what tells of it.
 */
record Members(JsonObject record) {
  String text(String name) {
    try {
      return record.findString(name).orElse("");
    } catch (SpecException e) {
      return "";
    }
  }

  /** The elements of an array; the one text of that name if it is one. */
  List<String> texts(String name) {
    try {
      return record.strings(name);
    } catch (SpecException e) {
      String one = text(name);
      return one.isEmpty() ? List.of() : List.of(one);
    }
  }

  long number(String name) {
    try {
      return record.findInteger(name).orElse(ReportTable.NONE);
    } catch (SpecException e) {
      return ReportTable.NONE;
    }
  }

  boolean flag(String name) {
    try {
      return record.findBoolean(name).orElse(false);
    } catch (SpecException e) {
      return false;
    }
  }

  /** Whether a verdict says yes; one that says nothing did not. */
  Outcome outcome() {
    if (flag("bypassed")) {
      return Outcome.BYPASSED;
    }
    return flag("accepted") ? Outcome.ACCEPTED : Outcome.REFUSED;
  }

  /** A moment in milliseconds since the epoch. */
  long time(String name) {
    String text = text(name);
    try {
      return text.isEmpty() ? ReportTable.NONE : Math.max(0, Instant.parse(text).toEpochMilli());
    } catch (DateTimeException | ArithmeticException e) {
      return ReportTable.NONE;
    }
  }

  /** A moment in seconds since the epoch, in milliseconds. */
  long seconds(String name) {
    long seconds = number(name);
    boolean sane = seconds >= 0 && seconds < 253_402_300_800L; // the year 10000
    return sane ? seconds * 1000 : ReportTable.NONE;
  }
}
