package rkt.stage1.render;

import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.kernel.KernelException;
import rkt.kernel.Stat;

/** What lies below a layer, for the directories that the layer implies and does not describe. */
interface LowerView {
  /** Nothing lies below. */
  LowerView NOTHING = path -> null;

  /**
   * The directory at {@code path} as the layers below show it together; null if there is none.
   *
   * @throws LayerFormatException if it, or something on the way, is not a directory: a layer must
   *     not reach through a link of another layer
   */
  @Nullable Stat find(List<byte[]> path) throws KernelException, LayerFormatException;
}
