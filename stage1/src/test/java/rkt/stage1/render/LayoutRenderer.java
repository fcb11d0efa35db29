package rkt.stage1.render;

import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.image.Image;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.image.OciManifest;

/** Renders the first image of an OCI layout without a store: {@code LAYOUT trees|flat TARGET}. */
final class LayoutRenderer {
  private LayoutRenderer() {}

  public static void main(String[] arguments) throws Exception {
    Path layout = Path.of(arguments[0]);
    Path target = Path.of(arguments[2]);
    Image image = read(layout);
    BlobSource blobs = layer -> new FileInputStream(blob(layout, layer.blob()).toFile());
    long start = System.nanoTime();
    if (arguments[1].equals("flat")) {
      new FlatRender(blobs, Limits.DEFAULT).write(image, target);
    } else {
      TreeCache cache = new TreeCache(target, blobs, Limits.DEFAULT);
      cache.render(image);
      if (arguments[1].equals("synced")) {
        long rendered = System.nanoTime();
        cache.sync();
        System.out.println("sync " + (System.nanoTime() - rendered) / 1_000_000 + " ms");
      }
    }
    System.out.println((System.nanoTime() - start) / 1_000_000 + " ms");
  }

  static Image read(Path layout) throws Exception {
    byte[] indexBytes = Files.readAllBytes(layout.resolve("index.json"));
    OciDescriptor first = OciIndex.parse(indexBytes, null, "index").manifests().getFirst();
    byte[] manifestBytes = Files.readAllBytes(blob(layout, first.digest()));
    OciManifest manifest = OciManifest.parse(manifestBytes, null, "manifest");
    byte[] config = Files.readAllBytes(blob(layout, manifest.config().digest()));
    return manifest.resolve(
        first.digest(), new ImageName("bench"), OciConfig.parse(config, "config"), "image");
  }

  private static Path blob(Path layout, Digest digest) {
    return layout.resolve("blobs").resolve(digest.algorithm().label()).resolve(digest.hex());
  }
}
