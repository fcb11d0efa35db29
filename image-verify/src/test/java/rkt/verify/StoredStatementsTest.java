package rkt.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.Image;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.store.Entry;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;
import rkt.verify.claim.Statement;

final class StoredStatementsTest {
  private static final Digest MANIFEST = Digest.sha256("a manifest".getBytes(UTF_8));

  @TempDir Path directory;

  @Test
  void statementsComeAsTheyWereStoredAndDamagedOnesNotAtAll() throws Exception {
    Store store = Store.at(directory);
    Image image = store(store);
    List<Statement> statements = StoredStatements.of(store, image);
    assertThat(statements)
        .extracting(Statement::kind, it -> new String(it.body(), UTF_8), Statement::annotations)
        .containsExactly(
            tuple(Statement.Kind.BUNDLE, "a bundle", Map.of()),
            tuple(
                Statement.Kind.COSIGN,
                "a payload",
                Map.of("dev.cosignproject.cosign/signature", "c2ln")),
            tuple(Statement.Kind.DSSE, "an envelope", Map.of()),
            tuple(Statement.Kind.OPENPGP_MESSAGE, "a message", Map.of()));
    assertThat(StoredEvidence.of(store, image).signatures()).isEmpty();

    OciDescriptor first = store.statements(image.manifest()).getFirst();
    Files.writeString(store.blob(first.digest()), "a forgery");
    assertThatThrownBy(() -> StoredStatements.of(store, image)).hasMessageContaining("was changed");
  }

  /** Documents by their digests. */
  private final Map<Digest, byte[]> documents = new HashMap<>();

  private OciDescriptor index(String entries) {
    byte[] document =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
            .formatted(MediaType.OCI_INDEX, entries)
            .getBytes(UTF_8);
    OciDescriptor layer =
        OciDescriptor.of(MediaType.OCI_INDEX, Digest.sha256(document), document.length);
    documents.put(layer.digest(), document);
    return layer;
  }

  private static String entry(String type, Digest digest) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":7}".formatted(type, digest);
  }

  private List<Digest> listing(OciDescriptor... layers) throws Exception {
    return StoredStatements.indexes(List.of(layers), this::document, MANIFEST);
  }

  private byte[] document(Digest digest) {
    return documents.getOrDefault(digest, new byte[0]);
  }

  @Test
  void onlyAnIndexThatListsTheManifestStandsForItAndNoDeeperThanOneIsFetched() throws Exception {
    OciDescriptor other = index(entry(MediaType.OCI_MANIFEST, Digest.sha256(new byte[1])));
    OciDescriptor first =
        index(
            entry(MediaType.OCI_MANIFEST, other.digest())
                + ","
                + entry(MediaType.OCI_MANIFEST, MANIFEST));
    OciDescriptor second = index(entry(MediaType.OCI_INDEX, first.digest()));
    OciDescriptor third = index(entry(MediaType.DOCKER_INDEX, second.digest()));
    OciDescriptor fourth = index(entry(MediaType.OCI_INDEX, third.digest()));
    assertThat(listing(other)).isEmpty();
    assertThat(listing(other, first)).containsExactly(first.digest());
    assertThat(listing(fourth, third, second, first))
        .containsExactly(first.digest(), second.digest(), third.digest());
    assertThat(listing(third, first)).as("what is between is missing").hasSize(1);
    assertThat(listing(index(entry(MediaType.OCI_INDEX, MANIFEST)))).isEmpty();
    assertThat(listing(index(entry(MediaType.OCI_LAYER, MANIFEST)))).isEmpty();
    assertThat(listing(index(entry(MediaType.OCI_MANIFEST, first.digest())), first)).hasSize(1);
    assertThat(listing(OciDescriptor.of(MediaType.DSSE, first.digest(), 7))).isEmpty();
  }

  @Test
  void anIndexOfOtherBytesOrOfNoStrictFormIsRefused() {
    String entry = entry(MediaType.OCI_MANIFEST, MANIFEST);
    OciDescriptor altered = index("");
    documents.put(altered.digest(), documents.get(index(entry).digest()));
    assertThatThrownBy(() -> listing(altered)).hasMessageContaining("was changed");
    OciDescriptor twice = index(entry + "],\"manifests\":[");
    assertThatThrownBy(() -> listing(twice)).isInstanceOf(RktException.class);
    OciDescriptor both = index(entry + "],\"layers\":[");
    assertThatThrownBy(() -> listing(both)).hasMessageContaining("layers");
  }

  private static Image store(Store store) throws Exception {
    try (Transaction transaction = store.begin()) {
      Digest layer = transaction.add("a layer".getBytes(UTF_8)).digest();
      String configuration =
          """
          {"os":"linux","architecture":"amd64","config":{"Cmd":["/bin/true"]},
           "rootfs":{"type":"layers","diff_ids":["%s"]}}\
          """
              .formatted(layer);
      OciDescriptor config =
          transaction.add(configuration.getBytes(UTF_8)).as(MediaType.OCI_CONFIG);
      String document =
          """
          {"schemaVersion":2,"mediaType":"%s",
           "config":{"mediaType":"%s","digest":"%s","size":%d},
           "layers":[{"mediaType":"%s","digest":"%s","size":7}]}\
          """
              .formatted(
                  MediaType.OCI_MANIFEST,
                  MediaType.OCI_CONFIG,
                  config.digest(),
                  config.sizeBytes(),
                  MediaType.OCI_LAYER,
                  layer);
      OciDescriptor manifest = transaction.add(document.getBytes(UTF_8)).as(MediaType.OCI_MANIFEST);
      Image image =
          OciManifest.parse(document.getBytes(UTF_8), null, "the sample")
              .resolve(
                  manifest.digest(),
                  new ImageName("example.com/app"),
                  OciConfig.parse(configuration.getBytes(UTF_8), "the config"),
                  "the sample");
      List<OciDescriptor> layers = new ArrayList<>();
      layers.add(
          transaction
              .add("a payload".getBytes(UTF_8))
              .as(MediaType.COSIGN_PAYLOAD)
              .annotated("", Map.of("dev.cosignproject.cosign/signature", "c2ln")));
      layers.add(transaction.add("an envelope".getBytes(UTF_8)).as(MediaType.DSSE));
      layers.add(transaction.add("a bundle".getBytes(UTF_8)).as(MediaType.SIGSTORE_BUNDLE));
      layers.add(transaction.add("a message".getBytes(UTF_8)).as(MediaType.SIMPLE_SIGNING));
      transaction.commit(
          new Entry(
              image,
              manifest,
              List.of(),
              transaction.addStatements(manifest, layers),
              true,
              "test",
              true,
              Map.of()));
      return image;
    }
  }
}
