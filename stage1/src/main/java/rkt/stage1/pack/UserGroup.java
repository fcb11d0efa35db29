package rkt.stage1.pack;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import rkt.kernel.DirFd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NativeBuffer;

/** The group of a user, as the image's own {@code /etc/passwd} has it. */
final class UserGroup {
  private static final int LARGEST = 1 << 20;

  private UserGroup() {}

  /** The number of the group; 0 where the image does not know the user. */
  static String of(Path rootfs, String user) {
    for (String line : passwd(rootfs).split("\n", -1)) {
      String[] fields = line.split(":", -1);
      boolean numbers = fields.length > 3 && fields[3].matches("[0-9]{1,10}");
      if (numbers && (fields[0].equals(user) || fields[2].equals(user))) {
        return fields[3];
      }
    }
    return "0";
  }

  /** Opened inside the tree, and only if it is a regular file of sensible size. */
  private static String passwd(Path rootfs) {
    int flags = DirFd.O_RDONLY | DirFd.O_NONBLOCK;
    try (DirFd root = DirFd.open(rootfs.toString());
        FileFd file = root.open(Names.of("etc/passwd"), flags, 0, DirFd.Resolve.IN_ROOT);
        NativeBuffer buffer = new NativeBuffer(LARGEST)) {
      if (!file.stat().isRegular() || file.stat().size() > LARGEST) {
        return "";
      }
      byte[] bytes = new byte[LARGEST];
      int length = file.read(bytes, buffer);
      return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    } catch (KernelException e) {
      return ""; // an image without users
    }
  }
}
