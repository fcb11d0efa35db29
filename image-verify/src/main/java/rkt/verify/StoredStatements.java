package rkt.verify;

import java.util.ArrayList;
import java.util.List;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Statements;
import rkt.spec.store.Store;
import rkt.verify.claim.Statement;

/** The statements that the store keeps beside an image. spec/trust.md#statements */
public final class StoredStatements {
  private StoredStatements() {}

  /**
   * The statements about {@code image}, in the order in which they were stored; at most 32. Reads
   * the index of the store, so ask only where a policy asks for statements.
   *
   * @throws RktException of class integrity if the bytes of one are not those that were stored
   */
  public static List<Statement> of(Store store, Image image) throws RktException {
    return of(store.statements(image.manifest()), store::read);
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

  private static byte[] checked(OciDescriptor layer, Bytes bytes) throws RktException {
    byte[] found = bytes.of(layer.digest());
    if (found.length > Statements.LARGEST) {
      throw SpecException.integrity(
          "the statement " + layer.digest() + " is " + found.length + " bytes long");
    }
    return found;
  }
}
