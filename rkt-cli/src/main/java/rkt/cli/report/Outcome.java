package rkt.cli.report;

/** What came of a decision. */
enum Outcome {
  NONE(0, "", ""),
  ACCEPTED(1, "accepted", "\u2713"),
  BYPASSED(2, "bypassed", "\u25b2"),
  REFUSED(3, "refused", "\u2715");

  private final int code;
  private final String label;
  private final String sign;

  Outcome(int code, String label, String sign) {
    this.code = code;
    this.label = label;
    this.sign = sign;
  }

  /** What it is in a cell, and for the page's program. */
  int code() {
    return code;
  }

  static Outcome of(long code) {
    for (Outcome outcome : values()) {
      if (outcome.code == code) {
        return outcome;
      }
    }
    throw new IllegalArgumentException("no outcome " + code);
  }

  String label() {
    return label;
  }

  /** A mark that tells them apart without colour. */
  String sign() {
    return sign;
  }
}
