package rkt.stage1.pack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.kernel.NativeBuffer;
import rkt.kernel.Stat;

/**
 * Packs a directory into a tar: names in the order of their bytes, owners as numbers, hard links as
 * such, attributes of the user. No link is followed. The same tree gives the same bytes, whatever
 * order the file system has. spec/packing.md#trees
 */
final class TreePacker implements AutoCloseable {
  private static final int BUFFER_BYTES = 256 << 10;
  private static final byte[] DOT = {'.'};

  private final TarWriter tar;
  private final PackRules rules;
  private final NativeBuffer buffer = new NativeBuffer(BUFFER_BYTES);
  private final byte[] bytes = new byte[BUFFER_BYTES];
  private final Map<Long, byte[]> linked = new HashMap<>();

  TreePacker(TarWriter tar, PackRules rules) {
    this.tar = tar;
    this.rules = rules;
  }

  /**
   * Packs the directory itself and all that is in it.
   *
   * @param name in the tar, without a slash at its end; empty for a layer, where it is {@code ./}
   */
  void pack(DirFd dir, byte[] name) throws IOException, KernelException, PackException {
    byte[] prefix = name.length == 0 ? name : joined(name, new byte[0]);
    byte[] own = name.length == 0 ? new byte[] {'.', '/'} : prefix;
    TarWriter.Entry entry = entry(own, TarWriter.DIRECTORY, dir.self().stat());
    attributes(entry, dir, DOT);
    tar.begin(entry);
    packChildren(dir, prefix);
  }

  private void packChildren(DirFd dir, byte[] prefix)
      throws IOException, KernelException, PackException {
    List<DirFd.Entry> children = dir.list();
    children.sort((a, b) -> Arrays.compareUnsigned(a.name(), b.name()));
    for (DirFd.Entry child : children) {
      packChild(dir, child.name(), concat(prefix, child.name()));
    }
  }

  private void packChild(DirFd dir, byte[] child, byte[] name)
      throws IOException, KernelException, PackException {
    Stat stat = dir.stat(child);
    switch (stat.mode() & Stat.S_IFMT) {
      case Stat.S_IFDIR -> {
        try (DirFd inside = dir.openDir(child)) {
          TarWriter.Entry entry =
              entry(joined(name, new byte[0]), TarWriter.DIRECTORY, inside.self().stat());
          attributes(entry, inside, DOT);
          tar.begin(entry);
          packChildren(inside, joined(name, new byte[0]));
        }
      }
      case Stat.S_IFREG -> packFile(dir, child, name);
      case Stat.S_IFLNK -> {
        TarWriter.Entry entry = entry(name, TarWriter.SYMLINK, stat);
        entry.link = dir.readlink(child);
        tar.begin(entry);
      }
      case Stat.S_IFIFO -> tar.begin(entry(name, TarWriter.FIFO, stat));
      default ->
          throw PackException.integrity(
              "cannot pack \"" + Names.printable(name) + "\": it is a device node or a socket",
              "an image holds files, directories, links and FIFOs only; remove it");
    }
  }

  private void packFile(DirFd dir, byte[] child, byte[] name)
      throws IOException, KernelException, PackException {
    int flags = DirFd.O_RDONLY | DirFd.O_NOFOLLOW | DirFd.O_NONBLOCK;
    try (FileFd file = dir.open(child, flags, 0, DirFd.Resolve.NO_SYMLINKS)) {
      Stat stat = file.stat();
      byte[] first = stat.links() > 1 ? linked.putIfAbsent(stat.inode(), name) : null;
      if (first != null) {
        TarWriter.Entry entry = entry(name, TarWriter.HARD_LINK, stat);
        entry.link = first;
        tar.begin(entry);
        return;
      }
      TarWriter.Entry entry = entry(name, TarWriter.REGULAR, stat);
      entry.size = stat.size();
      attributes(entry, dir, child);
      tar.begin(entry);
      long left = stat.size();
      while (left > 0) {
        int read = file.read(bytes, buffer);
        if (read == 0 || read > left) {
          throw changed(name);
        }
        tar.write(bytes, 0, read);
        left -= read;
      }
      if (file.read(bytes, buffer) != 0) {
        throw changed(name);
      }
    }
  }

  private static PackException changed(byte[] name) {
    return PackException.integrity(
        "cannot pack \"" + Names.printable(name) + "\": it changed meanwhile",
        "pack it when nobody writes to it");
  }

  private TarWriter.Entry entry(byte[] name, byte type, Stat stat) {
    TarWriter.Entry entry = new TarWriter.Entry(name, type);
    entry.mode = type == TarWriter.SYMLINK ? 0777 : stat.permissions();
    entry.uid = rules.uid(stat);
    entry.gid = rules.gid(stat);
    entry.mtimeSeconds = rules.mtimeSeconds(stat);
    entry.mtimeNanos = rules.mtimeNanos(stat);
    return entry;
  }

  private static void attributes(TarWriter.Entry entry, DirFd dir, byte[] child)
      throws KernelException {
    List<byte[]> names;
    try {
      names = dir.listXattrs(child);
    } catch (KernelException e) {
      if (e.is(Errno.EOPNOTSUPP)) {
        return;
      }
      throw e;
    }
    names.sort(Arrays::compareUnsigned);
    for (byte[] name : names) {
      String text = new String(name, StandardCharsets.ISO_8859_1);
      byte[] value =
          text.startsWith("user.") && !text.startsWith("user.overlay.")
              ? dir.getXattr(child, name)
              : null;
      if (value != null) {
        entry.attribute(name, value);
      }
    }
  }

  private static byte[] joined(byte[] directory, byte[] child) {
    return concat(concat(directory, new byte[] {'/'}), child);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    ByteArrayOutputStream both = new ByteArrayOutputStream(first.length + second.length);
    both.writeBytes(first);
    both.writeBytes(second);
    return both.toByteArray();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
