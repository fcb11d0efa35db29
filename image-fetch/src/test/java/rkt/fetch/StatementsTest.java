package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.fetch.transport.Surroundings;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;

/** Signatures and attestations by name and digest, wherever sources keep them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class StatementsTest {
  private static final String SIGNATURE = "dev.cosignproject.cosign/signature";

  @TempDir Path home;
  private FakeRegistry registry;
  private Store store;
  private Digest subject;

  @BeforeEach
  void start() throws Exception {
    registry = new FakeRegistry();
    store = Store.at(home.resolve("data"));
    store.begin().close();
    subject = Digest.sha256(registry.manifest);
    registry.on(
        "/v2/app/manifests/1",
        exchange -> {
          exchange.getResponseHeaders().set("Docker-Content-Digest", subject.toString());
          FakeRegistry.answer(exchange, 200, registry.manifest, MediaType.OCI_MANIFEST);
        });
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  /** A layer whose annotation tells it from others of the same bytes. */
  private String layer(String type, byte[] bytes, String note) {
    registry.serve(FakeRegistry.blob(bytes), bytes, "application/octet-stream");
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"annotations\":{\"%s\":\"%s\"}}"
        .formatted(type, Digest.sha256(bytes), bytes.length, SIGNATURE, note);
  }

  private byte[] artifact(String type, String about, String... layers) {
    byte[] manifest =
        Fixtures.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s"%s,
             "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":2},
             "layers":[%s]%s}\
            """
                .formatted(
                    MediaType.OCI_MANIFEST,
                    type.isEmpty() ? "" : ",\"artifactType\":\"" + type + "\"",
                    Digest.sha256(Fixtures.utf8("{}")),
                    String.join(",", layers),
                    about));
    registry.serve(
        "/v2/app/manifests/" + Digest.sha256(manifest), manifest, MediaType.OCI_MANIFEST);
    return manifest;
  }

  private String aboutTheImage() {
    return ",\"subject\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(MediaType.OCI_MANIFEST, subject, registry.manifest.length);
  }

  private void tag(String suffix, byte[] manifest) {
    registry.serve(
        "/v2/app/manifests/sha256-" + subject.hex() + suffix, manifest, MediaType.OCI_MANIFEST);
  }

  private void refer(String type, byte[]... artifacts) {
    List<String> entries = new ArrayList<>();
    for (byte[] artifact : artifacts) {
      entries.add(
          "{\"mediaType\":\"%s\",\"artifactType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
              .formatted(MediaType.OCI_MANIFEST, type, Digest.sha256(artifact), artifact.length));
    }
    byte[] index =
        Fixtures.utf8(
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
                .formatted(MediaType.OCI_INDEX, String.join(",", entries)));
    registry.serve("/v2/app/referrers/" + subject, index, MediaType.OCI_INDEX);
  }

  private Fetcher fetcher() {
    Surroundings surroundings = new Surroundings(Map.of(), home.resolve("etc"), List.of());
    return new Fetcher(
        store,
        FetchOptions.of(Map.of())
            .withSurroundings(surroundings)
            .withInsecure(true, false)
            .withPatience(Fixtures.BRISK));
  }

  /** What the store has after a fetch: each statement's text, and its annotation. */
  private List<String> fetched() throws Exception {
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(registry.reference(), home))) {
      List<String> before = new ArrayList<>();
      for (OciDescriptor layer : fetched.statements()) {
        before.add(text(fetched.statement(layer.digest()), layer));
      }
      fetched.commit(false, Map.of());
      List<String> after = new ArrayList<>();
      for (OciDescriptor layer : store.statements(subject)) {
        after.add(text(store.read(layer.digest()), layer));
      }
      assertThat(after).containsExactlyInAnyOrderElementsOf(before);
      return after;
    }
  }

  private static String text(byte[] bytes, OciDescriptor layer) {
    String note = layer.annotations().getOrDefault(SIGNATURE, "");
    return new String(bytes, java.nio.charset.StandardCharsets.UTF_8) + "/" + note;
  }

  private boolean isCurrent() throws Exception {
    Optional<ImageId> current = fetcher().current(ImageRef.parse(registry.reference(), home));
    return current.isPresent();
  }

  private void configure(String yaml) throws Exception {
    Path directory = Files.createDirectories(home.resolve("etc/containers/registries.d"));
    Files.writeString(directory.resolve("own.yaml"), yaml);
  }

  private void refused(ErrorClass expected) throws Exception {
    Map<String, String> before = Fixtures.snapshot(store.root());
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(registry.reference(), home))) {
      throw new AssertionError("was fetched: " + fetched.source());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      assertThat(Fixtures.snapshot(store.root())).isEqualTo(before);
    }
  }

  @Test
  void whatCosignTagsComesWithTheImageEachSignatureOfOnePayload() throws Exception {
    byte[] payload = Fixtures.utf8("payload");
    tag(
        ".sig",
        artifact(
            "",
            "",
            layer(MediaType.COSIGN_PAYLOAD, payload, "one"),
            layer(MediaType.COSIGN_PAYLOAD, payload, "two"),
            layer("application/x-unknown", Fixtures.utf8("unknown"), "")));
    tag(".att", artifact("", "", layer(MediaType.DSSE, Fixtures.utf8("envelope"), "")));
    assertThat(fetched()).containsExactlyInAnyOrder("payload/one", "payload/two", "envelope/");
    assertThat(registry.requests(FakeRegistry.blob(Fixtures.utf8("unknown")))).isZero();
  }

  @Test
  void artifactsThatReferToTheImageComeWithItAndOnlyThose() throws Exception {
    byte[] bundle =
        artifact(
            MediaType.SIGSTORE_BUNDLE,
            aboutTheImage(),
            layer(MediaType.SIGSTORE_BUNDLE, Fixtures.utf8("bundle"), ""));
    byte[] other =
        artifact(
            MediaType.SIGSTORE_BUNDLE,
            aboutTheImage(),
            layer(MediaType.SIGSTORE_BUNDLE, Fixtures.utf8("other bundle"), ""));
    refer(MediaType.SIGSTORE_BUNDLE, bundle, other);
    assertThat(fetched()).containsExactly("other bundle/", "bundle/");
    byte[] foreign =
        artifact(
            MediaType.SIGSTORE_BUNDLE,
            aboutTheImage().replace(subject.hex(), Digest.sha256(new byte[1]).hex()),
            layer(MediaType.SIGSTORE_BUNDLE, Fixtures.utf8("bundle"), ""));
    refer(MediaType.SIGSTORE_BUNDLE, foreign);
    refused(ErrorClass.INTEGRITY);
    refer("application/x-sbom", foreign);
    assertThat(fetched()).as("what was withdrawn is gone").isEmpty();
  }

  @Test
  void aSignatureThatWasAddedOrWithdrawnMakesAStoredImageOutOfDate() throws Exception {
    assertThat(fetched()).isEmpty();
    assertThat(isCurrent()).isTrue();
    byte[] payload = Fixtures.utf8("payload");
    tag(".sig", artifact("", "", layer(MediaType.COSIGN_PAYLOAD, payload, "one")));
    assertThat(isCurrent()).isFalse();
    long layers = registry.requests(FakeRegistry.blob(registry.layer));
    assertThat(fetched()).containsExactly("payload/one");
    assertThat(registry.requests(FakeRegistry.blob(registry.layer))).isEqualTo(layers);
    assertThat(isCurrent()).isTrue();
    tag(".sig", artifact("", "", layer(MediaType.COSIGN_PAYLOAD, payload, "two")));
    assertThat(isCurrent()).isFalse();
    assertThat(fetched()).containsExactly("payload/two");
  }

  @Test
  void whatWasSignedHereAndPushedIsNothingNew() throws Exception {
    assertThat(fetched()).isEmpty();
    byte[] payload = Fixtures.utf8("payload");
    ImageId id = store.find(registry.reference().substring("docker://".length())).orElseThrow();
    try (Transaction transaction = store.begin()) {
      OciDescriptor own =
          transaction
              .add(payload)
              .as(MediaType.COSIGN_PAYLOAD)
              .annotated("", Map.of(SIGNATURE, "own"));
      OciDescriptor image =
          OciDescriptor.of(MediaType.OCI_MANIFEST, subject, registry.manifest.length);
      transaction.attach(id, transaction.addStatements(image, List.of(own)));
    }
    assertThat(isCurrent()).isTrue();
    String own = layer(MediaType.COSIGN_PAYLOAD, payload, "own");
    tag(".sig", artifact("", "", own));
    assertThat(isCurrent()).isTrue();
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(registry.reference(), home))) {
      fetched.commit(false, Map.of());
    }
    assertThat(isCurrent()).isTrue();
    tag(".sig", artifact("", "", own, layer(MediaType.COSIGN_PAYLOAD, payload, "other")));
    assertThat(isCurrent()).isFalse();
  }

  @Test
  void anImageThatCameUnverifiedByItsDigestIsAskedForWhoeverSignedItSince() throws Exception {
    ImageRef reference =
        ImageRef.parse("docker://" + registry.authority() + "/app@" + subject, home);
    for (boolean insecure : new boolean[] {true, false}) {
      try (Fetched fetched = fetcher().fetch(reference)) {
        fetched.commit(insecure, Map.of());
      }
      assertThat(fetcher().current(reference)).isPresent();
      tag(
          ".sig",
          artifact("", "", layer(MediaType.COSIGN_PAYLOAD, new byte[] {1}, "by " + insecure)));
      int before = registry.log.size();
      assertThat(fetcher().current(reference).isPresent()).isEqualTo(!insecure);
      assertThat(registry.log.size() > before).isEqualTo(insecure);
    }
  }

  @Test
  void otherBytesThanThoseListedAreRefused() throws Exception {
    byte[] payload = Fixtures.utf8("payload");
    tag(".sig", artifact("", "", layer(MediaType.COSIGN_PAYLOAD, payload, "one")));
    registry.serve(FakeRegistry.blob(payload), Fixtures.utf8("pAyload"), "text/plain");
    refused(ErrorClass.INTEGRITY);
    tag(".sig", Fixtures.utf8("{\"schemaVersion\":2,\"layers\":"));
    refused(ErrorClass.INTEGRITY);
  }

  @Test
  void aStatementThatIsHereAlreadyMustHaveTheSizeThatIsListed() throws Exception {
    byte[] payload = Fixtures.utf8("payload");
    String layer = layer(MediaType.COSIGN_PAYLOAD, payload, "one");
    tag(".sig", artifact("", "", layer));
    assertThat(fetched()).containsExactly("payload/one");
    tag(".sig", artifact("", "", layer.replace("\"size\":7", "\"size\":6")));
    assertThat(isCurrent()).isFalse();
    refused(ErrorClass.INTEGRITY);
    tag(".sig", artifact("", "", layer, layer.replace("\"size\":7", "\"size\":8")));
    refused(ErrorClass.INTEGRITY);
  }

  @Test
  void noMoreIsFetchedThanTheStoreKeeps() throws Exception {
    List<String> layers = new ArrayList<>();
    layers.add(
        layer(MediaType.COSIGN_PAYLOAD, new byte[8], "long").replace(":8,", ":99999999999,"));
    for (int i = 0; i < 100; i++) {
      layers.add(layer(MediaType.COSIGN_PAYLOAD, Fixtures.utf8("" + i), ""));
    }
    tag(".sig", artifact("", "", layers.toArray(String[]::new)));
    assertThat(fetched()).hasSize(32).startsWith("99/", "98/").endsWith("68/");
    assertThat(registry.requests(FakeRegistry.blob(Fixtures.utf8("67")))).isZero();
    assertThat(isCurrent()).isTrue();
    Path lookaside = home.resolve("sigs/app@sha256=" + subject.hex());
    Files.createDirectories(lookaside);
    Files.write(lookaside.resolve("signature-1"), new byte[] {(byte) 0xa0, 7});
    configure("default-docker: {lookaside: \"file://" + home.resolve("sigs") + "\"}");
    assertThat(fetched()).hasSize(32).contains("99/").doesNotContain("68/");
    assertThat(store.statements(subject))
        .extracting(OciDescriptor::mediaType)
        .contains(MediaType.SIMPLE_SIGNING);
    String one = layer(MediaType.COSIGN_PAYLOAD, Fixtures.utf8("1"), "");
    tag(".sig", artifact("", "", (one + ",").repeat(1000) + one));
    refused(ErrorClass.INTEGRITY);
  }

  @Test
  void aRegistryThatKeepsSignaturesIsAskedForThem() throws Exception {
    byte[] message = {(byte) 0x90, 1, 2};
    String json =
        "{\"signatures\":[{\"schemaVersion\":2,\"name\":\"a@b\",\"type\":\"atomic\",\"content\":\"%s\"},"
            + "{\"schemaVersion\":9,\"name\":\"a@c\",\"type\":\"other\",\"content\":\"\"}]}";
    String path = "/extensions/v2/app/signatures/" + subject;
    registry.serve(
        path,
        Fixtures.utf8(json.formatted(Base64.getEncoder().encodeToString(message))),
        "application/json");
    assertThat(fetched()).as("it did not say that it has any").isEmpty();
    assertThat(registry.requests(path)).isZero();
    registry.on(
        "/v2/app/manifests/1",
        exchange -> {
          exchange.getResponseHeaders().set("X-Registry-Supports-Signatures", "1");
          FakeRegistry.answer(exchange, 200, registry.manifest, MediaType.OCI_MANIFEST);
        });
    assertThat(fetched()).hasSize(1);
    OciDescriptor layer = store.statements(subject).getFirst();
    assertThat(layer.mediaType()).isEqualTo(MediaType.SIMPLE_SIGNING);
    assertThat(store.read(layer.digest())).isEqualTo(message);
    registry.serve(path, Fixtures.utf8(json.formatted("not base64!")), "application/json");
    refused(ErrorClass.INTEGRITY);
  }

  @Test
  void aLookasideServerIsAskedUntilItHasNoMore() throws Exception {
    byte[] first = {(byte) 0x90, 1};
    String path = "/sigs/app@sha256=" + subject.hex() + "/signature-";
    registry.serve(path + 1, first, "text/plain");
    registry.serve(path + 2, Fixtures.utf8("no signature"), "text/plain");
    registry.serve(
        path + 3,
        Fixtures.utf8(
            "\0sigstore-json\n{\"mimeType\":\"%s\",\"payload\":\"eA==\",\"annotations\":{\"%s\":\"n\"}}"
                .formatted(MediaType.COSIGN_PAYLOAD, SIGNATURE)),
        "text/plain");
    registry.serve(path + 5, first, "text/plain");
    configure(
        """
        default-docker: {lookaside: "https://other.example.com"}
        docker:
          127.0.0.1: {lookaside: "https://no.example.com"}
          %s:
            sigstore: http://%s/sigs/
        """
            .formatted(registry.authority(), registry.authority()));
    assertThat(fetched()).contains("x/n").hasSize(2);
    assertThat(registry.requests(path + 5)).isZero();
    assertThat(registry.log)
        .filteredOn(line -> line.startsWith("/sigs"))
        .allMatch(line -> line.endsWith(" -"));
    registry.on(
        path + 1, exchange -> FakeRegistry.answer(exchange, 418, new byte[0], "text/plain"));
    refused(ErrorClass.NETWORK);
  }

  @Test
  void signaturesInADirectoryAreFoundByTheLongestNameAndTagsAreLeftAloneOnDemand()
      throws Exception {
    Path directory = home.resolve("sigs/app@sha256=" + subject.hex());
    Files.createDirectories(directory);
    Files.write(directory.resolve("signature-1"), new byte[] {(byte) 0xa0, 7});
    tag(".sig", artifact("", "", layer(MediaType.COSIGN_PAYLOAD, Fixtures.utf8("payload"), "one")));
    configure(
        """
        docker:
          %s: {lookaside: "https://no.example.com", use-sigstore-attachments: false}
          "%s/app": {lookaside: "file://%s"}
        """
            .formatted(registry.authority(), registry.authority(), home.resolve("sigs")));
    assertThat(fetched()).hasSize(1);
    assertThat(registry.log).noneMatch(line -> line.contains(".sig"));
    Files.delete(directory.resolve("signature-1"));
    Files.createSymbolicLink(directory.resolve("signature-1"), Path.of("/etc/passwd"));
    refused(ErrorClass.INTEGRITY);
  }

  /** An index of the image, and of a further member, which is JSON and a comma, or empty. */
  private byte[] indexOfTheImage(String member) {
    return Fixtures.utf8(
        """
        {"schemaVersion":2,"mediaType":"%s",%s"manifests":[{"mediaType":"%s","digest":"%s","size":%d,
         "platform":{"os":"linux","architecture":"amd64"}}]}\
        """
            .formatted(
                MediaType.OCI_INDEX,
                member,
                MediaType.OCI_MANIFEST,
                subject,
                registry.manifest.length));
  }

  private Digest tagIndex(byte[] index) {
    Digest digest = Digest.sha256(index);
    registry.on(
        "/v2/app/manifests/1",
        exchange -> {
          exchange.getResponseHeaders().set("Docker-Content-Digest", digest.toString());
          FakeRegistry.answer(exchange, 200, index, MediaType.OCI_INDEX);
        });
    return digest;
  }

  @Test
  void whatIsSignedAboutAnIndexComesWithTheImageThatWasChosenOutOfItAndTheIndexToo()
      throws Exception {
    byte[] document = indexOfTheImage("");
    Digest index = tagIndex(document);
    assertThat(fetched()).isEmpty();
    assertThat(store.indexes(subject)).as("nobody says anything about it").isEmpty();
    assertThat(isCurrent()).isTrue();

    byte[] payload = Fixtures.utf8("payload");
    byte[] signature = artifact("", "", layer(MediaType.COSIGN_PAYLOAD, payload, "one"));
    registry.serve(
        "/v2/app/manifests/sha256-" + index.hex() + ".sig", signature, MediaType.OCI_MANIFEST);
    assertThat(isCurrent()).isFalse();
    Path directory = home.resolve("sigs/app@sha256=" + index.hex());
    Files.createDirectories(directory);
    Files.writeString(
        directory.resolve("signature-1"),
        "\0sigstore-json\n{\"mimeType\":\"%s\",\"payload\":\"eA==\",\"annotations\":{\"%s\":\"n\"}}"
            .formatted(MediaType.COSIGN_PAYLOAD, SIGNATURE));
    configure("default-docker: {lookaside: \"file://" + home.resolve("sigs") + "\"}");
    assertThat(statements()).containsExactlyInAnyOrder("payload/one", "x/n");
    assertThat(store.indexes(subject)).extracting(OciDescriptor::digest).containsExactly(index);
    assertThat(store.read(index)).isEqualTo(document);
    assertThat(isCurrent()).isTrue();
    byte[] both =
        artifact(
            "",
            "",
            layer(MediaType.COSIGN_PAYLOAD, payload, "one"),
            layer(MediaType.COSIGN_PAYLOAD, payload, "two"));
    registry.serve(
        "/v2/app/manifests/sha256-" + index.hex() + ".sig", both, MediaType.OCI_MANIFEST);
    assertThat(isCurrent()).isFalse();
    assertThat(statements()).containsExactlyInAnyOrder("payload/one", "payload/two", "x/n");

    // Another index of the same image, of which nobody says anything: the first one is gone.
    tagIndex(indexOfTheImage("\"annotations\":{\"a\":\"b\"},"));
    assertThat(statements()).isEmpty();
    assertThat(store.indexes(subject)).isEmpty();
    assertThat(store.blob(index)).doesNotExist();
  }

  @Test
  void whatRefersToAnIndexComesWithTheImageAndAnIndexMayReferToTheImageItself() throws Exception {
    byte[] document = indexOfTheImage("");
    Digest index = tagIndex(document);
    Digest image = subject;
    String about = aboutTheImage().replace(image.hex(), index.hex());
    byte[] bundle =
        artifact(
            MediaType.SIGSTORE_BUNDLE,
            about,
            layer(MediaType.SIGSTORE_BUNDLE, Fixtures.utf8("bundle"), ""));
    subject = index;
    refer(MediaType.SIGSTORE_BUNDLE, bundle);
    subject = image;
    assertThat(statements()).containsExactly("bundle/");
    assertThat(store.indexes(image)).extracting(OciDescriptor::digest).containsExactly(index);

    // As it is where one has pushed the image alone.
    registry.on(
        "/v2/app/manifests/1",
        exchange -> {
          exchange.getResponseHeaders().set("Docker-Content-Digest", image.toString());
          FakeRegistry.answer(exchange, 200, registry.manifest, MediaType.OCI_MANIFEST);
        });
    assertThat(statements()).isEmpty();
    String layer = layer(MediaType.OCI_INDEX, document, "").replaceFirst(",\"annotations.*}}", "}");
    refer(MediaType.IMAGE_INDEXES, artifact(MediaType.IMAGE_INDEXES, aboutTheImage(), layer));
    assertThat(statements()).isEmpty();
    assertThat(store.indexes(image)).extracting(OciDescriptor::digest).containsExactly(index);
    assertThat(isCurrent()).isTrue();
  }

  /** The statements that the store has after a fetch. */
  private List<String> statements() throws Exception {
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(registry.reference(), home))) {
      fetched.commit(false, Map.of());
    }
    List<String> texts = new ArrayList<>();
    for (OciDescriptor layer : store.statements(subject)) {
      texts.add(text(store.read(layer.digest()), layer));
    }
    return texts;
  }

  private List<String> from(String reference) throws Exception {
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(reference, home))) {
      List<String> texts = new ArrayList<>();
      for (OciDescriptor layer : fetched.statements()) {
        texts.add(text(fetched.statement(layer.digest()), layer));
      }
      return texts;
    }
  }

  /** Writes a blob into a layout; gives its descriptor, with more members. */
  private String put(byte[] bytes, String more) throws Exception {
    Path blobs = Files.createDirectories(home.resolve("layout/blobs/sha256"));
    Files.write(blobs.resolve(Digest.sha256(bytes).hex()), bytes);
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d%s}"
        .formatted(MediaType.OCI_MANIFEST, Digest.sha256(bytes), bytes.length, more);
  }

  private void index(String... entries) throws Exception {
    Files.writeString(home.resolve("layout/oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        home.resolve("layout/index.json"),
        "{\"schemaVersion\":2,\"manifests\":[" + String.join(",", entries) + "]}");
  }

  @Test
  void aLayoutHasOneImageWhateverIsSignedAboutIt() throws Exception {
    put(registry.config, "");
    put(registry.layer, "");
    byte[] payload = Fixtures.utf8("payload");
    byte[] bundle = Fixtures.utf8("bundle");
    put(payload, "");
    put(bundle, "");
    byte[] sig = artifact("", "", layer(MediaType.COSIGN_PAYLOAD, payload, "one"));
    byte[] saved = artifact("", "", layer(MediaType.COSIGN_PAYLOAD, payload, "two"));
    byte[] referrer =
        artifact(
            MediaType.SIGSTORE_BUNDLE,
            aboutTheImage(),
            layer(MediaType.SIGSTORE_BUNDLE, bundle, ""));
    byte[] foreign =
        artifact(
            MediaType.SIGSTORE_BUNDLE,
            aboutTheImage().replace(subject.hex(), Digest.sha256(new byte[1]).hex()),
            layer(MediaType.SIGSTORE_BUNDLE, bundle, "of another"));
    String type = ",\"artifactType\":\"" + MediaType.SIGSTORE_BUNDLE + "\"";
    String named = ",\"annotations\":{\"%s\":\"%s\"}";
    String name = "org.opencontainers.image.ref.name";
    index(
        put(sig, named.formatted(name, "sha256-" + subject.hex() + ".sig")),
        put(saved, named.formatted("kind", "dev.cosignproject.cosign/sigs")),
        put(referrer, type),
        put(foreign, type),
        put(registry.manifest, ""));
    String place = "oci:" + home.resolve("layout");
    assertThat(from(place)).containsExactlyInAnyOrder("payload/one", "payload/two", "bundle/");
    Files.writeString(
        home.resolve("layout/blobs/sha256/" + Digest.sha256(payload).hex()), "pAyload");
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(place, home))) {
      throw new AssertionError("was fetched: " + fetched.source());
    } catch (RktException e) {
      assertThat(e.errorClass()).isEqualTo(ErrorClass.INTEGRITY);
    }
  }

  @Test
  void theNewestReferrersAndStatementsOfALayoutAreTakenWhereThereAreMoreThanAreKept()
      throws Exception {
    put(registry.config, "");
    put(registry.layer, "");
    String type = ",\"artifactType\":\"" + MediaType.SIGSTORE_BUNDLE + "\"";
    List<byte[]> artifacts = new ArrayList<>();
    List<String> entries = new ArrayList<>(List.of(put(registry.manifest, "")));
    for (int i = 0; i < 40; i++) {
      byte[] bundle = Fixtures.utf8("bundle " + i);
      String layer = layer(MediaType.SIGSTORE_BUNDLE, bundle, "");
      byte[] artifact = artifact(MediaType.SIGSTORE_BUNDLE, aboutTheImage(), layer);
      put(bundle, "");
      artifacts.add(artifact);
      entries.add(put(artifact, type));
    }
    refer(MediaType.SIGSTORE_BUNDLE, artifacts.toArray(byte[][]::new));
    index(entries.toArray(String[]::new));

    assertThat(from("oci:" + home.resolve("layout")))
        .hasSize(32)
        .contains("bundle 39/", "bundle 8/")
        .doesNotContain("bundle 7/");
    assertThat(fetched())
        .hasSize(32)
        .contains("bundle 39/", "bundle 8/")
        .doesNotContain("bundle 7/");
  }

  @Test
  void aDirectoryHasItsSignaturesInFiles() throws Exception {
    Path image = Files.createDirectory(home.resolve("image"));
    Files.write(image.resolve("manifest.json"), registry.manifest);
    Files.write(image.resolve(Digest.sha256(registry.config).hex()), registry.config);
    Files.write(image.resolve(Digest.sha256(registry.layer).hex()), registry.layer);
    Files.write(image.resolve("signature-1"), new byte[] {(byte) 0x90});
    Files.writeString(
        image.resolve("signature-2"),
        "\0sigstore-json\n{\"mimeType\":\"%s\",\"payload\":\"eA==\",\"annotations\":{\"%s\":\"n\"}}"
            .formatted(MediaType.COSIGN_PAYLOAD, SIGNATURE));
    Files.writeString(image.resolve("signature-4"), "never looked at");
    assertThat(from("dir:" + image)).hasSize(2).contains("x/n");
  }

  @Test
  void aConfigurationThatMakesNoSenseIsAUsageError() throws Exception {
    for (String wrong :
        List.of(
            "docker: [a]",
            "docker: {a: {lookaside: ftp://example.com}}",
            "docker: {a: {lookaside: 'https://user:word@example.com'}}",
            "docker: {a: {}, a: {}}",
            "docker: &x {a: {}}\ndefault-docker: *x",
            "default-docker: {lookaside: relative}",
            "{",
            "docker: {a: {use-sigstore-attachments: maybe}}")) {
      configure(wrong);
      refused(ErrorClass.USAGE);
    }
    configure("docker: {a: {}}");
    Files.writeString(home.resolve("etc/containers/registries.d/second.yaml"), "docker: {a: {}}");
    refused(ErrorClass.USAGE);
    Files.writeString(home.resolve("etc/containers/registries.d/second.yaml"), "# nothing\n");
    assertThat(fetched()).isEmpty();
  }

  @Test
  void aTokenIsShownToTheRegistryAlone() throws Exception {
    byte[] payload = Fixtures.utf8("payload");
    tag(".sig", artifact("", "", layer(MediaType.COSIGN_PAYLOAD, payload, "one")));
    try (FakeRegistry elsewhere = new FakeRegistry()) {
      elsewhere.serve("/stored", payload, "text/plain");
      registry.on(
          FakeRegistry.blob(payload),
          FakeRegistry.redirect("http://" + elsewhere.authority() + "/stored"));
      String basic = "Basic " + Base64.getEncoder().encodeToString(Fixtures.utf8("me:word"));
      String sig = "/v2/app/manifests/sha256-" + subject.hex() + ".sig";
      for (String path : List.of("/v2/app/manifests/1", sig, FakeRegistry.blob(payload))) {
        registry.guard(path, basic, "Basic realm=\"r\"");
      }
      Path auth = Files.createDirectories(home.resolve("docker")).resolve("config.json");
      Files.writeString(
          auth,
          "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
              .formatted(registry.authority(), basic.substring("Basic ".length())));
      FetchOptions options =
          FetchOptions.of(Map.of("DOCKER_CONFIG", home.resolve("docker").toString()))
              .withInsecure(true, false)
              .withPatience(Fixtures.BRISK);
      try (Fetched fetched =
          new Fetcher(store, options).fetch(ImageRef.parse(registry.reference(), home))) {
        assertThat(fetched.statements()).hasSize(1);
      }
      assertThat(elsewhere.log).containsExactly("/stored -");
    }
  }
}
