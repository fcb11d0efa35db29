package rkt.stage1.render;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.image.ChainId;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;

/**
 * What the trees of an image are called under {@code trees/}: the chain ID of the layer, because a
 * tree depends on what is below it (a directory that the layer only implies gets the mode that it
 * has there).
 */
final class TreeNames {
  private TreeNames() {}

  /**
   * The names, bottom first. An ACI and an OCI layer of the same bytes are different trees: of an
   * ACI only {@code rootfs/} is taken.
   */
  static List<String> of(Image image) {
    if (!image.steps().isEmpty()) {
      return List.of(assembled(image));
    }
    List<String> names = new ArrayList<>();
    boolean oci = image.id().kind() == ImageId.Kind.OCI;
    for (Digest id : ChainId.of(image.layers())) {
      String name = id.algorithm().label() + "-" + id.hex();
      names.add(oci && id.algorithm() == Digest.Algorithm.SHA512 ? "oci-" + name : name);
    }
    return names;
  }

  /** An assembled ACI is one tree: what each part is, and where on the way it stands, names it. */
  private static String assembled(Image image) {
    StringBuilder key = new StringBuilder("rkt-assembled 1\n");
    for (int i = 0; i < image.steps().size(); i++) {
      key.append(image.steps().get(i).level()).append(' ');
      key.append(image.layers().get(i).diffId().hex()).append('\n');
    }
    MessageDigest digest = Digest.Algorithm.SHA512.start();
    digest.update(key.toString().getBytes(StandardCharsets.US_ASCII));
    return "assembled-sha512-" + Digest.of(Digest.Algorithm.SHA512, digest).hex();
  }
}
