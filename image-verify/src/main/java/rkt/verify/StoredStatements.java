package rkt.verify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.store.Statements;
import rkt.spec.store.Store;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.TrustException;

/** The statements that the store keeps beside an image. spec/trust.md#statements */
public final class StoredStatements {
  /** How often they are read again that others replace meanwhile. */
  private static final int LOOKS = 20;

  private StoredStatements() {}

  /**
   * The statements about {@code image}, in the order of {@link Store#statements}; at most 32. Reads
   * the index of the store, so ask only where a policy asks for statements.
   *
   * @throws RktException of class integrity if the bytes of one are not those that were stored
   */
  public static List<Statement> of(Store store, Image image) throws RktException {
    for (int i = 0; ; i++) {
      List<OciDescriptor> layers = store.statements(image.manifest());
      try {
        return of(layers, store::read);
      } catch (SpecException e) {
        requireReplaced(layers, store.statements(image.manifest()), i, e);
      }
    }
  }

  /** Throws {@code e}, unless a fetch has put others in the place of these meanwhile. */
  private static void requireReplaced(
      List<OciDescriptor> layers, List<OciDescriptor> now, int times, SpecException e)
      throws SpecException {
    if (times == LOOKS || e.errorClass() != ErrorClass.INTEGRITY || now.equals(layers)) {
      throw e;
    }
  }

  /** Finds the bytes of a statement by their digest. */
  public interface Bytes {
    byte[] of(Digest digest) throws RktException;
  }

  /** The statements that {@code layers} hold, which may not be in the store yet. */
  public static List<Statement> of(List<OciDescriptor> layers, Bytes bytes) throws RktException {
    List<Statement> statements = new ArrayList<>();
    for (OciDescriptor layer : layers) {
      for (Statement.Kind kind : Statement.Kind.values()) {
        if (kind.mediaType().equals(layer.mediaType())) {
          statements.add(new Statement(kind, checked(layer, bytes), layer.annotations()));
        }
      }
    }
    return statements;
  }

  /**
   * The digests of the indexes beside {@code image} that list it.
   *
   * @throws RktException of class integrity if the bytes of one are not those that were stored
   */
  public static List<Digest> indexes(Store store, Image image) throws RktException {
    for (int i = 0; ; i++) {
      List<OciDescriptor> layers = store.indexes(image.manifest());
      try {
        return indexes(layers, store::read, image.manifest());
      } catch (SpecException e) {
        requireReplaced(layers, store.indexes(image.manifest()), i, e);
      }
    }
  }

  /**
   * Of the indexes among {@code layers} those that list {@code manifest}, or an index that does, no
   * deeper than one that is fetched may be. Only what is in the bytes of that digest counts.
   * spec/trust.md#indexes
   */
  public static List<Digest> indexes(List<OciDescriptor> layers, Bytes bytes, Digest manifest)
      throws RktException {
    Map<Digest, OciIndex> left = new LinkedHashMap<>();
    for (OciDescriptor layer : layers) {
      if (MediaType.isIndex(layer.mediaType())) {
        byte[] document = checked(layer, bytes);
        if (!Digest.sha256(document).equals(layer.digest())) {
          throw SpecException.integrity("the index " + layer.digest() + " was changed");
        }
        String what = "the index " + layer.digest();
        left.put(layer.digest(), OciIndex.parse(document, layer.mediaType(), what));
      }
    }
    List<Digest> found = new ArrayList<>();
    List<Digest> last = List.of(manifest);
    for (int depth = 1; depth <= OciIndex.DEEPEST; depth++) {
      List<Digest> next = new ArrayList<>();
      for (Map.Entry<Digest, OciIndex> index : left.entrySet()) {
        for (Digest listed : last) {
          if (index.getValue().lists(listed, depth > 1) && !next.contains(index.getKey())) {
            next.add(index.getKey());
          }
        }
      }
      left.keySet().removeAll(next);
      found.addAll(next);
      last = next;
    }
    return found;
  }

  /** Makes the evidence of a signature, or finds what was made of it before. */
  public interface Evidences {
    /**
     * The evidence of one signature.
     *
     * @param signature its layer
     * @param index the document that it is of
     */
    Evidence of(OciDescriptor signature, byte[] index) throws RktException;
  }

  /**
   * The evidence of the detached signatures among {@code layers} that are of an index which lists
   * {@code manifest}. One that cannot be read is left out: it proves nothing.
   */
  public static List<Evidence> ofIndexes(
      List<OciDescriptor> layers, Bytes bytes, Digest manifest, Evidences evidences)
      throws RktException {
    List<Evidence> found = new ArrayList<>();
    List<Digest> listing = null;
    for (OciDescriptor layer : layers) {
      Optional<String> index = Statements.signedIndex(layer);
      if (index.isEmpty()) {
        continue;
      }
      if (listing == null) {
        listing = indexes(layers, bytes, manifest);
      }
      for (Digest listed : listing) {
        if (listed.toString().equals(index.get())) {
          try {
            Evidence evidence = evidences.of(layer, bytes.of(listed));
            if (evidence.subject().equals(listed)) {
              found.add(evidence);
            }
          } catch (TrustException e) {
            // Not a signature.
          }
        }
      }
    }
    return found;
  }

  /** The same of an image in the store. */
  static List<Evidence> ofIndexes(Store store, Image image) throws RktException {
    for (int i = 0; ; i++) {
      List<OciDescriptor> layers = all(store, image);
      try {
        return ofIndexes(
            layers,
            store::read,
            image.manifest(),
            (layer, index) -> StoredEvidence.ofIndex(store, image.id(), layer.digest(), index));
      } catch (SpecException e) {
        requireReplaced(layers, all(store, image), i, e);
      }
    }
  }

  private static List<OciDescriptor> all(Store store, Image image) throws SpecException {
    List<OciDescriptor> layers = new ArrayList<>(store.indexes(image.manifest()));
    layers.addAll(store.statements(image.manifest()));
    return layers;
  }

  private static byte[] checked(OciDescriptor layer, Bytes bytes) throws RktException {
    byte[] found = bytes.of(layer.digest());
    if (found.length > Statements.LARGEST) {
      throw SpecException.integrity(
          "the statement " + layer.digest() + " is " + found.length + " bytes long");
    }
    return found;
  }
}
