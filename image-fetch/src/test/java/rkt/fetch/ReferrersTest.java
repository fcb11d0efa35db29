package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.store.Store;

/** Signatures that a registry keeps beside an image. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class ReferrersTest {
  private static final byte[] SIGNATURE = Fixtures.utf8("a detached signature");

  @TempDir Path home;
  private FakeRegistry registry;
  private Store store;
  private Digest subject;
  private byte[] artifact;

  @BeforeEach
  void start() throws Exception {
    registry = new FakeRegistry();
    store = Store.at(home.resolve("data"));
    store.begin().close();
    subject = Digest.sha256(registry.manifest);
    artifact = artifact(subject, SIGNATURE);
    registry.serve(FakeRegistry.blob(SIGNATURE), SIGNATURE, "application/octet-stream");
    serve(artifact);
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  private void serve(byte[] manifest) {
    registry.serve(
        "/v2/app/manifests/" + Digest.sha256(manifest), manifest, MediaType.OCI_MANIFEST);
  }

  private static byte[] artifact(Digest subject, byte[] signature) {
    return Fixtures.utf8(
        """
        {"schemaVersion":2,"mediaType":"%s","artifactType":"%s",
         "config":{"mediaType":"%s","digest":"%s","size":2},
         "layers":[{"mediaType":"%s","digest":"%s","size":%d}],
         "subject":{"mediaType":"%s","digest":"%s","size":7}}\
        """
            .formatted(
                MediaType.OCI_MANIFEST,
                MediaType.PGP_SIGNATURE,
                MediaType.OCI_EMPTY,
                Digest.sha256(Fixtures.utf8("{}")),
                MediaType.PGP_SIGNATURE,
                Digest.sha256(signature),
                signature.length,
                MediaType.OCI_MANIFEST,
                subject));
  }

  private static byte[] index(byte[] manifest, String artifactType) {
    return Fixtures.utf8(
        """
        {"schemaVersion":2,"mediaType":"%s","manifests":[
         {"mediaType":"%s","artifactType":"application/x-other","digest":"%s","size":9},
         {"mediaType":"%s","artifactType":"%s","digest":"%s","size":%d}]}\
        """
            .formatted(
                MediaType.OCI_INDEX,
                MediaType.OCI_MANIFEST,
                Digest.sha256(new byte[9]),
                MediaType.OCI_MANIFEST,
                artifactType,
                Digest.sha256(manifest),
                manifest.length));
  }

  private void list(byte[] index) {
    registry.serve("/v2/app/referrers/" + subject, index, MediaType.OCI_INDEX);
  }

  private void fetched() throws Exception {
    try (Fetched fetched = fetch()) {
      assertThat(fetched.signature()).get().isEqualTo(SIGNATURE);
      fetched.commit(false, Map.of());
      Digest stored = store.signatures(subject).getFirst();
      assertThat(Files.readAllBytes(store.blob(stored))).isEqualTo(SIGNATURE);
    }
  }

  @Test
  void aSignatureThatRefersToTheImageComesWithIt() throws Exception {
    list(index(artifact, MediaType.PGP_SIGNATURE));
    fetched();
  }

  @Test
  void aRegistryWithoutReferrersHasThemUnderATag() throws Exception {
    registry.serve(
        "/v2/app/manifests/sha256-" + subject.hex(),
        index(artifact, MediaType.PGP_SIGNATURE),
        MediaType.OCI_INDEX);
    fetched();
  }

  @Test
  void anImageWithoutAnyHasNoSignature() throws Exception {
    list(index(artifact, "application/x-another"));
    try (Fetched fetched = fetch()) {
      assertThat(fetched.signature()).isEmpty();
    }
    for (int status : new int[] {400, 401, 403, 405}) {
      registry.on(
          "/v2/app/referrers/" + subject,
          exchange -> FakeRegistry.answer(exchange, status, new byte[0], "text/plain"));
      try (Fetched fetched = fetch()) {
        assertThat(fetched.signature()).isEmpty();
      }
    }
  }

  @Test
  void anArtifactAboutAnotherImageIsRefused() throws Exception {
    byte[] other = artifact(Digest.sha256(new byte[1]), SIGNATURE);
    serve(other);
    list(index(other, MediaType.PGP_SIGNATURE));
    refused(ErrorClass.INTEGRITY);
  }

  @Test
  void anArtifactOfOtherBytesIsRefused() throws Exception {
    list(index(artifact, MediaType.PGP_SIGNATURE));
    byte[] changed = SIGNATURE.clone();
    changed[0] ^= 1;
    registry.serve(FakeRegistry.blob(SIGNATURE), changed, "application/octet-stream");
    refused(ErrorClass.INTEGRITY);
    byte[] larger = artifact(subject, new byte[5 << 20]);
    serve(larger);
    list(index(larger, MediaType.PGP_SIGNATURE));
    refused(ErrorClass.INTEGRITY);
    list(Fixtures.utf8("{}"));
    refused(ErrorClass.INTEGRITY);
  }

  private Fetched fetch() throws Exception {
    FetchOptions options =
        FetchOptions.of(Map.of()).withInsecure(true, false).withPatience(Fixtures.BRISK);
    return new Fetcher(store, options).fetch(ImageRef.parse(registry.reference(), home));
  }

  private void refused(ErrorClass expected) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = fetch()) {
      throw new AssertionError("was fetched: " + fetched.source());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
    }
  }
}
