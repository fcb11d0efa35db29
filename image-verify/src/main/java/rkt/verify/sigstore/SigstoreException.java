package rkt.verify.sigstore;

/** A statement that a rule of spec/sigstore.md refuses; never leaves the package. */
final class SigstoreException extends Exception {
  private final Refusal rule;

  SigstoreException(Refusal rule, String message) {
    super(message);
    this.rule = rule;
  }

  static SigstoreException malformed(String message) {
    return new SigstoreException(Refusal.MALFORMED, message);
  }

  Refusal rule() {
    return rule;
  }
}
