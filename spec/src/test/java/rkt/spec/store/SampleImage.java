package rkt.spec.store;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.image.Image;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;

/** A small OCI image whose only layer is some text, which no store looks into. */
record SampleImage(OciDescriptor manifest, Image image, Digest layer) {

  static SampleImage add(Transaction transaction, String content)
      throws SpecException, IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    Digest digest = Digest.sha256(bytes);
    if (!transaction.has(digest)) {
      transaction.add(new ByteArrayInputStream(bytes), digest, bytes.length);
    }
    byte[] config =
        """
        {"os":"linux","architecture":"amd64","config":{"Cmd":["/bin/true"]},
         "rootfs":{"type":"layers","diff_ids":["%s"]}}\
        """
            .formatted(digest)
            .getBytes(StandardCharsets.UTF_8);
    OciDescriptor configured = transaction.add(config).as(MediaType.OCI_CONFIG);
    byte[] document =
        """
        {"schemaVersion":2,"mediaType":"%s",
         "config":{"mediaType":"%s","digest":"%s","size":%d},
         "layers":[{"mediaType":"%s","digest":"%s","size":%d}]}\
        """
            .formatted(
                MediaType.OCI_MANIFEST,
                configured.mediaType(),
                configured.digest(),
                configured.sizeBytes(),
                MediaType.OCI_LAYER,
                digest,
                bytes.length)
            .getBytes(StandardCharsets.UTF_8);
    OciDescriptor manifest = transaction.add(document).as(MediaType.OCI_MANIFEST);
    Image image =
        OciManifest.parse(document, null, "the sample")
            .resolve(
                manifest.digest(),
                new ImageName("example.com/sample"),
                OciConfig.parse(config, "the config"),
                "the sample");
    return new SampleImage(manifest, image, digest);
  }

  Entry entry(String... references) {
    return new Entry(image, manifest, List.of(references), List.of(), "test", false, Map.of());
  }
}
