package rkt.verify.policy;

/**
 * A text, or a pattern of one: {@code *} stands for any characters but {@code /}, {@code **} for
 * any characters at all. It always covers the whole text, in time that is bound by the product of
 * both lengths. spec/policy.md#patterns
 *
 * @param isPattern whether stars count
 */
public record Glob(String text, boolean isPattern) {
  private static final int LONGEST = 1024;

  public Glob {
    if (text.isEmpty() || text.length() > LONGEST) {
      throw new IllegalArgumentException("a text or pattern has 1 to " + LONGEST + " characters");
    }
  }

  static Glob exact(String text) {
    return new Glob(text, false);
  }

  static Glob pattern(String text) {
    return new Glob(text, true);
  }

  boolean matches(String wanted) {
    if (!isPattern) {
      return text.equals(wanted);
    }
    // reached[i]: whether what was read of the pattern so far can be the first i characters.
    boolean[] reached = new boolean[wanted.length() + 1];
    reached[0] = true;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c != '*') {
        for (int i = wanted.length(); i > 0; i--) {
          reached[i] = reached[i - 1] && wanted.charAt(i - 1) == c;
        }
        reached[0] = false;
        continue;
      }
      boolean anything = at + 1 < text.length() && text.charAt(at + 1) == '*';
      for (int i = 1; i <= wanted.length(); i++) {
        reached[i] |= reached[i - 1] && (anything || wanted.charAt(i - 1) != '/');
      }
      at += anything ? 1 : 0;
    }
    return reached[wanted.length()];
  }

  @Override
  public String toString() {
    return text;
  }
}
