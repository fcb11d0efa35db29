package rkt.spec.store;

import java.util.List;

/**
 * What a listing shows of an image. spec/store.md#listing
 *
 * @param id the identifier, as text: a listing of thousands parses none
 * @param name that the image is judged under
 * @param sizeBytes of all its blobs, shared ones included
 * @param importedSeconds when it last came into the store, since the epoch
 * @param usedSeconds when it was last fetched or run, since the epoch
 * @param insecure whether {@code --insecure-options=image} let it in
 * @param source where it came from, without credentials
 * @param references under which it is found besides its identifier
 */
public record ListedImage(
    String id,
    String name,
    long sizeBytes,
    long importedSeconds,
    long usedSeconds,
    boolean insecure,
    String source,
    List<String> references) {
  public ListedImage {
    references = List.copyOf(references);
  }

  /** Of an image of which nobody has asked yet when it was used. */
  static ListedImage of(StoredImage image) {
    return new ListedImage(
        image.image().id().toString(),
        image.image().name().text(),
        image.admission().sizeBytes(),
        image.admission().imported().getEpochSecond(),
        0,
        image.admission().insecure(),
        image.admission().source(),
        image.references());
  }

  ListedImage withReferences(List<String> others) {
    return new ListedImage(
        id, name, sizeBytes, importedSeconds, usedSeconds, insecure, source, others);
  }

  ListedImage usedAt(long seconds) {
    return new ListedImage(
        id, name, sizeBytes, importedSeconds, seconds, insecure, source, references);
  }
}
