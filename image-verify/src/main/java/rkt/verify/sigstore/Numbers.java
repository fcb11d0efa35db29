package rkt.verify.sigstore;

import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;

/** Whole numbers as protocol buffers write them in JSON: in a string. */
final class Numbers {
  private Numbers() {}

  /** The member {@code name}, 0 if it is absent, as such writers leave a 0 out. */
  static long of(JsonObject object, String name) throws SpecException, SigstoreException {
    String text = object.findString(name).orElse("0");
    try {
      long number = Long.parseLong(text);
      if (number >= 0 && Long.toString(number).equals(text)) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new SigstoreException(
          Refusal.MALFORMED, object.where() + ": " + name + " is no number");
    }
    throw SigstoreException.malformed(object.where() + ": " + name + " is no number");
  }
}
