package rkt.spec.image;

import rkt.spec.Digest;

/**
 * One layer as it is stored and as it unpacks. spec/image.md#layers
 *
 * @param blob the digest of the bytes as they were served, and are stored
 * @param sizeBytes the length of those bytes
 * @param compression what they are compressed with
 * @param diffId the digest of the uncompressed tar
 */
public record Layer(Digest blob, long sizeBytes, Compression compression, Digest diffId) {
  public Layer {
    if (sizeBytes < 0) {
      throw new IllegalArgumentException("a layer cannot be " + sizeBytes + " bytes long");
    }
  }
}
