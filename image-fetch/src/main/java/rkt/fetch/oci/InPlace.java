package rkt.fetch.oci;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.Collection;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.OciDescriptor;

/** An image that stays where it is: its blobs are hashed and forgotten. */
final class InPlace implements Stage {
  private static final int BUFFER = 256 << 10;

  private final String what;
  private byte[] manifest = new byte[0];

  /**
   * @param what names the image in errors
   */
  InPlace(String what) {
    this.what = what;
  }

  /** The bytes of the manifest, which nobody changes. */
  byte[] manifest() {
    return manifest;
  }

  @Override
  public void claim(Collection<Digest> digests) {
    // nobody else is told of what is read here
  }

  @Override
  public void expect(ImageId id) {
    // the same
  }

  @Override
  public boolean has(Digest digest) {
    return false;
  }

  @Override
  public void manifest(byte[] bytes) {
    manifest = bytes;
  }

  @Override
  public byte[] config(OciSource source, OciDescriptor config) throws RktException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    source.blob(config, (in, digest, size) -> check(in, digest, size, bytes), Meter.NONE);
    return bytes.toByteArray();
  }

  @Override
  public void take(InputStream in, Digest expected, long expectedSize)
      throws RktException, IOException {
    check(in, expected, expectedSize, OutputStream.nullOutputStream());
  }

  private void check(InputStream in, Digest expected, long expectedSize, OutputStream to)
      throws RktException, IOException {
    MessageDigest digest = expected.algorithm().start();
    byte[] buffer = new byte[BUFFER];
    long size = 0;
    for (int n = in.read(buffer); n >= 0 && size <= expectedSize; n = in.read(buffer)) {
      size += n;
      digest.update(buffer, 0, n);
      to.write(buffer, 0, n);
    }
    if (size != expectedSize) {
      throw FetchException.integrity(
          what + ": " + expected + " ended after " + size + " of " + expectedSize + " bytes", null);
    }
    Digest found = Digest.of(expected.algorithm(), digest);
    if (!found.equals(expected)) {
      throw FetchException.integrity(what + ": " + expected + " arrived as " + found, null);
    }
  }
}
