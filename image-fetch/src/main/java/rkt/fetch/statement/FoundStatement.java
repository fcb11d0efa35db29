package rkt.fetch.statement;

import java.util.Map;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.OciDescriptor;

/**
 * A statement that a source has: what it is, and its bytes once they are wanted.
 *
 * @param layer the media type, digest and size of the statement, and its annotations
 * @param content fetches the bytes, which are checked here
 */
public record FoundStatement(OciDescriptor layer, Content content) {
  /** Fetches bytes. */
  public interface Content {
    byte[] bytes() throws RktException;
  }

  /** A statement whose bytes are here already. */
  public static FoundStatement of(String mediaType, byte[] bytes, Map<String, String> annotations) {
    OciDescriptor layer = OciDescriptor.of(mediaType, Digest.sha256(bytes), bytes.length);
    return new FoundStatement(layer.annotated("", annotations), () -> bytes);
  }

  /** The same with its bytes, for when the source is gone. */
  public FoundStatement loaded() throws RktException {
    byte[] bytes = checked();
    return new FoundStatement(layer, () -> bytes);
  }

  /** The bytes, which are those that {@link #layer} says. */
  byte[] checked() throws RktException {
    byte[] bytes = content.bytes();
    Digest found = Digest.sha256(bytes);
    if (!found.equals(layer.digest()) || bytes.length != layer.sizeBytes()) {
      throw FetchException.integrity(layer.digest() + " arrived as " + found, null);
    }
    return bytes;
  }
}
