package rkt.kernel;

/**
 * What became of a limit that was set.
 *
 * @param reason why it is not enforced as it was asked for; empty if it is
 */
public record CgroupOutcome(Kind kind, String reason) {
  /** In the words of the appc spec. */
  public enum Kind {
    ENFORCED,
    /** A nearer value holds. */
    MODIFIED,
    IGNORED
  }

  static final CgroupOutcome ENFORCED = new CgroupOutcome(Kind.ENFORCED, "");

  static CgroupOutcome modified(String reason) {
    return new CgroupOutcome(Kind.MODIFIED, reason);
  }

  static CgroupOutcome ignored(String reason) {
    return new CgroupOutcome(Kind.IGNORED, reason);
  }
}
