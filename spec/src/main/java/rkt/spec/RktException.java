package rkt.spec;

import org.jspecify.annotations.Nullable;

/**
 * A failure that a user can meet. Its message says what was attempted on what, and why it failed;
 * {@link #fix()} says what to do, where the thrower knows it. When one is thrown, the store, the
 * trust store and the pods are as they were before the call. spec/exit-status.md
 *
 * <p>Each module seals its own subclass of this.
 */
public abstract class RktException extends Exception {
  private final ErrorClass errorClass;
  private final @Nullable String fix;

  /**
   * @param message what was attempted on what, and why it failed; one line, lower case, no period
   * @param fix a command or an action that would help, or null where only the caller can know
   */
  protected RktException(
      ErrorClass errorClass, String message, @Nullable String fix, @Nullable Throwable cause) {
    super(message, cause);
    this.errorClass = errorClass;
    this.fix = fix;
  }

  public ErrorClass errorClass() {
    return errorClass;
  }

  /** What to do about it, or null. */
  public @Nullable String fix() {
    return fix;
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    String message = super.getMessage();
    return message == null ? errorClass.label() : message;
  }
}
