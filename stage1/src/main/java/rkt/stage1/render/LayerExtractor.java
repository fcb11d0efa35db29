package rkt.stage1.render;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.FileFd;
import rkt.kernel.KernelException;
import rkt.kernel.NativeBuffer;
import rkt.kernel.Stat;

/**
 * Places the entries of one layer in an empty directory. That the directory was empty is what makes
 * it safe: a name that exists is a duplicate of this layer, a link target that exists is of this
 * layer, and the kernel tells both (EEXIST, O_EXCL), not a comparison of strings.
 */
final class LayerExtractor implements LayerSink, AutoCloseable {
  private static final int BUFFER_BYTES = 256 << 10;
  private static final int PRIVATE = 0700;

  /** What a directory costs in memory besides its name, roughly. */
  private static final int NODE_BYTES = 250;

  private final EntryBudget budget;
  private final int freshUid;
  private final int freshGid;
  private final int umask;
  private final DirNode rootNode = new DirNode(new byte[0], null);
  private final DirStack stack;
  private final NativeBuffer buffer = new NativeBuffer(BUFFER_BYTES);

  /**
   * @param root an empty directory that was just made with mode 0777, so that it shows what the
   *     umask and the file system make of modes and owners of new files
   */
  LayerExtractor(DirFd root, Limits limits) throws KernelException {
    this.budget = new EntryBudget(limits);
    Stat fresh = root.self().stat();
    this.freshUid = fresh.uid();
    this.freshGid = fresh.gid();
    this.umask = 0777 & ~fresh.permissions();
    this.stack = new DirStack(root, rootNode, LayerExtractor.this::leave);
  }

  DirNode rootNode() {
    return rootNode;
  }

  DirStack stack() {
    return stack;
  }

  @Override
  public void count(TarEntry entry) throws LayerFormatException {
    budget.count(entry);
  }

  @Override
  public void place(TarEntry entry, List<byte[]> path, List<byte[]> linkPath, LayerStream in)
      throws KernelException, LayerFormatException, IOException {
    if (path.isEmpty()) {
      placeRoot(entry);
      return;
    }
    DirNode parent = directory(entry, path, path.size() - 1);
    byte[] name = path.getLast();
    try {
      switch (entry.type) {
        case TarEntry.REGULAR -> placeFile(entry, parent, name, in);
        case TarEntry.DIRECTORY -> placeDirectory(entry, parent, name);
        case TarEntry.SYMLINK -> placeSymlink(entry, parent, name);
        case TarEntry.HARD_LINK -> placeHardLink(entry, parent, name, linkPath);
        case TarEntry.FIFO -> placeFifo(entry, parent, name);
        case TarEntry.CHARACTER, TarEntry.BLOCK ->
            throw new LayerFormatException(entry.name, "is a device node");
        default ->
            throw new LayerFormatException(
                entry.name, "is of the unknown type " + (entry.type & 0xff));
      }
    } catch (KernelException e) {
      if (e.is(Errno.EEXIST)) {
        throw new LayerFormatException(entry.name, "stands in the layer twice");
      }
      throw e;
    }
  }

  @Override
  public void hide(TarEntry entry, List<byte[]> path, byte @Nullable [] hidden)
      throws KernelException, LayerFormatException {
    if (entry.type != TarEntry.REGULAR || entry.size != 0) {
      throw new LayerFormatException(entry.name, "is a whiteout and not an empty file");
    }
    DirNode parent = directory(entry, path, path.size());
    parent.dirty = true;
    budget.remember(NODE_BYTES + (hidden == null ? 0 : hidden.length));
    boolean first = hidden == null ? !parent.opaque : parent.hide(hidden);
    if (!first) {
      throw new LayerFormatException(entry.name, "stands in the layer twice");
    }
    parent.opaque |= hidden == null;
  }

  @Override
  public void close() {
    stack.close();
    buffer.close();
  }

  /** The directory of the first {@code count} components, made if the layer has it not yet. */
  private DirNode directory(TarEntry entry, List<byte[]> path, int count)
      throws KernelException, LayerFormatException {
    DirNode at = rootNode;
    for (int i = 0; i < count; i++) {
      byte[] name = path.get(i);
      DirNode child = at.child(name);
      if (child == null) {
        child = makeDirectory(entry, at, name, "goes through something that is no directory");
      }
      at = child;
    }
    return at;
  }

  private DirNode makeDirectory(TarEntry entry, DirNode parent, byte[] name, String ifTaken)
      throws KernelException, LayerFormatException {
    budget.remember(NODE_BYTES + name.length);
    try {
      into(parent).mkdir(name, PRIVATE);
    } catch (KernelException e) {
      if (e.is(Errno.EEXIST)) {
        throw new LayerFormatException(entry.name, ifTaken);
      }
      throw e;
    }
    return parent.add(name);
  }

  private void placeRoot(TarEntry entry) throws LayerFormatException {
    if (entry.type != TarEntry.DIRECTORY) {
      throw new LayerFormatException(entry.name, "makes the root something else than a directory");
    }
    describe(rootNode, entry);
  }

  private void placeDirectory(TarEntry entry, DirNode parent, byte[] name)
      throws KernelException, LayerFormatException {
    DirNode node = parent.child(name);
    if (node == null) {
      node = makeDirectory(entry, parent, name, "stands in the layer twice");
    }
    describe(node, entry);
  }

  private void describe(DirNode node, TarEntry entry) throws LayerFormatException {
    if (node.entry != null) {
      throw new LayerFormatException(entry.name, "stands in the layer twice");
    }
    budget.remember(EntryXattrs.bytes(entry));
    // The whole path is in the nodes; kept here too it would cost 4 KiB a directory.
    entry.name = node.name;
    node.entry = entry;
    node.dirty = true;
  }

  private void placeFile(TarEntry entry, DirNode parent, byte[] name, LayerStream in)
      throws KernelException, LayerFormatException, IOException {
    DirFd dir = into(parent);
    try (FileFd file = dir.createFile(name, entry.mode & 0777)) {
      if (entry.segments == null) {
        copy(file, -1, entry.stored, in);
      } else {
        copySparse(file, entry, entry.segments, in);
      }
      boolean owned = ownerDiffers(entry, parent);
      if (owned) {
        file.chown(entry.uid, entry.gid);
      }
      if (owned || (entry.mode & (umask | 07000)) != 0) {
        file.chmod(entry.mode);
      }
      EntryXattrs.apply(entry, file);
      file.times(entry.mtimeSeconds, entry.mtimeNanos);
    }
  }

  private void copySparse(FileFd file, TarEntry entry, long[] segments, LayerStream in)
      throws KernelException, LayerFormatException, IOException {
    file.truncate(entry.size);
    for (int i = 0; i < segments.length; i += 2) {
      copy(file, segments[i], segments[i + 1], in);
    }
  }

  /** Copies {@code length} bytes to {@code position}, or to where the file stands if negative. */
  private void copy(FileFd file, long position, long length, LayerStream in)
      throws KernelException, LayerFormatException, IOException {
    long left = length;
    long at = position;
    while (left > 0) {
      if (!in.fill()) {
        throw new LayerFormatException("it ends within a file");
      }
      int part = (int) Math.min(left, in.available());
      if (position < 0) {
        file.write(in.bytes(), in.position(), part, buffer);
      } else {
        file.writeAt(at, in.bytes(), in.position(), part, buffer);
        at += part;
      }
      in.advance(part);
      left -= part;
    }
  }

  static void checkSymlink(TarEntry entry) throws LayerFormatException {
    if (entry.link.length == 0 || entry.link.length >= Limits.PATH_BYTES || hasNul(entry.link)) {
      throw new LayerFormatException(entry.name, "is a symbolic link to no proper path");
    }
  }

  private void placeSymlink(TarEntry entry, DirNode parent, byte[] name)
      throws KernelException, LayerFormatException {
    checkSymlink(entry);
    // Its text may point anywhere: it is resolved inside the pod, and never by this program.
    DirFd dir = into(parent);
    dir.symlink(entry.link, name);
    if (ownerDiffers(entry, parent)) {
      dir.chown(name, entry.uid, entry.gid);
    }
    dir.times(name, entry.mtimeSeconds, entry.mtimeNanos);
  }

  private void placeHardLink(TarEntry entry, DirNode parent, byte[] name, List<byte[]> target)
      throws KernelException, LayerFormatException {
    DirNode targetParent = rootNode;
    for (int i = 0; i < target.size() - 1 && targetParent != null; i++) {
      targetParent = targetParent.child(target.get(i));
    }
    Stat stat = null;
    if (targetParent != null && !target.isEmpty()) {
      stat = stack.enter(targetParent).statOrNull(target.getLast());
    }
    if (targetParent == null || stat == null || !stat.isRegular()) {
      throw new LayerFormatException(
          entry.name, "is a hard link to what is no regular file of this layer");
    }
    if (targetParent == parent) {
      DirFd dir = into(parent);
      dir.link(dir, target.getLast(), name);
      return;
    }
    try (DirFd from = openAgain(targetParent)) {
      into(parent).link(from, target.getLast(), name);
    }
  }

  /** A descriptor of {@code node} that stays open while the stack moves on. */
  private DirFd openAgain(DirNode node) throws KernelException {
    return stack.enter(node).openDir(new byte[] {'.'});
  }

  private void placeFifo(TarEntry entry, DirNode parent, byte[] name) throws KernelException {
    DirFd dir = into(parent);
    dir.mknod(name, Stat.S_IFIFO | PRIVATE, 0);
    dir.chown(name, entry.uid, entry.gid);
    dir.chmod(name, entry.mode);
    dir.times(name, entry.mtimeSeconds, entry.mtimeNanos);
  }

  /** The directory to make something in, whose own time that changes. */
  private DirFd into(DirNode node) throws KernelException {
    DirFd dir = stack.enter(node);
    node.dirty = true;
    return dir;
  }

  private boolean ownerDiffers(TarEntry entry, DirNode parent) {
    return entry.uid != freshUid || entry.gid != freshGid || parent.applied;
  }

  private void leave(DirNode node, DirFd dir) throws KernelException {
    TarEntry entry = node.entry;
    if (node.dirty && entry != null) {
      LayerFinisher.describe(dir, entry);
      node.dirty = false;
      node.applied = true;
    }
  }

  private static boolean hasNul(byte[] text) {
    for (byte b : text) {
      if (b == 0) {
        return true;
      }
    }
    return false;
  }
}
