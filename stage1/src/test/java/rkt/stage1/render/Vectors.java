package rkt.stage1.render;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.image.App;
import rkt.spec.image.Compression;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;

/** Images made of tars in memory. */
final class Vectors {
  static final int OWN_UID = own("unix:uid");
  static final int OWN_GID = own("unix:gid");
  static final Limits LIMITS = new Limits(2000, 1200, 8L << 20, 200, 4L << 20);

  private final Map<Digest, byte[]> blobs = new HashMap<>();

  BlobSource source() {
    return layer -> {
      byte[] blob = blobs.get(layer.blob());
      if (blob == null) {
        throw new IOException("no blob " + layer.blob());
      }
      return new ByteArrayInputStream(blob);
    };
  }

  Image image(boolean aci, List<byte[]> tars) {
    List<Layer> layers = new ArrayList<>();
    for (byte[] tar : tars) {
      layers.add(layer(aci, tar, digest(aci, tar)));
    }
    return image(aci, layers.toArray(new Layer[0]));
  }

  /** A layer that claims to unpack to {@code diffId}. */
  Layer layer(boolean aci, byte[] tar, Digest diffId) {
    byte[] blob = gzip(tar);
    Digest digest = Digest.sha256(blob);
    blobs.put(digest, blob);
    return new Layer(digest, blob.length, Compression.GZIP, diffId);
  }

  Image image(boolean aci, Layer... layers) {
    Digest manifest = Digest.sha256(new byte[0]);
    ImageId id =
        aci
            ? new ImageId(ImageId.Kind.ACI, layers[0].diffId())
            : new ImageId(ImageId.Kind.OCI, manifest);
    App app =
        new App(List.of(), List.of(), "0", "0", List.of(), "/", Map.of(), List.of(), Map.of(), 15);
    return new Image(
        id, new ImageName("example.com/v"), manifest, manifest, List.of(layers), app, Map.of());
  }

  static Digest digest(boolean aci, byte[] tar) {
    Digest.Algorithm algorithm = aci ? Digest.Algorithm.SHA512 : Digest.Algorithm.SHA256;
    var hash = algorithm.start();
    hash.update(tar);
    return Digest.of(algorithm, hash);
  }

  private static byte[] gzip(byte[] tar) {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(tar);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static int own(String attribute) {
    try {
      return (Integer) Files.getAttribute(Path.of("/proc/self"), attribute);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
