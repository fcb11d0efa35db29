package rkt.cli;

import org.jspecify.annotations.Nullable;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;

/** A command line that makes no sense. Nothing has happened yet. */
final class UsageException extends RktException {
  private static final long serialVersionUID = 1;

  UsageException(String message, @Nullable String fix) {
    super(ErrorClass.USAGE, message, fix, null);
  }
}
