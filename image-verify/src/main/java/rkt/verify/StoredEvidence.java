package rkt.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.store.Store;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.TrustException;

/**
 * The evidence of an image in the store: {@code evidence.json} beside its {@code image.json}, or
 * made again from the stored signature and bytes. spec/trust.md#evidence
 */
public final class StoredEvidence {
  private static final String FILE = "evidence.json";
  private static final int LARGEST = 4 << 20;

  private StoredEvidence() {}

  /** The evidence of {@code image}; none if it was stored without a signature. */
  public static Evidence of(Store store, Image image) throws RktException {
    Evidence kept = find(store.imageDir(image.id()).resolve(FILE));
    if (kept != null && kept.subject().equals(image.signed()) && !kept.signatures().isEmpty()) {
      return kept;
    }
    // Evidence of no signature is not the last word: a later fetch of the same image, from where
    // its signature is not, leaves that of the first one in the store.
    List<Digest> signatures = store.signatures(image.manifest());
    if (signatures.isEmpty()) {
      return Evidence.none(image.signed());
    }
    byte[] newest = store.read(signatures.get(signatures.size() - 1));
    Evidence evidence = Evidence.collect(newest, store.blob(image.signed()));
    if (!evidence.subject().equals(image.signed())) {
      throw SpecException.integrity(
          "the blob " + image.signed() + " in the store is " + evidence.subject());
    }
    try {
      // Unless another signature came meanwhile, of which this knows nothing.
      store.keepBeside(
          image.id(),
          FILE,
          evidence.toJson(),
          () -> store.signatures(image.manifest()).equals(signatures));
    } catch (SpecException e) {
      // A store that we may only read: the next reader makes it again.
    }
    return evidence;
  }

  /**
   * The evidence of a detached signature, a blob of the store, of an index that lists the image.
   * Under the name of the signature, so that another one is never answered for.
   */
  static Evidence ofIndex(Store store, ImageId image, Digest signature, byte[] index)
      throws RktException {
    String name = "evidence-" + signature.hex() + ".json";
    Evidence kept = find(store.imageDir(image).resolve(name));
    if (kept != null && kept.subject().equals(Digest.sha256(index))) {
      return kept;
    }
    Evidence evidence = Evidence.collect(store.read(signature), index);
    try {
      store.keepBeside(image, name, evidence.toJson(), () -> true);
    } catch (SpecException e) {
      // A store that we may only read: the next reader makes it again.
    }
    return evidence;
  }

  /** Keeps {@code evidence} beside a stored image, whole or not at all. */
  public static void keep(Store store, ImageId id, Evidence evidence) throws SpecException {
    store.keepBeside(id, FILE, evidence.toJson(), () -> true);
  }

  /** Removes the evidence of an image whose signatures change: the next reader makes it again. */
  public static void forget(Store store, ImageId id) throws SpecException {
    Path file = store.imageDir(id).resolve(FILE);
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw SpecException.system("cannot remove " + file + ": " + e.getMessage(), e);
    }
  }

  /** What {@code file} holds; null if it is not there, damaged, or of another version. */
  private static @Nullable Evidence find(Path file) throws SpecException {
    try {
      return Files.size(file) > LARGEST
          ? null
          : Evidence.fromJson(Files.readAllBytes(file), file.toString());
    } catch (NoSuchFileException | TrustException e) {
      return null;
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
