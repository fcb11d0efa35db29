package rkt.spec.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.ImageId;
import rkt.spec.image.OciDescriptor;

/**
 * Finds the image that a text means. On the run path: no lock, one small file. spec/store.md#find
 */
final class Lookup {
  private static final int SHORTEST_PREFIX = 2;

  private final Store store;

  Lookup(Store store) {
    this.store = store;
  }

  Optional<ImageId> find(String text) throws SpecException {
    if (text.isEmpty()) {
      return Optional.empty(); // a reference may be empty; nobody means it by saying nothing
    }
    for (ImageId.Kind kind : ImageId.Kind.values()) {
      if (text.startsWith(kind.prefix())) {
        return byId(kind, text.substring(kind.prefix().length()), text);
      }
    }
    return byReference(text);
  }

  private Optional<ImageId> byId(ImageId.Kind kind, String hex, String text) throws SpecException {
    ImageId whole;
    try {
      whole = ImageId.parse(text);
    } catch (IllegalArgumentException e) {
      return byPrefix(kind, hex, text);
    }
    return Files.isDirectory(store.imageDir(whole)) ? Optional.of(whole) : Optional.empty();
  }

  private Optional<ImageId> byPrefix(ImageId.Kind kind, String hex, String text)
      throws SpecException {
    if (hex.length() < SHORTEST_PREFIX) {
      throw SpecException.usage(
          "\"" + text + "\" is too short for an image identifier; give two digits or more");
    }
    String algorithm = kind.prefix().substring(0, kind.prefix().length() - 1) + "-";
    ImageId found = null;
    try {
      for (Path directory : Sweep.children(store.files().images())) {
        String name = String.valueOf(directory.getFileName());
        if (!name.startsWith(algorithm + hex)) {
          continue;
        }
        if (found != null) {
          throw SpecException.usage(
              "\"" + text + "\" means several images; give more digits of the identifier");
        }
        found = ImageId.parse(kind.prefix() + name.substring(algorithm.length()));
      }
    } catch (IOException e) {
      throw SpecException.system(
          "cannot read " + store.files().images() + ": " + RktException.why(e), e);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // not a directory of ours
    }
    return Optional.ofNullable(found);
  }

  private Optional<ImageId> byReference(String text) throws SpecException {
    ImageId newest = null;
    Instant when = null;
    for (OciDescriptor entry : store.files().index().read()) {
      String reference = IndexFile.reference(entry);
      Optional<ImageId> id = StoreFiles.idOf(entry);
      if (id.isEmpty() || !Files.isDirectory(store.imageDir(id.get()))) {
        continue;
      }
      if (reference.equals(text)) {
        return id;
      }
      if (isTagged(reference, text)) {
        if (newest == null) {
          newest = id.get();
          continue;
        }
        // Only now does it matter when they came.
        if (when == null) {
          when = store.admission(newest).imported();
        }
        Instant imported = store.admission(id.get()).imported();
        if (imported.isAfter(when)) {
          newest = id.get();
          when = imported;
        }
      }
    }
    return Optional.ofNullable(newest);
  }

  /** Whether {@code reference} is {@code name} and a tag, and not a name that begins alike. */
  private static boolean isTagged(String reference, String name) {
    return reference.length() > name.length() + 1
        && reference.startsWith(name)
        && reference.charAt(name.length()) == ':'
        && reference.indexOf('/', name.length()) < 0;
  }
}
