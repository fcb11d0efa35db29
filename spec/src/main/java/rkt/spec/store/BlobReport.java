package rkt.spec.store;

import rkt.spec.Digest;

/** What a check of one blob found. spec/store.md#check */
public record BlobReport(Digest digest, State state) {

  /** How a stored blob compares with its digest. */
  public enum State {
    /** Its bytes have its digest. */
    INTACT("intact"),
    /** It is not there, or cannot be read. */
    MISSING("missing"),
    /** It has other bytes. */
    DAMAGED("damaged");

    private final String label;

    State(String label) {
      this.label = label;
    }

    /** The word in reports. */
    public String label() {
      return label;
    }
  }
}
