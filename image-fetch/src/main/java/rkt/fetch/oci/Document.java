package rkt.fetch.oci;

import rkt.spec.Digest;
import rkt.spec.image.OciDescriptor;

/** A manifest or an index as its source served it, with the type that the source stated. */
public final class Document {
  private final byte[] bytes;
  private final String mediaType;

  public Document(byte[] bytes, String mediaType) {
    this.bytes = bytes;
    this.mediaType = mediaType;
  }

  /** The bytes, which nobody changes. */
  public byte[] bytes() {
    return bytes;
  }

  public String mediaType() {
    return mediaType;
  }

  /** Its descriptor, from its own bytes. */
  public OciDescriptor descriptor() {
    return OciDescriptor.of(mediaType, Digest.sha256(bytes), bytes.length);
  }
}
