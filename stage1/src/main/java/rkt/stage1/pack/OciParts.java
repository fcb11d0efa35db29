package rkt.stage1.pack;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.image.Layer;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.CosignTag;

/**
 * An OCI image on its way out.
 *
 * @param manifest its descriptor; {@code manifestBytes} are its bytes
 * @param config the descriptor of the config
 * @param layers bottom first, with the digests of their uncompressed tars
 * @param attached manifests of signatures, and all that they are made of
 * @param tags under which others look for statements that are attached
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record OciParts(
    OciDescriptor manifest,
    byte[] manifestBytes,
    OciDescriptor config,
    byte[] configBytes,
    List<Layer> layers,
    List<OciDescriptor> attached,
    List<CosignTag> tags,
    Source source) {

  /** Opens the bytes of a layer, or of something attached. */
  interface Source {
    InputStream open(Digest blob) throws IOException;
  }
}
