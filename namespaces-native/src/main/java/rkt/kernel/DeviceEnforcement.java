package rkt.kernel;

/**
 * What holds the processes of a control group to a list of devices. spec/pod.md#device-rules
 *
 * @param reason why it is nothing; empty if it is something
 */
public record DeviceEnforcement(By by, String reason) {
  /** What it can be. */
  public enum By {
    /** The devices controller of version 1. */
    CONTROLLER,
    /** A program in a group of version 2. */
    PROGRAM,
    NOTHING
  }

  static final DeviceEnforcement BY_CONTROLLER = new DeviceEnforcement(By.CONTROLLER, "");
  static final DeviceEnforcement BY_PROGRAM = new DeviceEnforcement(By.PROGRAM, "");

  public DeviceEnforcement {
    if (reason.isEmpty() != (by != By.NOTHING)) {
      throw new IllegalArgumentException("only what is not enforced has a reason");
    }
  }

  static DeviceEnforcement nothing(String reason) {
    return new DeviceEnforcement(By.NOTHING, reason);
  }
}
