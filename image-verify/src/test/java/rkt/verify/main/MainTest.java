package rkt.verify.main;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.spec.image.Image;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciConfig;
import rkt.spec.image.OciDescriptor;
import rkt.spec.image.OciManifest;
import rkt.spec.json.JsonObject;
import rkt.spec.store.Entry;
import rkt.spec.store.Store;
import rkt.spec.store.Transaction;
import rkt.verify.Gpg;
import rkt.verify.StoredEvidence;
import rkt.verify.openpgp.Evidence;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;

class MainTest {
  private static Gpg gpg;
  private static String alice;

  @TempDir Path dir;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Store store;
  private TrustStore trust;
  private String signed;
  private String unsigned;

  @BeforeAll
  static void makeKey() throws Exception {
    gpg = new Gpg().at("2025-01-01 00:00:00");
    alice = gpg.key("Alice", "ed25519", "sign", "never");
  }

  @AfterAll
  static void close() throws Exception {
    gpg.close();
  }

  @BeforeEach
  void fill() throws Exception {
    store = Store.at(dir.resolve("data"));
    trust = TrustStore.open(dir.resolve("usr/trustedkeys"), dir.resolve("etc/trustedkeys"), null);
    signed = image("one", true).toString();
    unsigned = image("two", false).toString();
  }

  @Test
  void printsTheImagesThatPassAndRefusesTheOthersOnStderr() throws Exception {
    trust.add(Scope.of(new ImageName("example.com")), gpg.export(alice), "alice.asc");
    assertThat(run("", signed)).isZero();
    assertThat(out.toString(UTF_8)).isEqualTo(signed + "\n");
    assertThat(run("", unsigned, signed)).isEqualTo(ErrorClass.TRUST.status());
    assertThat(out.toString(UTF_8)).isEqualTo(signed + "\n");
    assertThat(err.toString(UTF_8))
        .isEqualTo(
            "trust: image example.com/app is not trusted: it has no signature\n"
                + "  fix: rkt fetch --signature=FILE fetches it with a signature\n");
  }

  @Test
  void readsStdinAndJudgesByTheTrustStoreOfTheMoment() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    assertThat(run(signed + "\n")).isZero();
    assertThat(run(signed.substring(0, 20) + "\n", "-")).isZero();
    assertThat(out.toString(UTF_8)).isEqualTo(signed + "\n");
    trust.remove(Scope.ROOT, alice);
    assertThat(run(signed + "\n")).isEqualTo(ErrorClass.TRUST.status());
    assertThat(out.toString(UTF_8)).isEmpty();
    assertThat(err.toString(UTF_8)).contains("rkt trust --prefix=example.com/app").contains(alice);
  }

  @Test
  void printsVerdictsAsJsonRefusalsToo() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    assertThat(run("", "--format=json", signed, unsigned)).isEqualTo(12);
    List<String> lines = out.toString(UTF_8).lines().toList();
    JsonObject passed = JsonObject.parse(lines.get(0).getBytes(UTF_8), "line");
    assertThat(passed.string("image")).isEqualTo(signed);
    assertThat(passed.findBoolean("accepted")).contains(true);
    assertThat(passed.objects("signatures").get(0).string("key")).isEqualTo(alice);
    JsonObject refused = JsonObject.parse(lines.get(1).getBytes(UTF_8), "line");
    assertThat(refused.string("rule")).isEqualTo("unsigned");
    assertThat(err.toString(UTF_8))
        .startsWith(
            "{\"error\":{\"class\":\"trust\",\"message\":\"image example.com/app is not trusted")
        .endsWith("}}\n");
  }

  @Test
  void evidenceIsKeptAndMadeAgainWhenDamaged() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    run("", signed);
    Path evidence = store.imageDir(ImageId.parse(signed)).resolve("evidence.json");
    byte[] good = Files.readAllBytes(evidence);
    byte[] bad = good.clone();
    bad[good.length / 2] ^= 1;
    Files.write(evidence, bad);
    assertThat(run("", signed)).isZero();
    assertThat(evidence).hasBinaryContent(good);
  }

  @Test
  void aSignatureInTheStoreCountsAlthoughALaterFetchCameWithoutIt() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    ImageId id = ImageId.parse(signed);
    Path evidence = store.imageDir(id).resolve("evidence.json");
    assertThat(run("", signed)).isZero();
    byte[] good = Files.readAllBytes(evidence);
    StoredEvidence.keep(store, id, Evidence.none(store.image(id).signed()));
    assertThat(run("", signed)).isZero();
    assertThat(evidence).hasBinaryContent(good);
  }

  @Test
  void aTamperedBlobAnUnknownImageAndBadUsageHaveTheirOwnStatuses() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    assertThat(run("", "sha256:" + "0".repeat(64))).isEqualTo(ErrorClass.NOT_FOUND.status());
    assertThat(run("", "--bogus")).isEqualTo(ErrorClass.USAGE.status());
    assertThat(run("", "--format=xml", signed)).isEqualTo(ErrorClass.USAGE.status());
    assertThat(run("", "--help")).isZero();
    Path blob = store.blob(store.image(ImageId.parse(signed)).layers().get(0).blob());
    Files.delete(blob);
    Files.writeString(blob, "evil");
    assertThat(run("", signed)).isEqualTo(ErrorClass.INTEGRITY.status());
    assertThat(out.toString(UTF_8)).isEmpty();
    try (Stream<String> lines = err.toString(UTF_8).lines()) {
      assertThat(lines.findFirst().orElse("")).startsWith("integrity: ");
    }
  }

  private int run(String stdin, String... arguments) {
    out.reset();
    err.reset();
    String[] all = new String[arguments.length + 3];
    all[0] = "--dir=" + dir.resolve("data");
    all[1] = "--system-config=" + dir.resolve("usr");
    all[2] = "--local-config=" + dir.resolve("etc");
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    return new Main(
            new ByteArrayInputStream(stdin.getBytes(UTF_8)),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            InstantSource.fixed(Instant.parse("2025-06-01T00:00:00Z")))
        .run(all);
  }

  private ImageId image(String content, boolean sign) throws Exception {
    byte[] layer = content.getBytes(UTF_8);
    Digest digest = Digest.sha256(layer);
    try (Transaction transaction = store.begin()) {
      transaction.add(layer);
      byte[] config =
          """
          {"os":"linux","architecture":"amd64","config":{"Cmd":["/bin/true"]},
           "rootfs":{"type":"layers","diff_ids":["%s"]}}\
          """
              .formatted(digest)
              .getBytes(UTF_8);
      OciDescriptor configured = transaction.add(config).as(MediaType.OCI_CONFIG);
      byte[] document =
          """
          {"schemaVersion":2,"mediaType":"%s",
           "config":{"mediaType":"%s","digest":"%s","size":%d},
           "layers":[{"mediaType":"%s","digest":"%s","size":%d}]}\
          """
              .formatted(
                  MediaType.OCI_MANIFEST,
                  MediaType.OCI_CONFIG,
                  configured.digest(),
                  configured.sizeBytes(),
                  MediaType.OCI_LAYER,
                  digest,
                  layer.length)
              .getBytes(UTF_8);
      OciDescriptor manifest = transaction.add(document).as(MediaType.OCI_MANIFEST);
      Image image =
          OciManifest.parse(document, null, "the sample")
              .resolve(
                  manifest.digest(),
                  new ImageName("example.com/app"),
                  OciConfig.parse(config, "the config"),
                  "the sample");
      List<OciDescriptor> attached =
          sign ? List.of(transaction.addSignature(manifest, gpg.sign(document, alice))) : List.of();
      transaction.commit(
          new Entry(image, manifest, List.of(content), attached, "test", !sign, Map.of()));
      return image.id();
    }
  }
}
