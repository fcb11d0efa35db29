package rkt.fetch.layout;

import java.io.IOException;
import java.io.InputStream;
import rkt.fetch.oci.BlobSink;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.fetch.transport.Metered;
import rkt.spec.RktException;
import rkt.spec.image.OciDescriptor;

/** Reads blobs that are files. */
final class FileBlobs {
  private FileBlobs() {}

  /** Gives the file {@code name} to {@code sink}, which must be what {@code descriptor} says. */
  static void read(
      LayoutFiles files, String name, OciDescriptor descriptor, BlobSink sink, Meter meter)
      throws RktException {
    try (InputStream in = new Metered(files.open(name), meter)) {
      long size = files.size(name);
      if (size != descriptor.sizeBytes()) {
        throw FetchException.integrity(
            files.where(name) + " is " + size + " bytes long, not " + descriptor.sizeBytes(), null);
      }
      sink.take(in, descriptor.digest(), descriptor.sizeBytes());
    } catch (IOException e) {
      throw FetchException.system("cannot read " + files.where(name) + ": " + e.getMessage(), e);
    }
  }
}
