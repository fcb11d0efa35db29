package rkt.spec.store;

/**
 * The directories that are used when no option names others: those of the machine, or, for an
 * ordinary user, those that the launcher found by the user's environment. spec/rootless.md
 */
public final class Directories {
  private Directories() {}

  /** The store and the pods. */
  public static String data() {
    return System.getProperty("rkt.data", "/var/lib/rkt");
  }

  /** Configuration of this machine, or of this user. */
  public static String localConfig() {
    return System.getProperty("rkt.config", "/etc/rkt");
  }
}
