package rkt.fetch.registry;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.spec.Digest;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciIndex;
import rkt.spec.image.OciManifest;
import rkt.spec.json.StrictJson;

/**
 * What refers to an image in its registry: signatures, attestations. By the referrers API of OCI
 * distribution 1.1, and where there is none by the index under the tag {@code sha256-HEX}. It is
 * evidence, and proves nothing by being there. docs/fetching.md#signatures-of-oci-images
 */
final class Referrers {
  private final RegistrySource registry;

  Referrers(RegistrySource registry) {
    this.registry = registry;
  }

  /** Everything that refers to {@code subject}, a manifest, in the registry's order. */
  List<OciDescriptor> list(Digest subject) throws RktException {
    Optional<OciIndex> index = index("referrers/" + subject);
    if (index.isEmpty()) {
      String tag = subject.algorithm().label() + "-" + subject.hex();
      index = index("manifests/" + tag);
    }
    return index.map(OciIndex::manifests).orElse(List.of());
  }

  private Optional<OciIndex> index(String path) throws RktException {
    return registry
        .retry()
        .run(() -> {
          try (Answer answer = registry.raw("GET", path, Map.of("Accept", MediaType.OCI_INDEX))) {
            Retry.inspect(answer);
            // Old registries know no such path, and say so in several ways.
            boolean known =
                answer.status() == 200 && answer.contentType().equals(MediaType.OCI_INDEX);
            return known
                ? Optional.of(
                    OciIndex.parse(
                        answer.bytes(StrictJson.MAX_BYTES),
                        MediaType.OCI_INDEX,
                        "the list of what refers to " + registry.what()))
                : Optional.empty();
          }
        });
  }

  /** The layers of an artifact, which must be about {@code subject}. */
  List<OciDescriptor> layers(OciDescriptor artifact, Digest subject) throws RktException {
    String what = "the artifact " + artifact.digest() + " of " + registry.what();
    if (artifact.sizeBytes() > StrictJson.MAX_BYTES) {
      throw FetchException.integrity(what + " is too long for a manifest", null);
    }
    byte[] bytes = registry.document(artifact, Math.toIntExact(artifact.sizeBytes()));
    require(artifact, bytes);
    OciManifest manifest = OciManifest.parse(bytes, artifact.mediaType(), what);
    boolean refers =
        manifest.subject().isPresent() && manifest.subject().get().digest().equals(subject);
    if (!refers) {
      throw FetchException.integrity(what + " is not about " + subject, null);
    }
    return manifest.layers();
  }

  /** The bytes of a layer of at most {@code limit} bytes. */
  byte[] content(OciDescriptor layer, int limit) throws RktException {
    if (layer.sizeBytes() > limit) {
      throw FetchException.integrity(
          layer.digest() + " of " + registry.what() + " is " + layer.sizeBytes() + " bytes long",
          null);
    }
    byte[] content = registry.small(layer.digest(), limit);
    require(layer, content);
    return content;
  }

  private static void require(OciDescriptor wanted, byte[] bytes) throws FetchException {
    Digest digest = wanted.digest();
    boolean same =
        digest.algorithm() == Digest.Algorithm.SHA256
            && bytes.length == wanted.sizeBytes()
            && Digest.sha256(bytes).equals(digest);
    if (!same) {
      throw FetchException.integrity(digest + " arrived as " + Digest.sha256(bytes), null);
    }
  }
}
