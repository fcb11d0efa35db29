package rkt.stage1.pod;

/**
 * The directory that a pod stands in, below {@code pods/}; moves from one to the next are renames.
 * spec/pod.md#states
 */
public enum PodPhase {
  EMBRYO("embryo", "embryo", "embryo"),
  PREPARE("prepare", "preparing", "aborted prepare"),
  PREPARED("prepared", "prepared", "prepared"),
  RUN("run", "running", "exited"),
  EXITED_GARBAGE("exited-garbage", "exited deleting", "exited garbage"),
  GARBAGE("garbage", "deleting", "garbage");

  private final String directory;
  private final String locked;
  private final String unlocked;

  PodPhase(String directory, String locked, String unlocked) {
    this.directory = directory;
    this.locked = locked;
    this.unlocked = unlocked;
  }

  /** The name of the directory. */
  public String directory() {
    return directory;
  }

  /** The state of a pod here, as rkt has always printed it. */
  public String state(boolean isLocked) {
    return isLocked ? locked : unlocked;
  }
}
