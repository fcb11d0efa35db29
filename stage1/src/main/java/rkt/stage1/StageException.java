package rkt.stage1;

import org.jspecify.annotations.Nullable;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;

/** A pod that could not be prepared, started, entered or removed. Nothing of it is left behind. */
public final class StageException extends RktException {

  private StageException(
      ErrorClass errorClass, String message, @Nullable String fix, @Nullable Throwable cause) {
    super(errorClass, message, fix, cause);
  }

  /** The sandbox could not be set up, or the app not started. */
  public static StageException run(String message, @Nullable String fix) {
    return new StageException(ErrorClass.RUN, message, fix, null);
  }

  /** The same, because of {@code cause}. */
  public static StageException run(String message, @Nullable String fix, Throwable cause) {
    return new StageException(ErrorClass.RUN, message + ": " + why(cause), fix, cause);
  }

  /** A flag, or a value in a manifest, that makes no sense. */
  public static StageException usage(String message, @Nullable String fix) {
    return new StageException(ErrorClass.USAGE, message, fix, null);
  }

  /** No such pod or app. */
  public static StageException notFound(String message, @Nullable String fix) {
    return new StageException(ErrorClass.NOT_FOUND, message, fix, null);
  }

  /** The host refused: permission, disk, a missing feature. */
  public static StageException system(String message, @Nullable String fix, Throwable cause) {
    return new StageException(ErrorClass.SYSTEM, message + ": " + why(cause), fix, cause);
  }

  /** The host lacks something that was needed. */
  public static StageException system(String message, @Nullable String fix) {
    return new StageException(ErrorClass.SYSTEM, message, fix, null);
  }
}
