package rkt.stage1.run;

/** The {@code --insecure-options} that take away some of a pod's confinement, by their names. */
final class Weakening {
  static final String CAPABILITIES = "capabilities";
  static final String PATHS = "paths";
  static final String SECCOMP = "seccomp";
  static final String NO_NEW_PRIVILEGES = "no-new-privileges";
  static final String RLIMITS = "rlimits";
  static final String LANDLOCK = "landlock";

  private Weakening() {}
}
