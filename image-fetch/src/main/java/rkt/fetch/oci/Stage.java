package rkt.fetch.oci;

import java.util.Collection;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.OciDescriptor;

/** Where an image goes, piece by piece. Blobs come from several threads at once. */
interface Stage extends BlobSink {
  /** Waits until nobody else works on these. */
  void claim(Collection<Digest> digests) throws RktException;

  /** Says which image this will be. */
  void expect(ImageId id) throws RktException;

  /** Whether a blob is here already. */
  boolean has(Digest digest) throws RktException;

  /** Takes the manifest, which was checked. */
  void manifest(byte[] bytes) throws RktException;

  /** Takes the config, which is short, from {@code source}; gives its bytes. */
  byte[] config(OciSource source, OciDescriptor config) throws RktException;
}
