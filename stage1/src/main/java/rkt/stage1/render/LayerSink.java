package rkt.stage1.render;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.KernelException;

/** Takes the entries of one layer, in their order. */
interface LayerSink {
  /** Counts an entry, placed or not. */
  void count(TarEntry entry) throws LayerFormatException;

  /**
   * Takes an entry that becomes something, and its contents from {@code in}.
   *
   * @param path where, from the root of the tree
   * @param linkPath for a hard link, the path of its target; else ignored
   */
  void place(TarEntry entry, List<byte[]> path, List<byte[]> linkPath, LayerStream in)
      throws KernelException, LayerFormatException, IOException;

  /** Takes a whiteout: {@code hidden} in {@code path} of lower layers, or all if it is null. */
  void hide(TarEntry entry, List<byte[]> path, byte @Nullable [] hidden)
      throws KernelException, LayerFormatException;
}
