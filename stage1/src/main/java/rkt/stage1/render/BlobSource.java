package rkt.stage1.render;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import rkt.spec.RktException;
import rkt.spec.image.Layer;
import rkt.spec.store.Store;

/** Where the bytes of layers come from: the store, or an image layout. Used by several threads. */
@FunctionalInterface
public interface BlobSource {
  /** The stored bytes of {@code layer}, still compressed; the caller closes. */
  InputStream open(Layer layer) throws IOException, RktException;

  /** The blobs of {@code store}. */
  static BlobSource of(Store store) {
    return layer -> new FileInputStream(store.blob(layer.blob()).toFile());
  }
}
