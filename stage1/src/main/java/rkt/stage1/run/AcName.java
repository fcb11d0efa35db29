package rkt.stage1.run;

import rkt.stage1.StageException;

/** The rule of the appc spec for the names of apps and volumes. spec/pod.md#names */
public final class AcName {
  private static final int LONGEST = 63;

  private AcName() {}

  /** Lowercase letters and digits, with single dashes between them. */
  public static boolean isValid(String name) {
    if (name.isEmpty() || name.length() > LONGEST || name.startsWith("-") || name.endsWith("-")) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean dash = c == '-' && name.charAt(i - 1) != '-';
      if (!dash && (c < 'a' || c > 'z') && (c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }

  /**
   * {@code name}, which a user gave.
   *
   * @throws StageException of class {@code usage} if it is no AC Name
   */
  public static String checked(String name) throws StageException {
    if (!isValid(name)) {
      throw StageException.usage(
          "\"" + name + "\" cannot be the name of an app",
          "use lowercase letters, digits and single dashes, 63 at most");
    }
    return name;
  }

  /** The nearest valid name to {@code text}: what an app is called whose name was not given. */
  public static String nearest(String text) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = Character.toLowerCase(text.charAt(i));
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
        name.append(c);
      } else if (!name.isEmpty() && name.charAt(name.length() - 1) != '-') {
        name.append('-');
      }
    }
    name.setLength(Math.min(name.length(), LONGEST));
    while (!name.isEmpty() && name.charAt(name.length() - 1) == '-') {
      name.setLength(name.length() - 1);
    }
    return name.isEmpty() ? "app" : name.toString();
  }
}
