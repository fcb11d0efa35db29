package rkt.spec.store;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import rkt.spec.Digest;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.json.JsonWriter;

/**
 * The manifest under which cosign and podman look for the signatures, or the attestations, of an
 * image: its layers are the statements, its tag is made of the image's digest. spec/packing.md#tags
 */
public final class CosignTag {
  private final String name;
  private final List<OciDescriptor> layers;
  private final byte[] config;
  private final byte[] manifest;

  private CosignTag(String name, List<OciDescriptor> layers) {
    this.name = name;
    this.layers = List.copyOf(layers);
    this.config = config(layers);
    this.manifest = Artifacts.plain(descriptor(MediaType.OCI_CONFIG, config), layers);
  }

  private static OciDescriptor descriptor(String type, byte[] bytes) {
    return OciDescriptor.of(type, Digest.sha256(bytes), bytes.length);
  }

  /** Those of an image with some statements: none, one or two. */
  public static List<CosignTag> of(Digest subject, List<OciDescriptor> statements) {
    String start = subject.algorithm().label() + "-" + subject.hex();
    List<CosignTag> tags = new ArrayList<>();
    of(start + ".sig", MediaType.COSIGN_PAYLOAD, statements).ifPresent(tags::add);
    of(start + ".att", MediaType.DSSE, statements).ifPresent(tags::add);
    return tags;
  }

  private static Optional<CosignTag> of(String name, String type, List<OciDescriptor> statements) {
    List<OciDescriptor> layers = new ArrayList<>();
    for (OciDescriptor statement : statements) {
      if (statement.mediaType().equals(type)) {
        layers.add(statement);
      }
    }
    return layers.isEmpty() ? Optional.empty() : Optional.of(new CosignTag(name, layers));
  }

  /** This with what is under the tag already, each layer once. */
  public CosignTag behind(List<OciDescriptor> others) {
    Set<OciDescriptor> all = new LinkedHashSet<>(others);
    all.addAll(layers);
    return new CosignTag(name, List.copyOf(all));
  }

  /** The tag: {@code sha256-HEX.sig} or {@code sha256-HEX.att}. */
  public String name() {
    return name;
  }

  /** The statements. */
  public List<OciDescriptor> layers() {
    return layers;
  }

  /** The bytes of the config, which nobody changes. */
  public byte[] config() {
    return config;
  }

  /** The bytes of the manifest, which nobody changes. */
  public byte[] manifest() {
    return manifest;
  }

  /** The descriptor of the manifest. */
  public OciDescriptor descriptor() {
    return descriptor(MediaType.OCI_MANIFEST, manifest);
  }

  /** The descriptor of the config. */
  public OciDescriptor configDescriptor() {
    return descriptor(MediaType.OCI_CONFIG, config);
  }

  /** As of an image that has these layers: readers of images want one. */
  private static byte[] config(List<OciDescriptor> layers) {
    JsonWriter json =
        new JsonWriter()
            .object()
            .put("architecture", "")
            .put("os", "")
            .object("config")
            .end()
            .object("rootfs")
            .put("type", "layers")
            .array("diff_ids");
    for (OciDescriptor layer : layers) {
      json.add(layer.digest().toString());
    }
    return json.end().end().end().bytes();
  }
}
