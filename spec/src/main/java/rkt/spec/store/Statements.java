package rkt.spec.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;

/**
 * How statements about an image, and the indexes that some are about, are kept beside it.
 * spec/store.md#statements
 */
public final class Statements {
  /** The most that an image has. */
  public static final int MOST = 32;

  /** The most bytes that one may have. */
  public static final int LARGEST = 4 << 20;

  /** The most bytes that all of an image may have together. */
  public static final int LARGEST_TOGETHER = 16 << 20;

  private Statements() {}

  /** Statements that are the layers of one artifact. */
  record Group(String artifactType, List<OciDescriptor> layers) {
    Group {
      layers = List.copyOf(layers);
    }
  }

  /** Whether a layer of this type holds a statement, or an index that statements are about. */
  public static boolean isStatement(String mediaType) {
    return artifactType(mediaType).isPresent();
  }

  /** What an artifact is called that has layers of a type; empty if that is no statement's. */
  private static Optional<String> artifactType(String mediaType) {
    return switch (mediaType) {
      case MediaType.COSIGN_PAYLOAD -> Optional.of(MediaType.COSIGN_SIGNATURES);
      case MediaType.DSSE -> Optional.of(MediaType.COSIGN_ATTESTATIONS);
      case MediaType.SIGSTORE_BUNDLE, MediaType.SIMPLE_SIGNING -> Optional.of(mediaType);
      case MediaType.OCI_INDEX, MediaType.DOCKER_INDEX, MediaType.INDEX_SIGNATURE ->
          Optional.of(MediaType.IMAGE_INDEXES);
      default -> Optional.empty();
    };
  }

  /**
   * What a detached OpenPGP signature of an index is beside an image that the index lists.
   *
   * @param signature the layer that the signature was at its source
   */
  public static OciDescriptor ofIndex(Digest index, OciDescriptor signature) {
    return OciDescriptor.of(MediaType.INDEX_SIGNATURE, signature.digest(), signature.sizeBytes())
        .annotated("", Map.of(IndexFile.SUBJECT, index.toString()));
  }

  /** The index that such a signature says it is of; empty if it says none, or is another thing. */
  public static Optional<String> signedIndex(OciDescriptor layer) {
    return layer.mediaType().equals(MediaType.INDEX_SIGNATURE)
        ? Optional.ofNullable(layer.annotations().get(IndexFile.SUBJECT))
        : Optional.empty();
  }

  /** Whether an entry of an index says that it is an artifact of statements. */
  public static boolean isOne(OciDescriptor entry) {
    return switch (entry.artifactType()) {
      case MediaType.COSIGN_SIGNATURES,
          MediaType.COSIGN_ATTESTATIONS,
          MediaType.SIGSTORE_BUNDLE,
          MediaType.SIMPLE_SIGNING,
          MediaType.IMAGE_INDEXES ->
          true;
      default -> false;
    };
  }

  /** Those that are kept, or read: the first ones, as far as all limits hold. */
  static List<OciDescriptor> bounded(List<OciDescriptor> statements) {
    List<OciDescriptor> kept = new ArrayList<>();
    long size = 0;
    for (OciDescriptor statement : statements) {
      boolean fits =
          isStatement(statement.mediaType())
              && kept.size() < MOST
              && statement.sizeBytes() <= LARGEST
              && size + statement.sizeBytes() <= LARGEST_TOGETHER;
      if (fits) {
        kept.add(statement);
        size += statement.sizeBytes();
      }
    }
    return kept;
  }

  /** Divides statements among artifacts: one for each bundle, one for all others of a type. */
  static List<Group> groups(List<OciDescriptor> statements) {
    Map<String, List<OciDescriptor>> layers = new LinkedHashMap<>();
    List<Group> groups = new ArrayList<>();
    for (OciDescriptor statement : bounded(statements)) {
      Optional<String> type = artifactType(statement.mediaType());
      if (type.isEmpty()) {
        continue;
      }
      if (type.get().equals(MediaType.SIGSTORE_BUNDLE)) {
        groups.add(new Group(type.get(), List.of(statement)));
      } else {
        layers.computeIfAbsent(type.get(), _ -> new ArrayList<>()).add(statement);
      }
    }
    layers.forEach((type, its) -> groups.add(new Group(type, its)));
    return groups;
  }

  /** {@code entries} without the statements about {@code subject} that were fetched before. */
  static List<OciDescriptor> withoutFetched(
      List<OciDescriptor> entries, Digest subject, List<OciDescriptor> fetched) {
    List<OciDescriptor> kept = new ArrayList<>();
    for (OciDescriptor entry : entries) {
      boolean older =
          isOne(entry)
              && subject.toString().equals(entry.annotations().get(IndexFile.SUBJECT))
              && !entry.annotations().containsKey(IndexFile.LOCAL)
              && !IndexFile.contains(fetched, entry.digest());
      if (!older) {
        kept.add(entry);
      }
    }
    return kept;
  }
}
