package rkt.stage1.render;

import java.util.Arrays;
import java.util.List;
import rkt.kernel.Names;

/**
 * The outer structure of an ACI: exactly one regular file {@code manifest} and one directory {@code
 * rootfs}, of which only the latter is placed. spec/rendering.md#aci
 */
final class AciPaths {
  private static final byte[] MANIFEST = Names.of("manifest");

  private boolean hasManifest;
  private boolean hasRootfs;

  /** Whether {@code path} is inside {@code rootfs}, or that itself; false for the manifest. */
  boolean isPlaced(TarEntry entry, List<byte[]> path) throws LayerFormatException {
    if (path.isEmpty()) {
      throw new LayerFormatException(entry.name, "describes the top of the ACI");
    }
    if (EntryPath.isRootfs(path.getFirst())) {
      hasRootfs = true;
      return true;
    }
    if (path.size() != 1 || !Arrays.equals(path.getFirst(), MANIFEST)) {
      throw new LayerFormatException(entry.name, "is neither the manifest nor in rootfs");
    }
    if (hasManifest) {
      throw new LayerFormatException(entry.name, "stands in the ACI twice");
    }
    if (entry.type != TarEntry.REGULAR) {
      throw new LayerFormatException(entry.name, "is not a regular file");
    }
    hasManifest = true;
    return false;
  }

  /**
   * The target of a hard link, from {@code rootfs} on; empty, which nothing links to, if outside.
   */
  static List<byte[]> insideRootfs(List<byte[]> path) {
    boolean inside = !path.isEmpty() && EntryPath.isRootfs(path.getFirst());
    return inside ? path.subList(1, path.size()) : List.of();
  }

  void checkComplete() throws LayerFormatException {
    if (!hasManifest || !hasRootfs) {
      throw new LayerFormatException("an ACI has a manifest and a rootfs, and this has not both");
    }
  }
}
