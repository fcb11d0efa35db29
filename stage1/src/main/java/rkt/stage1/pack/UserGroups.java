package rkt.stage1.pack;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.kernel.DirFd;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NativeBuffer;

/**
 * The groups of a user, as the image's own {@code /etc/passwd} and {@code /etc/group} have them.
 *
 * @param primary a number; 0 where the image does not know the user
 * @param memberships the others
 */
record UserGroups(String primary, List<Integer> memberships) {
  private static final int LARGEST = 1 << 20;

  UserGroups {
    memberships = List.copyOf(memberships);
  }

  static UserGroups of(Path rootfs, String user) {
    for (String[] fields : lines(rootfs, "etc/passwd")) {
      boolean numbers = fields.length > 3 && isNumber(fields[3]);
      if (numbers && (fields[0].equals(user) || fields[2].equals(user))) {
        return new UserGroups(fields[3], memberships(rootfs, fields[0], fields[3]));
      }
    }
    return new UserGroups("0", List.of());
  }

  private static List<Integer> memberships(Path rootfs, String name, String primary) {
    List<Integer> groups = new ArrayList<>();
    for (String[] fields : lines(rootfs, "etc/group")) {
      if (fields.length > 3
          && isNumber(fields[2])
          && !fields[2].equals(primary)
          && List.of(fields[3].split(",", -1)).contains(name)
          && !groups.contains(Integer.valueOf(fields[2]))) {
        groups.add(Integer.valueOf(fields[2]));
      }
    }
    return groups;
  }

  private static boolean isNumber(String text) {
    return text.matches("[0-9]{1,10}") && Long.parseLong(text) <= Integer.MAX_VALUE;
  }

  /** Opened inside the tree, and only if it is a regular file of sensible size. */
  private static List<String[]> lines(Path rootfs, String table) {
    int flags = DirFd.O_RDONLY | DirFd.O_NONBLOCK;
    List<String[]> lines = new ArrayList<>();
    try (DirFd root = DirFd.open(rootfs.toString());
        FileFd file = root.open(Names.of(table), flags, 0, DirFd.Resolve.IN_ROOT);
        NativeBuffer buffer = new NativeBuffer(LARGEST)) {
      if (!file.stat().isRegular() || file.stat().size() > LARGEST) {
        return lines;
      }
      byte[] bytes = new byte[LARGEST];
      int length = file.read(bytes, buffer);
      for (String line :
          new String(bytes, 0, length, StandardCharsets.ISO_8859_1).split("\n", -1)) {
        lines.add(line.split(":", -1));
      }
      return lines;
    } catch (KernelException e) {
      return lines; // an image without users
    }
  }
}
