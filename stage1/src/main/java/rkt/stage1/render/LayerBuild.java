package rkt.stage1.render;

import java.io.IOException;
import java.io.InputStream;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.Decompressor;
import rkt.spec.image.Layer;

/**
 * One layer on its way from a blob to a tree in a staging directory: first {@link #extract}, which
 * needs no other layer and may run beside that of others, then {@link #finish}. Until somebody
 * moves the staging directory, closing this leaves nothing.
 */
final class LayerBuild implements AutoCloseable {
  static final byte[] ROOTFS = Names.of("rootfs");

  private final Layer layer;
  private final Staging staging;
  private final DirFd root;
  private final LayerExtractor extractor;

  /**
   * @param parent where the staging directory is made; must stay open
   */
  LayerBuild(Layer layer, DirFd parent, String prefix, Limits limits) throws KernelException {
    this.layer = layer;
    this.staging = Staging.create(parent, prefix);
    DirFd opened = null;
    try {
      staging.dir().mkdir(ROOTFS, 0777);
      opened = staging.dir().openDir(ROOTFS);
      this.extractor = new LayerExtractor(opened, limits);
      this.root = opened;
    } catch (KernelException e) {
      if (opened != null) {
        opened.close();
      }
      staging.close();
      throw e;
    }
  }

  /** One with the whole layer in it; if that fails, nothing is left. */
  static LayerBuild extracted(
      Layer layer, DirFd parent, String prefix, BlobSource blobs, Limits limits, boolean aci)
      throws RktException, KernelException {
    LayerBuild build = new LayerBuild(layer, parent, prefix, limits);
    boolean done = false;
    try {
      build.extract(blobs, limits, aci);
      done = true;
      return build;
    } finally {
      if (!done) {
        build.close();
      }
    }
  }

  /** Inflates, checks and places the whole layer; the diffID is compared after its last byte. */
  void extract(BlobSource blobs, Limits limits, boolean aci) throws RktException {
    Digest.Algorithm algorithm = layer.diffId().algorithm();
    long limit = limits.expandedBytes(layer.sizeBytes());
    try (InputStream blob = blobs.open(layer);
        LayerStream in =
            new LayerStream(Decompressor.open(blob, layer.compression()), algorithm, limit)) {
      new LayerReader(in, extractor, aci).readAll();
      Digest found = in.finish(algorithm);
      if (!found.equals(layer.diffId())) {
        throw RenderException.integrity(
            layer.blob(), "it unpacks to " + found + " and not to its diffID " + layer.diffId());
      }
    } catch (LayerFormatException e) {
      throw refused(e);
    } catch (IOException e) {
      throw RenderException.integrity(layer.blob(), "it is damaged: " + e.getMessage());
    } catch (KernelException e) {
      throw RenderException.system("render layer " + layer.blob(), e);
    }
  }

  /** Does what depends on the layers below. */
  void finish(LowerView lower, OverlayForm form) throws RenderException {
    try {
      new LayerFinisher(extractor, lower, form).finish();
    } catch (LayerFormatException e) {
      throw refused(e);
    } catch (KernelException e) {
      throw RenderException.system("render layer " + layer.blob(), e);
    }
  }

  Staging staging() {
    return staging;
  }

  DirFd root() {
    return root;
  }

  DirNode rootNode() {
    return extractor.rootNode();
  }

  @Override
  public void close() throws KernelException {
    extractor.close();
    root.close();
    staging.close();
  }

  private RenderException refused(LayerFormatException e) {
    byte[] entry = e.entry();
    return entry == null
        ? RenderException.integrity(layer.blob(), e.why())
        : RenderException.entry(layer.blob(), entry, e.why());
  }
}
