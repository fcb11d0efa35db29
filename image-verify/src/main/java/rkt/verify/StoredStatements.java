package rkt.verify;

import java.util.ArrayList;
import java.util.List;
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
    List<Statement> statements = new ArrayList<>();
    for (OciDescriptor layer : store.statements(image.manifest())) {
      for (Statement.Kind kind : Statement.Kind.values()) {
        if (kind.mediaType().equals(layer.mediaType())) {
          statements.add(new Statement(kind, bytes(store, layer), layer.annotations()));
        }
      }
    }
    return statements;
  }

  private static byte[] bytes(Store store, OciDescriptor layer) throws SpecException {
    byte[] bytes = store.read(layer.digest());
    if (bytes.length > Statements.LARGEST) {
      throw SpecException.integrity(
          "the statement " + layer.digest() + " is " + bytes.length + " bytes long");
    }
    return bytes;
  }
}
