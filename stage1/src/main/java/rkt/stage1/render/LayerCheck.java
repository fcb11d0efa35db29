package rkt.stage1.render;

import java.io.IOException;
import java.io.InputStream;
import rkt.kernel.KernelException;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.Decompressor;
import rkt.spec.image.Layer;

/** Says whether a layer could be rendered, without rendering it. spec/rendering.md#entries */
public final class LayerCheck {
  private LayerCheck() {}

  /**
   * Reads the whole layer.
   *
   * @param aci whether it is an ACI
   * @throws RenderException of class integrity if it would be refused
   */
  public static void check(Layer layer, BlobSource blobs, Limits limits, boolean aci)
      throws RktException {
    Digest.Algorithm algorithm = layer.diffId().algorithm();
    long limit = limits.expandedBytes(layer.sizeBytes());
    try (InputStream blob = blobs.open(layer);
        LayerStream in =
            new LayerStream(Decompressor.open(blob, layer.compression()), algorithm, limit)) {
      new LayerReader(in, new EntryChecker(limits), aci).readAll();
      Digest found = in.finish(algorithm);
      if (!found.equals(layer.diffId())) {
        throw RenderException.integrity(
            layer.blob(), "it unpacks to " + found + " and not to its diffID " + layer.diffId());
      }
    } catch (LayerFormatException e) {
      byte[] entry = e.entry();
      throw entry == null
          ? RenderException.integrity(layer.blob(), e.why())
          : RenderException.entry(layer.blob(), entry, e.why());
    } catch (IOException e) {
      throw RenderException.integrity(layer.blob(), "it is damaged: " + e.getMessage());
    } catch (KernelException e) {
      throw RenderException.system("read layer " + layer.blob(), e);
    }
  }
}
