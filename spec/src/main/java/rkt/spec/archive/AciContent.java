package rkt.spec.archive;

import rkt.spec.Digest;
import rkt.spec.image.Compression;

/** What an ACI file turned out to be. */
public final class AciContent {
  private final Compression compression;
  private final Digest id;
  private final byte[] manifest;

  AciContent(Compression compression, Digest id, byte[] manifest) {
    this.compression = compression;
    this.id = id;
    this.manifest = manifest;
  }

  public Compression compression() {
    return compression;
  }

  /** The SHA-512 of the uncompressed tar. */
  public Digest id() {
    return id;
  }

  /** The bytes of the manifest, which nobody changes. */
  public byte[] manifest() {
    return manifest;
  }
}
