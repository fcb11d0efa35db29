package rkt.fetch.layout;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciSource;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.SpecException;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.json.JsonObject;
import rkt.spec.json.StrictJson;
import rkt.spec.store.Transaction;

/** An image in an OCI image layout: a directory. spec/image.md#references */
public final class LayoutSource implements OciSource {
  private static final String REFERENCE = "org.opencontainers.image.ref.name";

  private final Path directory;
  private final String tag;
  private final Optional<Digest> digest;

  /**
   * @param tag the reference within the layout; empty if the layout has but one image
   * @param digest of the manifest, instead of a tag
   */
  public LayoutSource(Path directory, String tag, Optional<Digest> digest) {
    this.directory = directory;
    this.tag = tag;
    this.digest = digest;
  }

  @Override
  public Document root() throws RktException {
    Path marker = directory.resolve("oci-layout");
    if (!Files.isRegularFile(marker)) {
      throw FetchException.notFound(directory + " is not an OCI image layout", null);
    }
    JsonObject layout = JsonObject.parse(small(marker, StrictJson.MAX_BYTES), marker.toString());
    if (!layout.string("imageLayoutVersion").startsWith("1.")) {
      throw FetchException.integrity(marker + " is of an unknown version", null);
    }
    Path file = directory.resolve("index.json");
    OciIndex index = OciIndex.parse(small(file, StrictJson.MAX_BYTES), null, file.toString());
    OciDescriptor entry = entry(index);
    if (entry.sizeBytes() > StrictJson.MAX_BYTES) {
      throw FetchException.integrity(entry.digest() + " is too long for a manifest", null);
    }
    byte[] bytes = document(entry, Math.toIntExact(entry.sizeBytes()));
    Digest found = Digest.sha256(bytes);
    if (bytes.length != entry.sizeBytes() || !found.equals(entry.digest())) {
      throw FetchException.integrity(
          entry.digest() + " is " + found + " of " + bytes.length + " bytes in " + directory, null);
    }
    return new Document(bytes, entry.mediaType());
  }

  private OciDescriptor entry(OciIndex index) throws FetchException {
    List<OciDescriptor> found = new ArrayList<>();
    TreeSet<String> tags = new TreeSet<>();
    for (OciDescriptor entry : index.manifests()) {
      String reference = entry.annotations().getOrDefault(REFERENCE, "");
      tags.add(reference);
      boolean named = tag.isEmpty() || reference.equals(tag);
      if (digest.isPresent() ? entry.digest().equals(digest.get()) : named) {
        found.add(entry);
      }
    }
    tags.remove("");
    if (found.isEmpty()) {
      throw FetchException.notFound(
          what() + " is not in the index of the layout",
          tags.isEmpty() ? null : "use one of its tags: " + String.join(", ", tags));
    }
    boolean oneImage = found.stream().map(OciDescriptor::digest).distinct().count() == 1;
    if (!oneImage) {
      throw FetchException.usage(
          what() + " means " + found.size() + " images",
          tags.isEmpty()
              ? "name one by its digest: oci:DIR@sha256:…"
              : "name one by its tag: " + String.join(", ", tags));
    }
    return found.getFirst();
  }

  @Override
  public byte[] document(OciDescriptor descriptor, int limit) throws RktException {
    return small(blob(descriptor.digest()), limit);
  }

  @Override
  public void blob(OciDescriptor descriptor, Transaction transaction) throws RktException {
    Path file = blob(descriptor.digest());
    try (InputStream in = open(file)) {
      if (Files.size(file) != descriptor.sizeBytes()) {
        throw FetchException.integrity(
            file + " is " + Files.size(file) + " bytes long, not " + descriptor.sizeBytes(), null);
      }
      transaction.add(in, descriptor.digest(), descriptor.sizeBytes());
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String what() {
    return "oci:"
        + directory
        + (tag.isEmpty() ? "" : ":" + tag)
        + digest.map(it -> "@" + it).orElse("");
  }

  private Path blob(Digest blob) {
    return directory.resolve("blobs").resolve(blob.algorithm().label()).resolve(blob.hex());
  }

  private static byte[] small(Path file, int limit) throws RktException {
    try (InputStream in = open(file)) {
      byte[] bytes = in.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw SpecException.integrity(file + " is longer than " + limit + " bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw FetchException.system("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /** Opens a plain file only: a FIFO would never answer, and a link could lead anywhere. */
  private static InputStream open(Path file) throws IOException, FetchException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw FetchException.integrity(
          file + " is missing", new NoSuchFileException(file.toString()));
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw FetchException.integrity(file + " is not a regular file", null);
    }
    return Files.newInputStream(file);
  }
}
