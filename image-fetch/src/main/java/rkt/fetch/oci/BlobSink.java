package rkt.fetch.oci;

import java.io.IOException;
import java.io.InputStream;
import rkt.spec.Digest;
import rkt.spec.RktException;

/** Takes the bytes of a blob to their end, and checks them. */
public interface BlobSink {
  /**
   * Takes the bytes of {@code in}.
   *
   * @throws RktException of class integrity if they are others than expected
   * @throws IOException if reading {@code in} fails
   */
  void take(InputStream in, Digest expected, long expectedSize) throws RktException, IOException;
}
