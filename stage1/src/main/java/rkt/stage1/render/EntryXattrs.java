package rkt.stage1.render;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;

/**
 * Which extended attributes of an entry are kept: those of the user namespace. What steers the
 * kernel (capabilities, labels, access lists) is dropped; what steers an overlay is refused, since
 * no honest tool puts it in a layer. spec/rendering.md#attributes
 */
final class EntryXattrs {
  private static final int LONGEST_NAME = 255;
  private static final int LONGEST_VALUE = 64 << 10;

  private EntryXattrs() {}

  /** Drops what is not kept. */
  static void check(TarEntry entry) throws LayerFormatException {
    if (entry.xattrs.isEmpty()) {
      return;
    }
    List<TarEntry.Xattr> kept = new ArrayList<>();
    for (TarEntry.Xattr xattr : entry.xattrs) {
      String name = new String(xattr.name, StandardCharsets.ISO_8859_1);
      if (name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.")) {
        throw new LayerFormatException(entry.name, "has an attribute that steers overlays");
      }
      if (name.length() > LONGEST_NAME || xattr.value.length > LONGEST_VALUE) {
        throw new LayerFormatException(entry.name, "has an attribute longer than Linux allows");
      }
      if (name.startsWith("user.") && name.length() > 5) {
        kept.add(xattr);
      }
    }
    // The kernel has user attributes on files and directories alone.
    boolean carries = entry.type == TarEntry.REGULAR || entry.type == TarEntry.DIRECTORY;
    entry.xattrs.clear();
    if (carries) {
      entry.xattrs.addAll(kept);
    }
  }

  /** How much memory the attributes of {@code entry} take. */
  static long bytes(TarEntry entry) {
    long bytes = 0;
    for (TarEntry.Xattr xattr : entry.xattrs) {
      bytes += xattr.name.length + xattr.value.length + 100;
    }
    return bytes;
  }

  static void apply(TarEntry entry, FileFd file) throws KernelException {
    for (TarEntry.Xattr xattr : entry.xattrs) {
      try {
        file.setXattr(xattr.name, xattr.value);
      } catch (KernelException e) {
        // A file system without user attributes (an older tmpfs) still holds the files.
        if (!e.is(Errno.EOPNOTSUPP)) {
          throw e;
        }
      }
    }
  }
}
