package rkt.stage1.render;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.kernel.DirFd;
import rkt.kernel.Errno;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;

/** Writes an image as one plain directory, with whiteouts applied. spec/rendering.md#flat */
public final class FlatRender {
  private final BlobSource blobs;
  private final Limits limits;

  public FlatRender(BlobSource blobs, Limits limits) {
    this.blobs = blobs;
    this.limits = limits;
  }

  /**
   * Writes {@code image} to {@code target}, which appears by one rename when it is whole.
   *
   * @param target absolute; must not exist, or be an empty directory
   */
  public void write(Image image, Path target) throws RktException {
    Path parent = target.getParent();
    Path name = target.getFileName();
    if (parent == null || name == null) {
      throw RenderException.usage("cannot render into " + target, "name a directory to be made");
    }
    try (DirFd beside = DirFd.open(parent.toString())) {
      Aside.sweepBeside(target);
      checkFree(beside, target, Names.of(name.toString()));
      write(image, beside, Names.of(name.toString()));
    } catch (KernelException e) {
      if (e.is(Errno.ENOTEMPTY) || e.is(Errno.EEXIST) || e.is(Errno.ENOTDIR)) {
        throw notEmpty(target);
      }
      throw RenderException.system("render " + image.id() + " into " + target, e);
    }
  }

  private void write(Image image, DirFd beside, byte[] name) throws RktException, KernelException {
    String prefix = "." + Names.printable(name) + ".";
    boolean aci = image.id().kind() == ImageId.Kind.ACI;
    if (!image.steps().isEmpty()) {
      try (LayerBuild build = new AciAssembly(image, beside, prefix, blobs, limits).build()) {
        build.staging().dir().rename(LayerBuild.ROOTFS, beside, name);
      }
      return;
    }
    List<Workers.Task<LayerBuild>> tasks = new ArrayList<>();
    for (Layer layer : image.layers()) {
      tasks.add(
          new Workers.Task<>(
              layer.sizeBytes(),
              () -> LayerBuild.extracted(layer, beside, prefix, blobs, limits, aci)));
    }
    try (Workers<LayerBuild> workers = new Workers<>(tasks)) {
      LayerBuild base = workers.take();
      try {
        base.finish(LowerView.NOTHING, OverlayForm.NONE);
        for (int i = 1; i < image.layers().size(); i++) {
          try (LayerBuild upper = workers.take()) {
            upper.finish(TreeMerger.view(base.root()), OverlayForm.NONE);
            TreeMerger.merge(upper.rootNode(), upper.root(), base.root());
          }
        }
        base.staging().dir().rename(LayerBuild.ROOTFS, beside, name);
      } finally {
        base.close();
      }
    }
  }

  private static void checkFree(DirFd beside, Path target, byte[] name)
      throws RktException, KernelException {
    var stat = beside.statOrNull(name);
    if (stat == null) {
      return;
    }
    if (!stat.isDirectory()) {
      throw notEmpty(target);
    }
    try (DirFd dir = beside.openDir(name)) {
      if (!dir.list().isEmpty()) {
        throw notEmpty(target);
      }
    }
  }

  private static RenderException notEmpty(Path target) {
    return RenderException.usage(
        "cannot render into " + target + ": it is not an empty directory",
        "name one that does not exist, or is empty");
  }
}
