package rkt.stage1.pack;

import org.jspecify.annotations.Nullable;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;

/** An image that could not be written. What was to be written is not there. */
public final class PackException extends RktException {
  private PackException(
      ErrorClass errorClass, String message, @Nullable String fix, @Nullable Throwable cause) {
    super(errorClass, message, fix, cause);
  }

  static PackException usage(String message, @Nullable String fix) {
    return new PackException(ErrorClass.USAGE, message, fix, null);
  }

  static PackException integrity(String message, @Nullable String fix) {
    return new PackException(ErrorClass.INTEGRITY, message, fix, null);
  }

  static PackException system(String what, Throwable cause) {
    return new PackException(ErrorClass.SYSTEM, "cannot " + what + ": " + why(cause), null, cause);
  }
}
