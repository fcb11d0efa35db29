package rkt.tests.fuzz;

/**
 * What Jazzer calls with one input after the other; the property {@code rkt.fuzz} says for whom.
 */
public final class Fuzz {
  /** In place of a target: breaks on an input that only who watches its branches finds. */
  static final String PLANTED = "PLANTED";

  private static final String NAME = System.getProperty("rkt.fuzz", "");

  private Fuzz() {}

  /** Before the first input, whose ten seconds are not for what is loaded once. */
  public static void fuzzerInitialize() throws Exception {
    if (!NAME.equals(PLANTED)) {
      FuzzTarget target = FuzzTarget.valueOf(NAME);
      for (byte[] seed : target.seeds()) {
        target.feed(seed);
      }
    }
  }

  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    if (NAME.equals(PLANTED)) {
      planted(input);
    } else {
      FuzzTarget.valueOf(NAME).feed(input);
    }
  }

  private static void planted(byte[] input) {
    if (input.length > 3 && input[0] == 'r' && input[1] == 'k' && input[2] == 't') {
      throw new IllegalStateException("planted");
    }
  }
}
