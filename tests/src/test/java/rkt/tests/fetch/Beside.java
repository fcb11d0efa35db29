package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import rkt.verify.claim.Statement;

/** Statements beside an image, where cosign puts them. */
final class Beside {
  private static final String PGP = "application/pgp-signature";
  private static final String EMPTY = "application/vnd.oci.empty.v1+json";
  private static final String CONFIG = "application/vnd.oci.image.config.v1+json";

  private final Path layout;
  private final String subject;

  /**
   * @param layout one that holds the image
   * @param subject the digest of the image's manifest, or of its index
   */
  Beside(Path layout, String subject) {
    this.layout = layout;
    this.subject = subject;
  }

  /** {@code sha256-HEX}, and a suffix. */
  String tag(String suffix) {
    return subject.replace(':', '-') + suffix;
  }

  /** Puts the statements into the layout under the tag with {@code suffix}. */
  void tagged(String suffix, Statement... statements) throws IOException {
    enter(
        manifest(statements),
        "\"annotations\":{\"org.opencontainers.image.ref.name\":\"" + tag(suffix) + "\"}");
  }

  /** Puts a bundle into the layout as an artifact that refers to the image. */
  void referring(Statement bundle) throws IOException {
    String type = bundle.kind().mediaType();
    enter(artifact(type, layer(bundle)), "\"artifactType\":\"" + type + "\"");
  }

  /** Puts a detached OpenPGP signature into the layout in the same way. */
  void signed(Path signature) throws IOException {
    enter(
        artifact(PGP, OciImage.put(layout, Files.readAllBytes(signature), PGP)),
        "\"artifactType\":\"" + PGP + "\"");
  }

  /** Uploads the statements to a registry under the tag with {@code suffix}. */
  void pushTagged(Registry registry, String repository, String suffix, Statement... statements)
      throws IOException, InterruptedException {
    String manifest = manifest(statements);
    uploadBlobs(registry, repository, manifest);
    registry.putManifest(repository, tag(suffix), OciImage.MANIFEST, manifest.getBytes(UTF_8));
  }

  /** Uploads a bundle to a registry without the referrers API, and lists it where that is said. */
  void pushReferring(Registry registry, String repository, Statement bundle)
      throws IOException, InterruptedException {
    pushReferring(registry, repository, bundle.kind().mediaType(), layer(bundle));
  }

  /** Uploads a detached OpenPGP signature in the same way. */
  void pushSigned(Registry registry, String repository, Path signature)
      throws IOException, InterruptedException {
    String layer = OciImage.put(layout, Files.readAllBytes(signature), PGP);
    pushReferring(registry, repository, PGP, layer);
  }

  private void pushReferring(Registry registry, String repository, String type, String layer)
      throws IOException, InterruptedException {
    byte[] artifact = artifact(type, layer).getBytes(UTF_8);
    uploadBlobs(registry, repository, new String(artifact, UTF_8));
    String digest = "sha256:" + OciImage.sha256(artifact);
    registry.putManifest(repository, digest, OciImage.MANIFEST, artifact);
    String list =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"artifactType\":\"%s\"}]}"
            .formatted(OciImage.INDEX, OciImage.MANIFEST, digest, artifact.length, type);
    registry.putManifest(repository, tag(""), OciImage.INDEX, list.getBytes(UTF_8));
  }

  /** The manifest of a tag of cosign; its layers are in the layout. */
  private String manifest(Statement... statements) throws IOException {
    List<String> layers = new ArrayList<>();
    for (Statement statement : statements) {
      layers.add(layer(statement));
    }
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
        .formatted(
            OciImage.MANIFEST,
            OciImage.put(layout, "{}".getBytes(UTF_8), CONFIG),
            String.join(",", layers));
  }

  private String artifact(String type, String layer) throws IOException {
    long size = Files.size(OciImage.blob(layout, subject.substring("sha256:".length())));
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"%s\",\"config\":%s,\"layers\":[%s],\"subject\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}}"
        .formatted(
            OciImage.MANIFEST,
            type,
            OciImage.put(layout, "{}".getBytes(UTF_8), EMPTY),
            layer,
            OciImage.MANIFEST,
            subject,
            size);
  }

  private String layer(Statement statement) throws IOException {
    String descriptor = OciImage.put(layout, statement.body(), statement.kind().mediaType());
    List<String> annotations = new ArrayList<>();
    statement
        .annotations()
        .forEach((name, value) -> annotations.add("\"" + name + "\":\"" + escaped(value) + "\""));
    return annotations.isEmpty()
        ? descriptor
        : descriptor.substring(0, descriptor.length() - 1)
            + ",\"annotations\":{"
            + String.join(",", annotations)
            + "}}";
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  private void enter(String manifest, String member) throws IOException {
    String descriptor = OciImage.put(layout, manifest.getBytes(UTF_8), OciImage.MANIFEST);
    Path index = layout.resolve("index.json");
    String before = Files.readString(index);
    Files.writeString(
        index,
        before.substring(0, before.lastIndexOf(']'))
            + ","
            + descriptor.substring(0, descriptor.length() - 1)
            + ","
            + member
            + "}]}");
  }

  /** The blobs that the manifest names, but for the image itself. */
  private void uploadBlobs(Registry registry, String repository, String manifest)
      throws IOException, InterruptedException {
    for (int at = manifest.indexOf("\"sha256:"); at >= 0; ) {
      String digest = manifest.substring(at + 1, at + 72);
      if (!digest.equals(subject)) {
        registry.putBlob(
            repository, Files.readAllBytes(OciImage.blob(layout, digest.substring(7))));
      }
      at = manifest.indexOf("\"sha256:", at + 1);
    }
  }
}
