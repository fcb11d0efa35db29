package rkt.fetch.transport;

import org.jspecify.annotations.Nullable;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;

/** An image that could not be fetched. The store is as it was before. */
public final class FetchException extends RktException {

  private FetchException(
      ErrorClass errorClass, String message, @Nullable String fix, @Nullable Throwable cause) {
    super(errorClass, message, fix, cause);
  }

  /** A server that could not be reached, or did not behave. */
  public static FetchException network(String message, @Nullable Throwable cause) {
    return new FetchException(ErrorClass.NETWORK, message, null, cause);
  }

  /** The same, where the user can do something about it. */
  public static FetchException network(String message, @Nullable String fix) {
    return new FetchException(ErrorClass.NETWORK, message, fix, null);
  }

  /** The same, with what went wrong underneath. */
  public static FetchException network(String message, @Nullable String fix, Throwable cause) {
    return new FetchException(ErrorClass.NETWORK, message, fix, cause);
  }

  /** Nothing of that name is there. */
  public static FetchException notFound(String message, @Nullable String fix) {
    return new FetchException(ErrorClass.NOT_FOUND, message, fix, null);
  }

  /** Bytes that are not what they should be. */
  public static FetchException integrity(String message, @Nullable Throwable cause) {
    return new FetchException(ErrorClass.INTEGRITY, message, null, cause);
  }

  /** An image that is not the one that was asked for. */
  public static FetchException trust(String message) {
    return new FetchException(ErrorClass.TRUST, message, null, null);
  }

  /** A value that a user gave makes no sense. */
  public static FetchException usage(String message, @Nullable String fix) {
    return new FetchException(ErrorClass.USAGE, message, fix, null);
  }

  /** The local system refused. */
  public static FetchException system(String message, Throwable cause) {
    return new FetchException(ErrorClass.SYSTEM, message, null, cause);
  }
}
