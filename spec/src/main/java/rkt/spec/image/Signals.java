package rkt.spec.image;

import java.util.Locale;

/** The signals of Linux on amd64 and arm64, where they have the same numbers. */
final class Signals {
  static final int TERM = 15;

  /** The highest number. */
  static final int LAST = 64;

  private static final int RT_MIN = 34;
  private static final int RT_MAX = LAST;
  private static final String[] NAMES =
      ("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP"
              + " TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS")
          .split(" ", -1);

  private Signals() {}

  /** The number of {@code SIGTERM}, {@code term}, {@code 15} or {@code RTMIN+3}; 0 if none. */
  static int number(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    if (name.startsWith("SIG")) {
      name = name.substring(3);
    }
    for (int i = 0; i < NAMES.length; i++) {
      if (NAMES[i].equals(name)) {
        return i + 1;
      }
    }
    int number;
    if (name.startsWith("RTMIN")) {
      number = offset(name.substring(5), RT_MIN);
    } else if (name.startsWith("RTMAX")) {
      number = offset(name.substring(5), RT_MAX);
    } else {
      number = digits(name);
    }
    return number >= 1 && number <= RT_MAX ? number : 0;
  }

  private static int offset(String text, int base) {
    if (text.isEmpty()) {
      return base;
    }
    int distance = digits(text.substring(1));
    if (distance < 0) {
      return 0;
    }
    int number = text.charAt(0) == '+' ? base + distance : base - distance;
    return number >= RT_MIN ? number : 0;
  }

  private static int digits(String text) {
    if (text.isEmpty() || text.length() > 2) {
      return -1;
    }
    int value = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = value * 10 + (c - '0');
    }
    return value;
  }
}
