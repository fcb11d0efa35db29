package rkt.fetch.layout;

import java.io.IOException;
import java.io.InputStream;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.fetch.transport.Metered;
import rkt.spec.RktException;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Transaction;

/** Stages blobs that are files. */
final class FileBlobs {
  private FileBlobs() {}

  /** Stages the file {@code name}, which must be what {@code descriptor} says. */
  static void stage(
      LayoutFiles files,
      String name,
      OciDescriptor descriptor,
      Transaction transaction,
      Meter meter)
      throws RktException {
    try (InputStream in = new Metered(files.open(name), meter)) {
      long size = files.size(name);
      if (size != descriptor.sizeBytes()) {
        throw FetchException.integrity(
            files.where(name) + " is " + size + " bytes long, not " + descriptor.sizeBytes(), null);
      }
      transaction.add(in, descriptor.digest(), descriptor.sizeBytes());
    } catch (IOException e) {
      throw FetchException.system("cannot read " + files.where(name) + ": " + e.getMessage(), e);
    }
  }
}
