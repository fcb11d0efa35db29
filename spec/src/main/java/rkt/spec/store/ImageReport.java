package rkt.spec.store;

import java.util.List;
import rkt.spec.image.ImageId;

/**
 * What a check of one image found in the store. spec/store.md#check
 *
 * @param blobs every blob of the image, its manifest and signatures among them
 * @param record what is wrong with what the store remembers about it; empty if nothing is
 */
public record ImageReport(ImageId id, List<BlobReport> blobs, String record) {
  public ImageReport {
    blobs = List.copyOf(blobs);
  }

  /** Whether nothing is wrong. */
  public boolean isIntact() {
    for (BlobReport blob : blobs) {
      if (blob.state() != BlobReport.State.INTACT) {
        return false;
      }
    }
    return record.isEmpty();
  }
}
