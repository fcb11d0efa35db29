package rkt.spec;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
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

  /** Why {@code e} happened, without the file name that most of the JDK's messages are. */
  public static String why(Throwable e) {
    if (e instanceof FileSystemException failure) {
      String reason = failure.getReason();
      return reason != null ? reason : why(failure);
    }
    return String.valueOf(e.getMessage());
  }

  /** Those that the JDK makes without a reason. */
  private static String why(FileSystemException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file";
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException _ -> "something else is in its place";
      case NotDirectoryException _ -> "not a directory";
      default -> e.getClass().getSimpleName();
    };
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    String message = super.getMessage();
    return message == null ? errorClass.label() : message;
  }
}
