package rkt.fetch.layout;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import rkt.fetch.archive.TarFile;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciSource;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.json.JsonObject;
import rkt.spec.json.StrictJson;
import rkt.spec.store.Transaction;

/** An image in an OCI image layout: a directory, or a tar of one. spec/image.md#references */
public final class LayoutSource implements OciSource {
  private static final String REFERENCE = "org.opencontainers.image.ref.name";

  private final LayoutFiles files;
  private final String place;
  private final String tag;
  private final Optional<Digest> digest;

  private LayoutSource(LayoutFiles files, String place, String tag, Optional<Digest> digest) {
    this.files = files;
    this.place = place;
    this.tag = tag;
    this.digest = digest;
  }

  /**
   * A layout in a directory.
   *
   * @param tag the reference within the layout; empty if the layout has but one image
   * @param digest of the manifest, instead of a tag
   */
  public static LayoutSource directory(Path directory, String tag, Optional<Digest> digest) {
    return new LayoutSource(
        new LayoutFiles.OfDirectory(directory), "oci:" + directory, tag, digest);
  }

  /** The same in a plain tar, which is called {@code file} in errors. */
  public static LayoutSource archive(TarFile tar, Path file, String tag, Optional<Digest> digest) {
    return new LayoutSource(
        new LayoutFiles.OfArchive(tar, file.toString()), "oci-archive:" + file, tag, digest);
  }

  @Override
  public Document root() throws RktException {
    String marker = "oci-layout";
    if (!files.has(marker)) {
      throw FetchException.notFound(place + " is not an OCI image layout", null);
    }
    JsonObject layout =
        JsonObject.parse(files.small(marker, StrictJson.MAX_BYTES), files.where(marker));
    if (!layout.string("imageLayoutVersion").startsWith("1.")) {
      throw FetchException.integrity(files.where(marker) + " is of an unknown version", null);
    }
    String list = "index.json";
    OciIndex index =
        OciIndex.parse(files.small(list, StrictJson.MAX_BYTES), null, files.where(list));
    OciDescriptor entry = entry(index);
    if (entry.sizeBytes() > StrictJson.MAX_BYTES) {
      throw FetchException.integrity(entry.digest() + " is too long for a manifest", null);
    }
    byte[] bytes = document(entry, Math.toIntExact(entry.sizeBytes()));
    Digest found = Digest.sha256(bytes);
    if (bytes.length != entry.sizeBytes() || !found.equals(entry.digest())) {
      throw FetchException.integrity(
          entry.digest() + " is " + found + " of " + bytes.length + " bytes in " + place, null);
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
              ? "name one by its digest: " + place + "@sha256:…"
              : "name one by its tag: " + String.join(", ", tags));
    }
    return found.getFirst();
  }

  @Override
  public byte[] document(OciDescriptor descriptor, int limit) throws RktException {
    return files.small(blob(descriptor.digest()), limit);
  }

  @Override
  public void blob(OciDescriptor descriptor, Transaction transaction, Meter meter)
      throws RktException {
    FileBlobs.stage(files, blob(descriptor.digest()), descriptor, transaction, meter);
  }

  @Override
  public String what() {
    return place + (tag.isEmpty() ? "" : ":" + tag) + digest.map(it -> "@" + it).orElse("");
  }

  private static String blob(Digest blob) {
    return "blobs/" + blob.algorithm().label() + "/" + blob.hex();
  }
}
