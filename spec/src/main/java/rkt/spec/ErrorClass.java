package rkt.spec;

/** The classes of failure, and the exit status of each in the single tools. spec/exit-status.md */
public enum ErrorClass {
  /** The command line, or a value that the user gave, makes no sense. */
  USAGE("usage", 2),
  /** No such image, pod or key. */
  NOT_FOUND("not-found", 10),
  /** A server could not be reached, or did not behave. */
  NETWORK("network", 11),
  /** A signature, a key or a name does not satisfy the trust policy. */
  TRUST("trust", 12),
  /** Bytes are not what their digest, size or format says. */
  INTEGRITY("integrity", 13),
  /** The pod could not be set up, or its app not started. */
  RUN("run", 14),
  /** The local system refused: disk, permissions, a missing kernel feature. */
  SYSTEM("system", 15);

  /** What {@code rkt} and {@code rkt-run} exit with for every failure of their own. */
  public static final int RKT_STATUS = 254;

  private final String label;
  private final int status;

  ErrorClass(String label, int status) {
    this.label = label;
    this.status = status;
  }

  /** The word that an error line starts with. */
  public String label() {
    return label;
  }

  /** The exit status of a single tool for this class. */
  public int status() {
    return status;
  }
}
