package rkt.spec;

import org.jspecify.annotations.Nullable;

/** A document, an image layout or a store that does not follow the specification. */
public final class SpecException extends RktException {

  private SpecException(
      ErrorClass errorClass, String message, @Nullable String fix, @Nullable Throwable cause) {
    super(errorClass, message, fix, cause);
  }

  /** Bytes that are not what they should be: digest, size, or format. */
  public static SpecException integrity(String message) {
    return new SpecException(ErrorClass.INTEGRITY, message, null, null);
  }

  /** The same, with what to do. */
  public static SpecException integrity(String message, String fix) {
    return new SpecException(ErrorClass.INTEGRITY, message, fix, null);
  }

  /** The same, with what met the bytes. */
  public static SpecException integrity(String message, @Nullable Throwable cause) {
    return new SpecException(ErrorClass.INTEGRITY, message, null, cause);
  }

  /** The local system refused: I/O error, permission, no space. */
  public static SpecException system(String message, Throwable cause) {
    return new SpecException(ErrorClass.SYSTEM, message, null, cause);
  }

  /** What the local system does not let this user do, and what would help. */
  public static SpecException system(String message, String fix) {
    return new SpecException(ErrorClass.SYSTEM, message, fix, null);
  }

  /** Something named is not there. */
  public static SpecException notFound(String message, @Nullable String fix) {
    return new SpecException(ErrorClass.NOT_FOUND, message, fix, null);
  }

  /** A value that a user gave makes no sense. */
  public static SpecException usage(String message) {
    return usage(message, null);
  }

  /** The same, with what to do. */
  public static SpecException usage(String message, @Nullable String fix) {
    return new SpecException(ErrorClass.USAGE, message, fix, null);
  }
}
