package rkt.fetch.oci;

import rkt.fetch.transport.Meter;
import rkt.spec.RktException;
import rkt.spec.image.OciDescriptor;

/** Where the documents and blobs of one OCI image come from. Used by several threads at once. */
public interface OciSource {

  /** What the reference means now; resolved once, everything after it goes by digest. */
  Document root() throws RktException;

  /** The bytes of a manifest or an index of at most {@code limit} bytes; the caller checks them. */
  byte[] document(OciDescriptor descriptor, int limit) throws RktException;

  /** Gives a blob to {@code sink}, which checks it; {@code meter} is told how far it is. */
  void blob(OciDescriptor descriptor, BlobSink sink, Meter meter) throws RktException;

  /** Names the source in errors. */
  String what();
}
