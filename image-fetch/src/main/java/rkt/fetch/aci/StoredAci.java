package rkt.fetch.aci;

import java.util.List;
import java.util.Optional;
import rkt.fetch.http.Freshness;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.Layer;
import rkt.spec.store.Blob;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;

/**
 * An ACI that another process has just brought into the store from where this one would have
 * fetched it. It is judged as if it had come again.
 */
public final class StoredAci implements AciSource {
  private final Image image;
  private final String source;
  private final Freshness freshness;
  private final Optional<byte[]> signature;

  private StoredAci(Image image, String source, Freshness freshness, Optional<byte[]> signature) {
    this.image = image;
    this.source = source;
    this.freshness = freshness;
    this.signature = signature;
  }

  /**
   * The image as a source; empty if somebody removes it just now.
   *
   * @param source where the other process has it from
   * @param freshness what that said
   * @param transaction keeps its file in the store
   */
  public static Optional<StoredAci> find(
      Store store, Image image, String source, Freshness freshness, Transaction transaction)
      throws RktException {
    transaction.expect(image.id());
    if (!transaction.has(image.layers().getLast().blob())) {
      return Optional.empty();
    }
    List<Digest> signatures = store.signatures(image.manifest());
    Optional<byte[]> signature =
        signatures.isEmpty() ? Optional.empty() : Optional.of(store.read(signatures.getLast()));
    return store.isHere(image.id())
        ? Optional.of(new StoredAci(image, source, freshness, signature))
        : Optional.empty();
  }

  @Override
  public Blob file(Transaction transaction, Progress progress, long limit) throws RktException {
    Layer layer = image.layers().getLast();
    if (layer.sizeBytes() > limit) {
      throw FetchException.integrity(
          source + " has " + layer.sizeBytes() + " bytes and may have " + limit, null);
    }
    return new Blob(layer.blob(), layer.sizeBytes());
  }

  @Override
  public Optional<byte[]> signature() {
    return signature;
  }

  @Override
  public Optional<Freshness> freshness() {
    return Optional.of(freshness);
  }

  @Override
  public boolean isHere() {
    return true;
  }

  @Override
  public String what() {
    return source;
  }
}
