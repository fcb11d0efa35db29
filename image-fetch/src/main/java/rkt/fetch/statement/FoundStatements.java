package rkt.fetch.statement;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Statements;
import rkt.spec.store.Transaction;

/**
 * What the sources of an image have of statements about it, each once, in the order of their
 * places; no more than the store keeps. docs/fetching.md#statements
 */
public final class FoundStatements {
  private final List<FoundStatement> found;

  private FoundStatements(List<FoundStatement> found) {
    this.found = List.copyOf(found);
  }

  /**
   * Of those found, in their order, the ones that the store keeps.
   *
   * @param progress is told what is left out
   */
  public static FoundStatements of(List<FoundStatement> all, Progress progress) {
    List<FoundStatement> kept = new ArrayList<>();
    Set<OciDescriptor> known = new LinkedHashSet<>();
    int left = 0;
    long size = 0;
    for (FoundStatement statement : all) {
      OciDescriptor layer = statement.layer();
      if (!Statements.isStatement(layer.mediaType())
          || layer.digest().algorithm() != Digest.Algorithm.SHA256
          || !known.add(layer)) {
        continue;
      }
      boolean fits =
          kept.size() < Statements.MOST
              && layer.sizeBytes() <= Statements.LARGEST
              && size + layer.sizeBytes() <= Statements.LARGEST_TOGETHER;
      if (fits) {
        kept.add(statement);
        size += layer.sizeBytes();
      } else {
        left++;
      }
    }
    if (left > 0) {
      progress.note(
          left
              + " signatures and attestations are left out: an image has at most "
              + Statements.MOST
              + ", of "
              + (Statements.LARGEST >> 20)
              + " MiB each and "
              + (Statements.LARGEST_TOGETHER >> 20)
              + " MiB together");
    }
    return new FoundStatements(kept);
  }

  /**
   * These with the indexes that led to the image, without which what is said about an index could
   * not be believed. Where nothing is said, none is kept.
   *
   * @param progress is told what is left out
   */
  public FoundStatements within(List<FoundStatement> indexes, Progress progress) {
    if (found.isEmpty() || indexes.isEmpty()) {
      return this;
    }
    List<FoundStatement> all = new ArrayList<>(indexes);
    for (FoundStatement statement : found) {
      if (!MediaType.isIndex(statement.layer().mediaType())) {
        all.add(statement);
      }
    }
    return of(all, progress);
  }

  /** Whether they are all of {@code least} and none but {@code most}, in whatever order. */
  public boolean areBetween(List<OciDescriptor> least, List<OciDescriptor> most) {
    Set<OciDescriptor> layers = new HashSet<>();
    for (FoundStatement statement : found) {
      layers.add(statement.layer());
    }
    return layers.containsAll(least) && new HashSet<>(most).containsAll(layers);
  }

  /** Fetches and stages them; gives the layers for {@link Transaction#addStatements}. */
  public List<OciDescriptor> stage(Transaction transaction) throws RktException {
    List<OciDescriptor> layers = new ArrayList<>();
    for (FoundStatement statement : found) {
      OciDescriptor layer = statement.layer();
      if (transaction.has(layer.digest())) {
        requireSize(layer, transaction.path(layer.digest()).toFile().length());
      } else {
        transaction.add(statement.checked());
      }
      layers.add(layer);
    }
    return layers;
  }

  /** Reads them: the bytes of each by what it is. */
  public Map<OciDescriptor, byte[]> read() throws RktException {
    Map<OciDescriptor, byte[]> read = new LinkedHashMap<>();
    for (FoundStatement statement : found) {
      read.put(statement.layer(), statement.checked());
    }
    return read;
  }

  /** Limits count the size that a source says, so one that is here already must have it too. */
  private static void requireSize(OciDescriptor layer, long sizeBytes) throws FetchException {
    if (sizeBytes != layer.sizeBytes()) {
      throw FetchException.integrity(
          layer.digest() + " has " + sizeBytes + " bytes, and not " + layer.sizeBytes(), null);
    }
  }

  /**
   * What a source has beside an image.
   *
   * @param signature a detached OpenPGP signature over the manifest
   * @param statements signatures and attestations by name and digest
   */
  public record Beside(Optional<FoundStatement.Content> signature, FoundStatements statements) {}
}
