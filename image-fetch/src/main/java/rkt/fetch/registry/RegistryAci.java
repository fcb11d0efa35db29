package rkt.fetch.registry;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import rkt.fetch.aci.AciSource;
import rkt.fetch.http.Freshness;
import rkt.fetch.oci.Document;
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
 * An ACI that somebody has pushed to a registry. Of the artifact nothing is believed but where the
 * file is: that says what the image is called, as it does elsewhere. Belongs to one thread.
 * spec/image.md#references
 */
public final class RegistryAci implements AciSource {
  private final RegistrySource registry;
  private final String lookup;
  private final OciDescriptor manifest;
  private final OciDescriptor layer;
  private Optional<byte[]> signature = Optional.empty();
  private boolean isHere;

  private RegistryAci(
      RegistrySource registry, String lookup, OciDescriptor manifest, OciDescriptor layer) {
    this.registry = registry;
    this.lookup = lookup;
    this.manifest = manifest;
    this.layer = layer;
  }

  /**
   * What the reference of {@code registry} stands for, if it is an ACI.
   *
   * @param lookup the reference as the store keeps it
   */
  public static Optional<RegistryAci> find(RegistrySource registry, String lookup)
      throws RktException {
    Document root = registry.root();
    if (!MediaType.isManifest(root.mediaType())) {
      return Optional.empty();
    }
    String what = "the manifest of " + registry.what();
    OciManifest manifest = OciManifest.parse(root.bytes(), root.mediaType(), what);
    if (!manifest.artifactType().equals(MediaType.ACI)) {
      return Optional.empty();
    }
    if (manifest.layers().size() != 1
        || !manifest.layers().getFirst().mediaType().startsWith(MediaType.ACI_LAYER)) {
      throw FetchException.integrity(what + " says that it is an ACI, and has no ACI in it", null);
    }
    return Optional.of(
        new RegistryAci(registry, lookup, root.descriptor(), manifest.layers().getFirst()));
  }

  /** The digest of the artifact, which what is signed about it names. */
  public Digest manifest() {
    return manifest.digest();
  }

  /** Says which detached signature of the file the registry has. */
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
      registry.blob(layer, transaction::add, progress.started(what(), layer.sizeBytes()));
    }
    return new Blob(layer.digest(), layer.sizeBytes());
  }

  @Override
  public Optional<byte[]> signature() {
    return signature;
  }

  @Override
  public Optional<Freshness> freshness() {
    return Optional.of(new Freshness(manifest.digest().toString(), Duration.ZERO));
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
    return registry.what();
  }
}
