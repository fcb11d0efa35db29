package rkt.stage1.render;

import org.jspecify.annotations.Nullable;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;

/** A layer that could not be rendered. Nothing of it is left behind. */
public final class RenderException extends RktException {
  private RenderException(
      ErrorClass errorClass, String message, @Nullable String fix, @Nullable Throwable cause) {
    super(errorClass, message, fix, cause);
  }

  /** The layer itself is damaged or hostile. */
  static RenderException integrity(Digest layer, String why) {
    return new RenderException(
        ErrorClass.INTEGRITY,
        "cannot render layer " + layer + ": " + why,
        "fetch the image again; if it fails again, the image itself is broken",
        null);
  }

  /** An entry of the layer is refused; its name is made safe to print. */
  static RenderException entry(Digest layer, byte[] name, String why) {
    return new RenderException(
        ErrorClass.INTEGRITY,
        "cannot render layer " + layer + ": entry \"" + Names.printable(name) + "\" " + why,
        "the image breaks the rules of spec/rendering.md; ask its maker for one that does not",
        null);
  }

  /** The local system refused a file call. */
  static RenderException system(String what, KernelException cause) {
    String fix = null;
    if (cause.is(Errno.ENOSPC) || cause.is(Errno.EDQUOT)) {
      fix = "free some space: \"rkt gc\" removes what no pod needs";
    } else if (cause.is(Errno.EINVAL) && cause.call().startsWith("fchown")) {
      fix =
          "the image has files of users whom this user namespace does not have: install uidmap, and"
              + " give the user ids with usermod --add-subuids and --add-subgids";
    } else if (cause.is(Errno.EPERM) || cause.is(Errno.EACCES)) {
      fix = "run as root, or choose a directory of your own with --dir";
    }
    return new RenderException(ErrorClass.SYSTEM, "cannot " + what + ": " + why(cause), fix, cause);
  }

  /** The local system refused, in any other way. */
  static RenderException system(String what, Throwable cause) {
    return new RenderException(
        ErrorClass.SYSTEM, "cannot " + what + ": " + why(cause), null, cause);
  }

  /** A directory that the user named cannot be used. */
  static RenderException usage(String message, String fix) {
    return new RenderException(ErrorClass.USAGE, message, fix, null);
  }
}
