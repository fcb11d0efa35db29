package rkt.stage1.render;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rkt.kernel.Names;

/**
 * Judges the entries of one layer as {@link LayerExtractor} does, and places none: for who wants to
 * know whether an image is right without room, or the rights, to unpack it.
 */
final class EntryChecker implements LayerSink {
  private static final byte IMPLIED = 0;
  private static final int NODE_BYTES = 250;

  private final EntryBudget budget;
  private final Map<NameKey, Byte> types = new HashMap<>();
  private final Set<NameKey> hidden = new HashSet<>();

  EntryChecker(Limits limits) {
    this.budget = new EntryBudget(limits);
  }

  @Override
  public void count(TarEntry entry) throws LayerFormatException {
    budget.count(entry);
  }

  @Override
  public void place(TarEntry entry, List<byte[]> path, List<byte[]> linkPath, LayerStream in)
      throws LayerFormatException, IOException {
    if (path.isEmpty() && entry.type != TarEntry.DIRECTORY) {
      throw new LayerFormatException(entry.name, "makes the root something else than a directory");
    }
    implyDirectories(entry, path, path.size() - 1);
    NameKey key = key(path);
    Byte before = types.get(key);
    boolean described = before != null && before != IMPLIED;
    if (described || (before != null && entry.type != TarEntry.DIRECTORY)) {
      throw new LayerFormatException(entry.name, "stands in the layer twice");
    }
    checkType(entry, linkPath);
    if (entry.type == TarEntry.DIRECTORY) {
      budget.remember(NODE_BYTES + entry.name.length);
    }
    types.put(key, entry.type);
    if (entry.type == TarEntry.REGULAR) {
      in.skip(entry.stored);
    }
  }

  private void checkType(TarEntry entry, List<byte[]> linkPath) throws LayerFormatException {
    switch (entry.type) {
      case TarEntry.REGULAR, TarEntry.DIRECTORY, TarEntry.FIFO -> {}
      case TarEntry.SYMLINK -> LayerExtractor.checkSymlink(entry);
      case TarEntry.HARD_LINK -> {
        Byte target = types.get(key(linkPath));
        boolean regular =
            target != null && (target == TarEntry.REGULAR || target == TarEntry.HARD_LINK);
        if (linkPath.isEmpty() || !regular) {
          throw new LayerFormatException(
              entry.name, "is a hard link to what is no regular file of this layer");
        }
      }
      case TarEntry.CHARACTER, TarEntry.BLOCK ->
          throw new LayerFormatException(entry.name, "is a device node");
      default ->
          throw new LayerFormatException(
              entry.name, "is of the unknown type " + (entry.type & 0xff));
    }
  }

  @Override
  public void hide(TarEntry entry, List<byte[]> path, byte @Nullable [] name)
      throws LayerFormatException {
    if (entry.type != TarEntry.REGULAR || entry.size != 0) {
      throw new LayerFormatException(entry.name, "is a whiteout and not an empty file");
    }
    implyDirectories(entry, path, path.size());
    budget.remember(NODE_BYTES + (name == null ? 0 : name.length));
    if (!hidden.add(new NameKey(entry.name))) {
      throw new LayerFormatException(entry.name, "stands in the layer twice");
    }
  }

  private void implyDirectories(TarEntry entry, List<byte[]> path, int count)
      throws LayerFormatException {
    for (int i = 1; i <= count; i++) {
      NameKey key = key(path.subList(0, i));
      Byte type = types.get(key);
      if (type == null) {
        budget.remember(NODE_BYTES + entry.name.length);
        types.put(key, IMPLIED);
      } else if (type != IMPLIED && type != TarEntry.DIRECTORY) {
        throw new LayerFormatException(entry.name, "goes through something that is no directory");
      }
    }
  }

  private static NameKey key(List<byte[]> path) {
    return new NameKey(Names.joined(path));
  }
}
