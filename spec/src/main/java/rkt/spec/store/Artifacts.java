package rkt.spec.store;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.json.JsonWriter;

/** The OCI manifests under which what is no OCI image is kept. spec/store.md#artifacts */
final class Artifacts {
  /** The config of an artifact that has none, as OCI defines it. */
  static final byte[] EMPTY = "{}".getBytes(StandardCharsets.US_ASCII);

  private Artifacts() {}

  static byte[] aci(OciDescriptor config, OciDescriptor file) {
    return manifest(MediaType.ACI, config, List.of(file), null);
  }

  /** Something of type {@code artifactType} that is about {@code subject}. */
  static byte[] about(
      OciDescriptor subject, String artifactType, OciDescriptor empty, List<OciDescriptor> layers) {
    OciDescriptor plain =
        OciDescriptor.of(subject.mediaType(), subject.digest(), subject.sizeBytes());
    return manifest(artifactType, empty, layers, plain);
  }

  /** A manifest that says nothing of what it is. */
  static byte[] plain(OciDescriptor config, List<OciDescriptor> layers) {
    return manifest("", config, layers, null);
  }

  private static byte[] manifest(
      String artifactType,
      OciDescriptor config,
      List<OciDescriptor> layers,
      @Nullable OciDescriptor subject) {
    JsonWriter out =
        new JsonWriter().object().put("schemaVersion", 2).put("mediaType", MediaType.OCI_MANIFEST);
    if (!artifactType.isEmpty()) {
      out.put("artifactType", artifactType);
    }
    config.write(out.object("config"));
    out.end().array("layers");
    for (OciDescriptor layer : layers) {
      layer.write(out.object());
      out.end();
    }
    out.end();
    if (subject != null) {
      subject.write(out.object("subject"));
      out.end();
    }
    return out.end().bytes();
  }

  static OciDescriptor entry(Blob manifest, String artifactType, String annotation, String value) {
    return manifest.as(MediaType.OCI_MANIFEST).annotated(artifactType, Map.of(annotation, value));
  }
}
