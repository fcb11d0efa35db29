package rkt.spec.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.json.JsonWriter;

/**
 * {@code index.json}: which manifests the store has, and under which references. A manifest with
 * several references has one entry for each; one without any still has an entry.
 * spec/store.md#index
 */
final class IndexFile {
  /** The annotation that holds a reference. */
  static final String REFERENCE = "org.opencontainers.image.ref.name";

  /** The annotation of an ACI's entry that holds its image identifier. */
  static final String IMAGE_ID = "vnd.appc.image.id";

  /** The annotation of a signature's entry that names the manifest that it belongs to. */
  static final String SUBJECT = "vnd.rkt.subject";

  /** The annotation of the entry of something that was made here, and not fetched. */
  static final String LOCAL = "vnd.rkt.local";

  private final Path file;

  IndexFile(Path file) {
    this.file = file;
  }

  /** The entries; none if there is no store yet. */
  List<OciDescriptor> read() throws SpecException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw SpecException.system("cannot read " + file + ": " + RktException.why(e), e);
    }
    return OciIndex.parseOwn(bytes, file.toString()).manifests();
  }

  /**
   * Replaces the entries; the caller holds the lock of the index. If it throws they are what they
   * were.
   *
   * @param scratch a name in a directory that is removed afterwards, on the same file system
   */
  void write(List<OciDescriptor> entries, Path scratch) throws IOException {
    JsonWriter out =
        new JsonWriter()
            .object()
            .put("schemaVersion", 2)
            .put("mediaType", MediaType.OCI_INDEX)
            .array("manifests");
    for (OciDescriptor entry : entries) {
      entry.write(out.object());
      out.end();
    }
    Durable.write(scratch, out.end().end().bytes());
    Path before = scratch.resolveSibling(scratch.getFileName() + ".before");
    Earlier earlier = keep(before);
    Durable.move(scratch, file);
    Path directory = file.getParent();
    try {
      if (directory != null) {
        Durable.sync(directory);
      }
    } catch (IOException e) {
      putBack(earlier, before, e);
      throw e;
    }
  }

  /** What became of the file that is replaced. */
  private enum Earlier {
    /** There was none. */
    NONE,
    /** It has another name besides. */
    KEPT,
    /** It cannot be put back: this file system knows no second names. */
    GONE
  }

  private Earlier keep(Path before) {
    try {
      Files.deleteIfExists(before);
      Files.createLink(before, file);
      return Earlier.KEPT;
    } catch (NoSuchFileException e) {
      return Earlier.NONE;
    } catch (IOException | UnsupportedOperationException e) {
      return Earlier.GONE;
    }
  }

  /** Nobody knows whether the new one is on disk, and its writer is told that it failed. */
  private void putBack(Earlier earlier, Path before, IOException cause) {
    try {
      if (earlier == Earlier.KEPT) {
        Durable.move(before, file);
      } else if (earlier == Earlier.NONE) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /** {@code entries}, with {@code manifest} found under each of {@code references}. */
  static List<OciDescriptor> with(
      List<OciDescriptor> entries, OciDescriptor manifest, List<String> references) {
    List<OciDescriptor> result = new ArrayList<>();
    List<OciDescriptor> displaced = new ArrayList<>();
    List<String> wanted = new ArrayList<>(references);
    for (OciDescriptor entry : entries) {
      String reference = reference(entry);
      boolean same = entry.digest().equals(manifest.digest());
      if (same && (!reference.isEmpty() || references.isEmpty())) {
        wanted.remove(reference);
        result.add(entry);
      } else if (!same && references.contains(reference)) {
        displaced.add(entry);
      } else if (!same) {
        result.add(entry);
      }
    }
    for (String reference : wanted) {
      result.add(annotated(manifest, REFERENCE, reference));
    }
    if (references.isEmpty() && !contains(result, manifest.digest())) {
      result.add(manifest);
    }
    // An image that lost its last reference is still in the store, and still has its identifier.
    for (OciDescriptor entry : displaced) {
      if (!contains(result, entry.digest())) {
        Map<String, String> annotations = new LinkedHashMap<>(entry.annotations());
        annotations.remove(REFERENCE);
        result.add(entry.annotated(entry.artifactType(), annotations));
      }
    }
    return result;
  }

  static String reference(OciDescriptor entry) {
    return entry.annotations().getOrDefault(REFERENCE, "");
  }

  static boolean contains(List<OciDescriptor> entries, Digest manifest) {
    for (OciDescriptor entry : entries) {
      if (entry.digest().equals(manifest)) {
        return true;
      }
    }
    return false;
  }

  static OciDescriptor annotated(OciDescriptor entry, String key, String value) {
    Map<String, String> annotations = new LinkedHashMap<>(entry.annotations());
    annotations.put(key, value);
    return entry.annotated(entry.artifactType(), annotations);
  }
}
