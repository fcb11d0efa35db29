package rkt.spec.store;

import rkt.spec.Digest;
import rkt.spec.image.OciDescriptor;

/** Some stored bytes: their digest and how many they are. */
public record Blob(Digest digest, long sizeBytes) {

  /** The descriptor that calls these bytes a {@code mediaType}. */
  public OciDescriptor as(String mediaType) {
    return OciDescriptor.of(mediaType, digest, sizeBytes);
  }
}
