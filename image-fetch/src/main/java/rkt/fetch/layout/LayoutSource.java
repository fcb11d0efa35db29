package rkt.fetch.layout;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import rkt.fetch.oci.BlobSink;
import rkt.fetch.oci.Document;
import rkt.fetch.oci.OciSource;
import rkt.fetch.statement.FoundStatement;
import rkt.fetch.statement.FoundStatements;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Meter;
import rkt.fetch.transport.Progress;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.archive.TarFile;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.image.OciManifest;
import rkt.spec.json.JsonObject;
import rkt.spec.json.StrictJson;
import rkt.spec.store.Statements;

/** An image in an OCI image layout: a directory, or a tar of one. spec/image.md#references */
public final class LayoutSource implements OciSource {
  private static final String REFERENCE = "org.opencontainers.image.ref.name";

  private static final String SUBJECT = "vnd.rkt.subject";

  /** So that a layout of very many images cannot keep us busy with each. */
  private static final int MOST_ARTIFACTS = 1000;

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
    OciDescriptor entry = entry(index());
    return new Document(checked(entry), entry.mediaType());
  }

  private OciIndex index() throws RktException {
    String list = "index.json";
    return OciIndex.parse(files.small(list, StrictJson.MAX_BYTES), null, files.where(list));
  }

  private byte[] checked(OciDescriptor descriptor) throws RktException {
    if (descriptor.sizeBytes() > StrictJson.MAX_BYTES) {
      throw FetchException.integrity(descriptor.digest() + " is too long for a document", null);
    }
    byte[] bytes = document(descriptor, Math.toIntExact(descriptor.sizeBytes()));
    Digest found = Digest.sha256(bytes);
    if (bytes.length != descriptor.sizeBytes() || !found.equals(descriptor.digest())) {
      throw FetchException.integrity(
          descriptor.digest() + " is " + found + " of " + bytes.length + " bytes in " + place,
          null);
    }
    return bytes;
  }

  /**
   * What the layout has of signatures and attestations beside an image: artifacts that refer to it,
   * and the manifests under the tags that cosign makes of it. The newest first: who adds to an
   * index or an artifact adds to its end.
   *
   * @param subjects the digest of the image's manifest, then those of the indexes that led to it
   */
  public Optional<FoundStatements.Beside> beside(List<Digest> subjects) throws RktException {
    Set<String> tags = new HashSet<>();
    for (Digest subject : subjects) {
      tags.add(subject.algorithm().label() + "-" + subject.hex() + ".sig");
      tags.add(subject.algorithm().label() + "-" + subject.hex() + ".att");
    }
    Optional<FoundStatement.Content> signature = Optional.empty();
    List<FoundStatement> statements = new ArrayList<>();
    int seen = 0;
    for (OciDescriptor entry : index().manifests().reversed()) {
      String reference = entry.annotations().getOrDefault(REFERENCE, "");
      boolean tagged = tags.contains(reference) || isSaved(entry);
      if (!MediaType.isManifest(entry.mediaType()) || !(tagged || isArtifact(entry))) {
        continue;
      }
      if (++seen > MOST_ARTIFACTS) {
        break;
      }
      OciManifest artifact =
          OciManifest.parse(checked(entry), entry.mediaType(), "the artifact " + entry.digest());
      boolean refers =
          artifact.subject().isPresent() && subjects.contains(artifact.subject().get().digest());
      if (!tagged && !refers) {
        continue;
      }
      if (entry.artifactType().equals(MediaType.PGP_SIGNATURE) && artifact.layers().size() == 1) {
        OciDescriptor layer = artifact.layers().getFirst();
        if (!refers || artifact.subject().get().digest().equals(subjects.getFirst())) {
          signature = signature.isPresent() ? signature : Optional.of(() -> checked(layer));
        } else {
          OciDescriptor ofIndex = Statements.ofIndex(artifact.subject().get().digest(), layer);
          statements.add(new FoundStatement(ofIndex, () -> checked(layer)));
        }
      }
      for (OciDescriptor layer : artifact.layers().reversed()) {
        statements.add(new FoundStatement(plain(layer), () -> checked(layer)));
      }
    }
    return Optional.of(
        new FoundStatements.Beside(signature, FoundStatements.of(statements, Progress.NONE)));
  }

  private static OciDescriptor plain(OciDescriptor layer) {
    return OciDescriptor.of(layer.mediaType(), layer.digest(), layer.sizeBytes())
        .annotated("", layer.annotations());
  }

  /** Whether an entry says that it is no image, but something about one. */
  private static boolean isArtifact(OciDescriptor entry) {
    return Statements.isOne(entry)
        || entry.artifactType().equals(MediaType.PGP_SIGNATURE)
        || entry.annotations().containsKey(SUBJECT);
  }

  /** Whether {@code cosign save} wrote the entry, which has but one image to be about. */
  private static boolean isSaved(OciDescriptor entry) {
    String kind = entry.annotations().getOrDefault("kind", "");
    return kind.equals("dev.cosignproject.cosign/sigs")
        || kind.equals("dev.cosignproject.cosign/atts");
  }

  /** Whether a reference is a tag that cosign makes of an image's digest. */
  private static boolean isCosignTag(String reference) {
    return reference.startsWith("sha256-")
        && reference.length() == "sha256-.sig".length() + 64
        && (reference.endsWith(".sig") || reference.endsWith(".att"));
  }

  private OciDescriptor entry(OciIndex index) throws FetchException {
    List<OciDescriptor> found = new ArrayList<>();
    TreeSet<String> tags = new TreeSet<>();
    for (OciDescriptor entry : index.manifests()) {
      String reference = entry.annotations().getOrDefault(REFERENCE, "");
      if (isArtifact(entry) || isCosignTag(reference) || isSaved(entry)) {
        continue;
      }
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
  public void blob(OciDescriptor descriptor, BlobSink sink, Meter meter) throws RktException {
    FileBlobs.read(files, blob(descriptor.digest()), descriptor, sink, meter);
  }

  @Override
  public String what() {
    return place + (tag.isEmpty() ? "" : ":" + tag) + digest.map(it -> "@" + it).orElse("");
  }

  private static String blob(Digest blob) {
    return "blobs/" + blob.algorithm().label() + "/" + blob.hex();
  }
}
