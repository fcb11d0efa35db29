package rkt.stage1.render;

import org.jspecify.annotations.Nullable;

/**
 * Something in a layer that is refused. Thrown where only the bytes are known; who knows the layer
 * turns it into a {@link RenderException}.
 */
final class LayerFormatException extends Exception {
  private final byte @Nullable [] entry;

  LayerFormatException(String why) {
    super(why);
    this.entry = null;
  }

  LayerFormatException(byte[] entry, String why) {
    super(why);
    this.entry = entry;
  }

  /** The name of the entry as it stands in the tar, or null if the tar itself is broken. */
  byte @Nullable [] entry() {
    return entry;
  }

  String why() {
    String message = getMessage();
    return message == null ? "is refused" : message;
  }
}
