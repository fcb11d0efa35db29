package rkt.verify.sigstore;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/**
 * When a key or authority of the trusted root may be believed, both ends included.
 *
 * @param end null if it has none
 */
record Validity(Instant start, @Nullable Instant end) {
  static Validity of(JsonObject owner) throws SpecException {
    JsonObject range = owner.object("validFor");
    String end = range.findString("end").orElse(null);
    try {
      return new Validity(
          Instant.parse(range.string("start")), end == null ? null : Instant.parse(end));
    } catch (DateTimeParseException e) {
      throw SpecException.integrity(range.where() + ": not a time: " + e.getParsedString());
    }
  }

  boolean covers(Instant time) {
    return !time.isBefore(start) && (end == null || !time.isAfter(end));
  }
}
