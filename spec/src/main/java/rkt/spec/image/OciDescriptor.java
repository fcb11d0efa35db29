package rkt.spec.image;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;

/**
 * An OCI content descriptor: what some bytes are, their digest and their exact length. The {@code
 * urls} of a descriptor are never read: bytes come from where the image comes from.
 * spec/image.md#oci
 *
 * @param artifactType empty if the document has none
 * @param platform present only in an index
 */
public record OciDescriptor(
    String mediaType,
    Digest digest,
    long sizeBytes,
    String artifactType,
    Optional<Platform> platform,
    Map<String, String> annotations) {

  public OciDescriptor {
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** A plain descriptor. */
  public static OciDescriptor of(String mediaType, Digest digest, long sizeBytes) {
    return new OciDescriptor(mediaType, digest, sizeBytes, "", Optional.empty(), Map.of());
  }

  /** This with other annotations. */
  public OciDescriptor annotated(String artifactType, Map<String, String> annotations) {
    return new OciDescriptor(mediaType, digest, sizeBytes, artifactType, platform, annotations);
  }

  /** Reads a descriptor; a digest or a size that is not exactly as specified is refused. */
  public static OciDescriptor read(JsonObject json) throws SpecException {
    long size = json.integer("size");
    if (size < 0) {
      throw SpecException.integrity(json.where() + ": the size " + size + " is negative");
    }
    Optional<JsonObject> platform = json.findObject("platform");
    return new OciDescriptor(
        json.string("mediaType"),
        digest(json, "digest"),
        size,
        json.findString("artifactType").orElse(""),
        platform.isPresent() ? Optional.of(Platform.read(platform.get())) : Optional.empty(),
        json.stringMap("annotations"));
  }

  /** Writes this as the members of the object that is open. */
  public void write(JsonWriter out) {
    out.put("mediaType", mediaType).put("digest", digest.toString()).put("size", sizeBytes);
    if (!artifactType.isEmpty()) {
      out.put("artifactType", artifactType);
    }
    if (platform.isPresent()) {
      platform.get().write(out.object("platform"));
      out.end();
    }
    if (!annotations.isEmpty()) {
      out.put("annotations", annotations);
    }
  }

  static Digest digest(JsonObject json, String member) throws SpecException {
    try {
      return Digest.parse(json.string(member));
    } catch (IllegalArgumentException e) {
      throw SpecException.integrity(json.where() + ": " + e.getMessage());
    }
  }
}
