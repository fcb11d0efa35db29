package rkt.fetch.oci;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import rkt.fetch.aci.AciSource;
import rkt.fetch.http.Freshness;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.store.Blob;
import rkt.spec.store.Transaction;

/**
 * An ACI that is kept as an OCI artifact, in a registry or a layout. Of the artifact nothing is
 * believed but where the file is: that says what the image is called, as it does elsewhere. Belongs
 * to one thread. spec/image.md#references
 */
public final class ArtifactAci implements AciSource {
  private final OciSource source;
  private final String lookup;
  private final OciDescriptor manifest;
  private final OciDescriptor layer;
  private Optional<byte[]> signature = Optional.empty();
  private boolean isHere;

  private ArtifactAci(
      OciSource source, String lookup, OciDescriptor manifest, OciDescriptor layer) {
    this.source = source;
    this.lookup = lookup;
    this.manifest = manifest;
    this.layer = layer;
  }

  /**
   * What {@code source} means, if it is an ACI.
   *
   * @param lookup what to ask the source for to see whether it is still the same; empty for nothing
   */
  public static Optional<ArtifactAci> find(OciSource source, String lookup) throws RktException {
    Document root = source.root();
    if (!MediaType.isManifest(root.mediaType())) {
      return Optional.empty();
    }
    String what = "the manifest of " + source.what();
    OciManifest manifest = OciManifest.parse(root.bytes(), root.mediaType(), what);
    if (!manifest.artifactType().equals(MediaType.ACI)) {
      return Optional.empty();
    }
    if (manifest.layers().size() != 1
        || !manifest.layers().getFirst().mediaType().startsWith(MediaType.ACI_LAYER)) {
      throw FetchException.integrity(what + " says that it is an ACI, and has no ACI in it", null);
    }
    return Optional.of(
        new ArtifactAci(source, lookup, root.descriptor(), manifest.layers().getFirst()));
  }

  /** The digest of the artifact, which what is signed about it names. */
  public Digest manifest() {
    return manifest.digest();
  }

  /** Says which detached signature of the file the source has. */
  public void signedBy(byte[] found) {
    this.signature = Optional.of(found);
  }

  @Override
  public Blob file(Transaction transaction, Progress progress, long limit) throws RktException {
    if (layer.sizeBytes() > limit) {
      throw FetchException.integrity(
          what() + " has " + layer.sizeBytes() + " bytes and may have " + limit, null);
    }
    transaction.claim(List.of(layer.digest()));
    isHere = transaction.has(layer.digest());
    if (!isHere) {
      source.blob(layer, transaction::add, progress.started(what(), layer.sizeBytes()));
    }
    return new Blob(layer.digest(), layer.sizeBytes());
  }

  @Override
  public Optional<byte[]> signature() {
    return signature;
  }

  @Override
  public Optional<Freshness> freshness() {
    return lookup.isEmpty()
        ? Optional.empty()
        : Optional.of(new Freshness(manifest.digest().toString(), Duration.ZERO));
  }

  @Override
  public boolean isHere() {
    return isHere;
  }

  @Override
  public String remembered() {
    return lookup;
  }

  @Override
  public String what() {
    return source.what();
  }
}
