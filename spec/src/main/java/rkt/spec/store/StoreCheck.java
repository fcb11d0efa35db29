package rkt.spec.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.Layer;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;

/** Reads everything that the store has of an image, and changes nothing. spec/store.md#check */
final class StoreCheck {
  private final Store store;

  StoreCheck(Store store) {
    this.store = store;
  }

  ImageReport check(ImageId id) throws SpecException {
    Set<Digest> digests = new LinkedHashSet<>();
    String record = "";
    for (OciDescriptor entry : store.files().index().read()) {
      if (StoreFiles.idOf(entry).equals(Optional.of(id))) {
        digests.add(entry.digest());
      }
    }
    if (digests.isEmpty()) {
      record = "no entry of index.json is about it";
    }
    try {
      digests.addAll(store.admission(id).digests());
      Image image = store.image(id);
      digests.add(image.manifest());
      for (Layer layer : image.layers()) {
        digests.add(layer.blob());
      }
      addAttached(image.manifest(), digests);
      List<BlobReport> blobs = reports(digests);
      if (record.isEmpty() && new ImageReport(id, blobs, "").isIntact()) {
        record = difference(image);
      }
      return new ImageReport(id, blobs, record);
    } catch (SpecException e) {
      if (e.errorClass() != ErrorClass.INTEGRITY && e.errorClass() != ErrorClass.NOT_FOUND) {
        throw e;
      }
      return new ImageReport(id, reports(digests), e.getMessage());
    }
  }

  /** Adds the signatures and statements; of one whose manifest is damaged, that alone. */
  private void addAttached(Digest manifest, Set<Digest> digests) throws SpecException {
    for (OciDescriptor attached : store.attached(manifest)) {
      digests.add(attached.digest());
      if (state(attached.digest()) == BlobReport.State.INTACT) {
        digests.addAll(Sweep.blobsOf(attached, store.read(attached.digest())));
      }
    }
  }

  private List<BlobReport> reports(Set<Digest> digests) {
    List<BlobReport> reports = new ArrayList<>();
    for (Digest digest : digests) {
      reports.add(new BlobReport(digest, state(digest)));
    }
    return reports;
  }

  private BlobReport.State state(Digest digest) {
    try {
      return StoreFiles.hash(store.blob(digest), digest.algorithm()).equals(digest)
          ? BlobReport.State.INTACT
          : BlobReport.State.DAMAGED;
    } catch (IOException e) {
      return BlobReport.State.MISSING;
    }
  }

  /** Whether {@code image.json} names other bytes than the manifest, whose digest is right. */
  private String difference(Image image) throws SpecException {
    String what = "the manifest " + image.manifest();
    byte[] bytes = store.read(image.manifest());
    OciManifest manifest = OciManifest.parse(bytes, null, what);
    List<Layer> layers = image.layers();
    boolean same;
    if (image.id().kind() == ImageId.Kind.ACI) {
      Layer own = layers.getLast();
      same =
          manifest.artifactType().equals(MediaType.ACI)
              && manifest.layers().size() == 1
              && manifest.layers().get(0).digest().equals(own.blob())
              && image.signed().equals(own.blob())
              && image.id().digest().equals(own.diffId());
    } else {
      OciConfig config = OciConfig.parse(store.read(manifest.config().digest()), "the config");
      Image resolved = manifest.resolve(image.manifest(), image.name(), config, what);
      same =
          resolved.id().equals(image.id())
              && image.signed().equals(image.manifest())
              && resolved.layers().equals(layers);
    }
    return same ? "" : "image.json names other layers than the manifest";
  }
}
