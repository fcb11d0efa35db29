package rkt.stage1.render;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.kernel.DirFd;
import rkt.kernel.KernelException;
import rkt.kernel.Names;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;

/**
 * Compares the trees of an image with what its layers make: each layer is unpacked once more, aside
 * and by the code that made the tree, and goes away again. A start pays nothing for it, and no
 * record has to be believed. spec/rendering.md#check
 */
final class TreeCheck {
  private final Path trees;
  private final BlobSource blobs;
  private final Limits limits;
  private final OverlayForm form;
  private final String bootId;

  TreeCheck(Path trees, BlobSource blobs, Limits limits, OverlayForm form, String bootId) {
    this.trees = trees;
    this.blobs = blobs;
    this.limits = limits;
    this.form = form;
    this.bootId = bootId;
  }

  /** One report for each tree, bottom first. The blobs of the image must be known to be right. */
  List<TreeReport> check(Image image, List<String> names, DirFd dir)
      throws RktException, KernelException, IOException {
    boolean aci = image.id().kind() == ImageId.Kind.ACI;
    List<TreeReport> reports = new ArrayList<>();
    List<Path> lowers = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (TreeMark.read(trees.resolve(name), bootId) == TreeMark.State.ABSENT) {
        reports.add(new TreeReport(name, TreeReport.State.ABSENT, List.of()));
      } else {
        reports.add(
            image.steps().isEmpty()
                ? compare(image.layers().get(i), name, aci, lowers, dir)
                : compareAssembled(image, name, dir));
      }
      lowers.add(TreeCache.rootfs(trees, name));
    }
    return reports;
  }

  private TreeReport compare(Layer layer, String name, boolean aci, List<Path> lowers, DirFd dir)
      throws RktException, KernelException {
    try (LayerBuild build = new LayerBuild(layer, dir, "", limits);
        TreeComparison comparison = new TreeComparison();
        DirFd tree = dir.openDir(Names.of(name));
        DirFd root = tree.openDir(LayerBuild.ROOTFS)) {
      build.extract(blobs, limits, aci);
      build.finish(new LowerTrees(List.copyOf(lowers), form), form);
      return report(name, comparison, build.root(), root);
    }
  }

  private TreeReport compareAssembled(Image image, String name, DirFd dir)
      throws RktException, KernelException {
    try (LayerBuild build = new AciAssembly(image, dir, "", blobs, limits).build();
        TreeComparison comparison = new TreeComparison();
        DirFd tree = dir.openDir(Names.of(name));
        DirFd root = tree.openDir(LayerBuild.ROOTFS)) {
      return report(name, comparison, build.root(), root);
    }
  }

  private static TreeReport report(String name, TreeComparison comparison, DirFd right, DirFd seen)
      throws KernelException {
    comparison.compare(right, seen);
    List<TreeReport.Finding> findings = comparison.findings();
    return new TreeReport(
        name, findings.isEmpty() ? TreeReport.State.INTACT : TreeReport.State.DAMAGED, findings);
  }
}
