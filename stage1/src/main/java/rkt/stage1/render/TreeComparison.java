package rkt.stage1.render;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NativeBuffer;
import rkt.kernel.Stat;

/**
 * Says in what a tree differs from another one, which was just made from the same layer: names,
 * types, modes, owners, times, contents, links, attributes. Reads both, changes neither, and
 * follows no link of either.
 */
final class TreeComparison implements AutoCloseable {
  private static final int BUFFER_BYTES = 256 << 10;
  private static final byte[] DOT = {'.'};

  private final NativeBuffer buffer = new NativeBuffer(BUFFER_BYTES);
  private final byte[] expected = new byte[BUFFER_BYTES];
  private final byte[] found = new byte[BUFFER_BYTES];
  private final Map<Long, Long> linked = new HashMap<>();
  private final List<byte[]> path = new ArrayList<>();
  private final List<TreeReport.Finding> findings = new ArrayList<>();

  /** What was found so far. */
  List<TreeReport.Finding> findings() {
    return findings;
  }

  /** Compares two directories and all that is in them. */
  void compare(DirFd right, DirFd seen) throws KernelException {
    compareFacts(right.self().stat(), seen.self().stat());
    compareAttributes(right, seen, DOT);
    Set<NameKey> names = new HashSet<>();
    for (DirFd.Entry entry : right.list()) {
      names.add(new NameKey(entry.name()));
      path.add(entry.name());
      compareEntry(right, seen, entry.name());
      path.removeLast();
    }
    for (DirFd.Entry entry : seen.list()) {
      if (!names.contains(new NameKey(entry.name()))) {
        path.add(entry.name());
        add("is not in the layer");
        path.removeLast();
      }
    }
  }

  private void compareEntry(DirFd right, DirFd seen, byte[] name) throws KernelException {
    if (isFull()) {
      return;
    }
    Stat wanted = right.stat(name);
    Stat stat = seen.statOrNull(name);
    if (stat == null) {
      add("is missing");
      return;
    }
    if ((stat.mode() & Stat.S_IFMT) != (wanted.mode() & Stat.S_IFMT)) {
      add("is of another type");
      return;
    }
    if (wanted.isDirectory()) {
      try (DirFd rightChild = right.openDir(name);
          DirFd seenChild = seen.openDir(name)) {
        compare(rightChild, seenChild);
      }
      return;
    }
    compareFacts(wanted, stat);
    if (wanted.isSymlink()) {
      if (!Arrays.equals(right.readlink(name), seen.readlink(name))) {
        add("points elsewhere");
      }
    } else if (wanted.isRegular()) {
      compareFile(right, seen, name, wanted, stat);
    } else if (wanted.rdev() != stat.rdev()) {
      add("is another device");
    }
  }

  private void compareFile(DirFd right, DirFd seen, byte[] name, Stat wanted, Stat stat)
      throws KernelException {
    if (wanted.links() > 1) {
      Long before = linked.putIfAbsent(wanted.inode(), stat.inode());
      if (before != null) {
        if (before != stat.inode()) {
          add("is no link to the file that it should be one of");
        }
        return; // compared under its first name
      }
    }
    compareAttributes(right, seen, name);
    if (wanted.size() != stat.size()) {
      add("is " + stat.size() + " bytes long and not " + wanted.size());
    } else if (!hasEqualContents(right, seen, name)) {
      add("has other contents");
    }
  }

  private boolean hasEqualContents(DirFd right, DirFd seen, byte[] name) throws KernelException {
    int flags = DirFd.O_RDONLY | DirFd.O_NOFOLLOW | DirFd.O_NONBLOCK;
    try (FileFd first = right.open(name, flags, 0, DirFd.Resolve.NO_SYMLINKS);
        FileFd second = seen.open(name, flags, 0, DirFd.Resolve.NO_SYMLINKS)) {
      while (true) {
        int length = fill(first, expected);
        if (length != fill(second, found)
            || !Arrays.equals(expected, 0, length, found, 0, length)) {
          return false;
        }
        if (length == 0) {
          return true;
        }
      }
    }
  }

  private int fill(FileFd file, byte[] bytes) throws KernelException {
    return file.read(bytes, buffer);
  }

  private void compareFacts(Stat wanted, Stat stat) {
    if (wanted.permissions() != stat.permissions()) {
      add(
          "has the mode 0"
              + Integer.toOctalString(stat.permissions())
              + " and not 0"
              + Integer.toOctalString(wanted.permissions()));
    }
    if (wanted.uid() != stat.uid() || wanted.gid() != stat.gid()) {
      add(
          "belongs to "
              + Integer.toUnsignedString(stat.uid())
              + ":"
              + Integer.toUnsignedString(stat.gid())
              + " and not to "
              + Integer.toUnsignedString(wanted.uid())
              + ":"
              + Integer.toUnsignedString(wanted.gid()));
    }
    if (wanted.mtimeSeconds() != stat.mtimeSeconds() || wanted.mtimeNanos() != stat.mtimeNanos()) {
      add("was modified");
    }
  }

  private void compareAttributes(DirFd right, DirFd seen, byte[] name) throws KernelException {
    Set<NameKey> wanted = attributes(right, name);
    Set<NameKey> has = attributes(seen, name);
    for (NameKey key : wanted) {
      if (!has.contains(key)
          || !Arrays.equals(right.getXattr(name, key.name()), seen.getXattr(name, key.name()))) {
        add("lacks the attribute " + Names.printable(key.name()) + ", or has another value of it");
      }
    }
    for (NameKey key : has) {
      if (!wanted.contains(key)) {
        add("has the attribute " + Names.printable(key.name()));
      }
    }
  }

  /** Those that layers or attackers set; labels belong to the host. */
  private static Set<NameKey> attributes(DirFd dir, byte[] name) throws KernelException {
    Set<NameKey> attributes = new HashSet<>();
    try {
      for (byte[] attribute : dir.listXattrs(name)) {
        String text = new String(attribute, StandardCharsets.ISO_8859_1);
        if (!text.startsWith("security.") || text.equals("security.capability")) {
          attributes.add(new NameKey(attribute));
        }
      }
    } catch (KernelException e) {
      if (!e.is(Errno.EOPNOTSUPP)) {
        throw e;
      }
    }
    return attributes;
  }

  void add(String what) {
    if (!isFull()) {
      byte @Nullable [] joined = path.isEmpty() ? null : Names.joined(path);
      findings.add(new TreeReport.Finding(joined == null ? "." : Names.printable(joined), what));
    }
  }

  private boolean isFull() {
    return findings.size() >= TreeReport.MOST_FINDINGS;
  }

  @Override
  public void close() {
    buffer.close();
  }
}
