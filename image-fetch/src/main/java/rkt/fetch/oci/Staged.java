package rkt.fetch.oci;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import rkt.fetch.transport.Meter;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Transaction;

/** An image on its way into a store. */
record Staged(Transaction transaction) implements Stage {
  @Override
  public void claim(Collection<Digest> digests) throws RktException {
    transaction.claim(digests);
  }

  @Override
  public void expect(ImageId id) {
    transaction.expect(id);
  }

  @Override
  public boolean has(Digest digest) throws RktException {
    return transaction.has(digest);
  }

  @Override
  public void manifest(byte[] bytes) throws RktException {
    transaction.add(bytes);
  }

  @Override
  public byte[] config(OciSource source, OciDescriptor config) throws RktException {
    if (!transaction.has(config.digest())) {
      source.blob(config, this, Meter.NONE);
    }
    return transaction.read(config.digest());
  }

  @Override
  public void take(InputStream in, Digest expected, long expectedSize)
      throws RktException, IOException {
    transaction.add(in, expected, expectedSize);
  }
}
