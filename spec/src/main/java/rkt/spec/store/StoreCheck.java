package rkt.spec.store;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
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
  /** How often it looks again while others change the image. */
  private static final int LOOKS = 50;

  private final Store store;

  StoreCheck(Store store) {
    this.store = store;
  }

  ImageReport check(ImageId id) throws SpecException {
    for (int i = 0; ; i++) {
      List<OciDescriptor> before = store.files().index().read();
      ImageReport report = look(id);
      List<OciDescriptor> after = report.isIntact() ? before : store.files().index().read();
      // What is missing may have been replaced, or removed, by somebody who was entitled to.
      boolean same = about(id, after).equals(about(id, before));
      boolean known = StoreFiles.contains(after, id) || isLeftOver(id);
      if ((same && known) || i == LOOKS) {
        return report;
      }
    }
  }

  /**
   * Whether there is something of an image that the index does not have: not one that is just
   * coming or going, for which nobody may change the index meanwhile.
   *
   * @return false if it has come by now
   * @throws SpecException of class not-found if there is nothing
   */
  private boolean isLeftOver(ImageId id) throws SpecException {
    try {
      return store
          .files()
          .locked(() -> {
            boolean listed = StoreFiles.contains(store.files().index().read(), id);
            if (!listed && !Files.isDirectory(store.imageDir(id))) {
              store.requireHere(id);
            }
            return !listed;
          });
    } catch (IOException e) {
      throw SpecException.system("cannot look for " + id + ": " + RktException.why(e), e);
    }
  }

  /** The entries of the image, and of what belongs to it. */
  private static List<OciDescriptor> about(ImageId id, List<OciDescriptor> entries) {
    Set<String> manifests = new HashSet<>();
    for (OciDescriptor entry : entries) {
      if (StoreFiles.idOf(entry).equals(Optional.of(id))) {
        manifests.add(entry.digest().toString());
      }
    }
    List<OciDescriptor> about = new ArrayList<>();
    for (OciDescriptor entry : entries) {
      if (manifests.contains(entry.digest().toString())
          || manifests.contains(entry.annotations().getOrDefault(IndexFile.SUBJECT, ""))) {
        about.add(entry);
      }
    }
    return about;
  }

  private ImageReport look(ImageId id) throws SpecException {
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
