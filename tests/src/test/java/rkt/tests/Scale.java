package rkt.tests;

/** How much a test does: what fits beside all others, or, with tests/all --long, the whole. */
public final class Scale {
  private static final boolean IS_LONG = Boolean.getBoolean("rkt.long");

  private Scale() {}

  /** {@code whole} in a long run, else {@code usual}. */
  public static int of(int usual, int whole) {
    return IS_LONG ? whole : usual;
  }
}
