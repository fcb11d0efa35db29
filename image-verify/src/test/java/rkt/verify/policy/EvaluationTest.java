package rkt.verify.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.spec.json.JsonWriter;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Signer.Strength;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.sigstore.Thresholds;
import rkt.verify.trust.GuardedFiles;

/** What claims make of requirements; how a claim is proven is tested where it is. */
class EvaluationTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Digest IMAGE = Digest.sha256("image".getBytes(StandardCharsets.UTF_8));
  private static final Digest OTHER = Digest.sha256("other".getBytes(StandardCharsets.UTF_8));
  private static final Digest INDEX = Digest.sha256("index".getBytes(StandardCharsets.UTF_8));
  private static final String ALICE = "a".repeat(40);
  private static final String BOB = "b".repeat(40);
  private static final PolicyKey KEY = key();
  private static final String COSIGN =
      "{\"type\":\"cosign\",\"keys\":[{\"pem\":\""
          + PolicyReaderTest.PEM.replace("\n", "\\n")
          + "\"}]}";
  private static final String KEYLESS =
      "{\"type\":\"keyless\",\"trustedRoot\":\"root.json\",\"identities\":["
          + "{\"issuer\":\"https://id.example.com\",\"subjectPattern\":\"*@example.com\"}]}";

  private static PolicyKey key() {
    try {
      return PolicyKey.parse(PolicyReaderTest.PEM.getBytes(StandardCharsets.UTF_8), "key");
    } catch (SpecException e) {
      throw new AssertionError(e);
    }
  }

  /** Claims as if they had been proven. */
  private static final class Known extends NoProofs {
    final List<Claim> detached = new ArrayList<>();
    final List<Claim> simple = new ArrayList<>();
    final List<Claim> byKey = new ArrayList<>();
    final List<Claim> byIdentity = new ArrayList<>();
    final List<Claim> detachedOfIndexes = new ArrayList<>();
    final List<String> refusals = new ArrayList<>();
    int sigstoreAsked;

    @Override
    public List<Digest> subjects() {
      return List.of(IMAGE);
    }

    @Override
    public boolean isListedBy(Digest index) {
      return index.equals(INDEX);
    }

    @Override
    public Instant now() {
      return NOW;
    }

    @Override
    public Proven detached() {
      return new Proven(detached, refusals);
    }

    @Override
    public Proven detachedOfIndexes() {
      return new Proven(detachedOfIndexes, List.of());
    }

    @Override
    public Proven simpleSigning() {
      return new Proven(simple, List.of());
    }

    @Override
    public Proven simpleSigning(List<KeyFacts> certificates) {
      return new Proven(simple, List.of());
    }

    @Override
    public Proven sigstore(List<PolicyKey> keys) {
      sigstoreAsked++;
      return new Proven(byKey, List.of());
    }

    @Override
    public Proven keyless(Path trustedRoot, Thresholds witnesses) {
      sigstoreAsked++;
      return new Proven(byIdentity, List.of());
    }
  }

  private Known known;

  @BeforeEach
  void nothingIsKnown() {
    known = new Known();
  }

  private Explanation evaluate(String requirement) throws Exception {
    return evaluate(requirement, true);
  }

  private Explanation evaluate(String requirement, boolean thorough) throws Exception {
    String document =
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}";
    Path file = Path.of("/etc/rkt/policy.d/policy.json");
    Requirement read =
        new PolicyReader(new GuardedFiles(GuardedFiles.Kind.POLICY), Path.of("/etc/rkt"))
            .read(document.getBytes(StandardCharsets.UTF_8), file);
    return Evaluation.of(read, known, thorough);
  }

  private static Claim pgp(String certificate, @Nullable String reference, String at) {
    return new Claim(
        new Signer.OpenPgp(certificate, certificate, new Strength("rsa", 3072)),
        IMAGE,
        reference,
        Instant.parse(at),
        false,
        null);
  }

  private static Claim key(Digest subject, @Nullable String reference) {
    return new Claim(
        new Signer.Key(KEY.fingerprint(), new Strength("ecdsa", 256)),
        subject,
        reference,
        null,
        false,
        null);
  }

  private static Claim identity(String issuer, String subject) {
    return new Claim(
        new Signer.Identity(issuer, subject), IMAGE, "example.com/app", NOW, true, null);
  }

  private static Claim attestation(String type, String predicate) {
    return new Claim(
        new Signer.Key(KEY.fingerprint(), new Strength("ecdsa", 256)),
        IMAGE,
        null,
        null,
        false,
        new Claim.Attestation(type, predicate));
  }

  @Test
  void anOpenPgpSignatureOfATrustedKeyIsEnoughAndIsNamed() throws Exception {
    assertThat(evaluate("{\"type\":\"openpgp\"}").met()).isFalse();
    known.detached.add(pgp(ALICE, null, "2025-06-01T00:00:00Z"));
    Explanation met = evaluate("{\"type\":\"openpgp\"}");
    assertThat(met.met()).isTrue();
    assertThat(met.decisive()).containsExactlyElementsOf(known.detached);
    assertThat(met.why()).isEqualTo("signed by " + ALICE + " at 2025-06-01T00:00:00Z");
  }

  @Test
  void onlyTheNamedCertificatesWillDo() throws Exception {
    String byBob = "{\"type\":\"openpgp\",\"fingerprints\":[\"" + BOB + "\"]}";
    known.detached.add(pgp(ALICE, null, "2025-06-01T00:00:00Z"));
    assertThat(evaluate(byBob).why()).contains(ALICE).contains("does not name");
    known.detached.add(pgp(BOB, null, "2025-06-01T00:00:00Z"));
    assertThat(evaluate(byBob).met()).isTrue();
  }

  @Test
  void whyASignatureWasRefusedIsTold() throws Exception {
    known.refusals.add("the signature by " + BOB + " is refused: it expired");
    assertThat(evaluate("{\"type\":\"openpgp\"}").why()).contains("it expired");
  }

  @ParameterizedTest
  @CsvSource({
    "365d, 2025-01-02T00:00:00Z, true",
    "365d, 2024-12-31T00:00:00Z, false",
    "12h, 2025-12-31T13:00:00Z, true",
    "12h, 2025-12-31T11:00:00Z, false",
    "60s, 2025-12-31T23:59:00Z, true",
    "60s, 2025-12-31T23:58:59Z, false",
  })
  void aSignatureMustBeAsYoungAsThePolicySays(String maxAge, String at, boolean met)
      throws Exception {
    known.detached.add(pgp(ALICE, null, at));
    assertThat(evaluate("{\"type\":\"openpgp\",\"maxAge\":\"" + maxAge + "\"}").met())
        .isEqualTo(met);
  }

  @Test
  void aSignatureThatDoesNotSayWhenIsTooOldForAnyLimit() throws Exception {
    known.byKey.add(key(IMAGE, "example.com/app"));
    assertThat(evaluate(COSIGN).met()).isTrue();
    String limited = COSIGN.replace("}]}", "}],\"maxAge\":\"9999d\"}");
    assertThat(evaluate(limited).why()).contains("does not say when");
  }

  @ParameterizedTest
  @CsvSource({"rsa, 3072, true", "rsa, 3073, false", "ecdsa, 1, false"})
  void aKeyMustBeAsStrongAsThePolicySays(String algorithm, int bits, boolean met) throws Exception {
    known.detached.add(pgp(ALICE, null, "2025-06-01T00:00:00Z"));
    String limited =
        "{\"type\":\"openpgp\",\"minimumStrength\":{\"%s\":%d}}".formatted(algorithm, bits);
    assertThat(evaluate(limited).met()).isEqualTo(met);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "example.com/app, true",
        "example.com/app:1.4, true",
        "example.com/app@sha256:0000000000000000000000000000000000000000000000000000000000000000, true",
        "example.com/application, false",
        "example.com/app/web, false",
        "example.com:443/app, false",
        "evil.example.org/app, false",
        "Example.com/app, false",
        "example.com/app:, false",
        "example.com/app@sha256:12, false",
        "'', false",
        "-, false",
      })
  void aStatementForAnotherNameIsAReplay(@Nullable String reference, boolean met) throws Exception {
    known.byKey.add(key(IMAGE, reference));
    assertThat(evaluate(COSIGN).met()).isEqualTo(met);
    known.simple.add(pgp(ALICE, reference, "2025-06-01T00:00:00Z"));
    assertThat(evaluate("{\"type\":\"openpgp\"}").met()).isEqualTo(met);
  }

  @Test
  void aPolicyMayTakeStatementsForNoOrAnotherName() throws Exception {
    known.byKey.add(key(IMAGE, null));
    assertThat(evaluate(signedAs("\"same-or-unnamed\"")).met()).isTrue();
    known.byKey.set(0, key(IMAGE, "vendor.example.org/app:2"));
    assertThat(evaluate(signedAs("\"same-or-unnamed\"")).met()).isFalse();
    assertThat(evaluate(signedAs("{\"name\":\"vendor.example.org/app\"}")).met()).isTrue();
    String renamed = "{\"prefix\":\"example.com\",\"signedPrefix\":\"vendor.example.org\"}";
    assertThat(evaluate(signedAs(renamed)).met()).isTrue();
    String elsewhere = "{\"prefix\":\"example.net\",\"signedPrefix\":\"vendor.example.org\"}";
    assertThat(evaluate(signedAs(elsewhere)).met()).isFalse();
  }

  private static String signedAs(String value) {
    return COSIGN.replace("}]}", "}],\"signedAs\":" + value + "}");
  }

  @Test
  void aStatementAboutAnotherDigestCountsForNothing() throws Exception {
    known.byKey.add(key(OTHER, "example.com/app"));
    assertThat(evaluate(COSIGN).why()).contains("another image");
  }

  @Test
  void aStatementAboutAnIndexThatListsTheImageIsAsGoodAsOneAboutTheImage() throws Exception {
    known.byKey.add(key(INDEX, "example.com/other"));
    assertThat(evaluate(COSIGN).met()).as("the name counts all the same").isFalse();
    known.byKey.add(key(INDEX, "example.com/app"));
    Explanation met = evaluate(COSIGN);
    assertThat(met.met()).isTrue();
    assertThat(met.why()).endsWith(", as part of the index " + INDEX);
    JsonWriter json = new JsonWriter().object();
    met.writeTo(json);
    assertThat(new String(json.end().bytes(), StandardCharsets.UTF_8))
        .contains("\"digest\":\"" + INDEX + "\"");
  }

  @Test
  void anIdentityMustMatchInIssuerAndSubject() throws Exception {
    known.byIdentity.add(identity("https://evil.example.org", "ci@example.com"));
    known.byIdentity.add(identity("https://id.example.com", "ci@example.com.evil.org"));
    assertThat(evaluate(KEYLESS).met()).isFalse();
    known.byIdentity.add(identity("https://id.example.com", "ci@example.com"));
    Explanation met = evaluate(KEYLESS);
    assertThat(met.decisive().getFirst().signer().text())
        .isEqualTo("https://id.example.com ci@example.com");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"any-of\",\"of\":[{\"type\":\"accept-unsigned\"},%s]}",
        "{\"type\":\"any-of\",\"of\":[{\"type\":\"any-of\",\"of\":["
            + "{\"type\":\"accept-unsigned\"}]},%s]}",
        "{\"type\":\"at-least\",\"count\":1,\"of\":[{\"type\":\"accept-unsigned\"},%s]}"
      })
  void aStartNamesTheSignersOfWhatIsAcceptedUnsignedToo(String policy) throws Exception {
    String requirement = policy.formatted(COSIGN);
    assertThat(evaluate(requirement, false).met()).isTrue();
    assertThat(evaluate(requirement, false).decisive()).isEmpty();
    known.byKey.add(key(IMAGE, "example.com/app"));
    assertThat(evaluate(requirement, false).decisive())
        .isEqualTo(evaluate(requirement, true).decisive())
        .containsExactlyElementsOf(known.byKey);
  }

  @Test
  void anAttestationIsNoSignature() throws Exception {
    known.byKey.add(attestation("https://example.com/scan", "{}"));
    assertThat(evaluate(signedAs("\"same-or-unnamed\"")).met()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{\"field\":\"/level\",\"at-least\":3} | {\"level\":3} | true",
        "{\"field\":\"/level\",\"at-least\":3} | {\"level\":2.9} | false",
        "{\"field\":\"/level\",\"at-least\":3} | {\"level\":\"3\"} | false",
        "{\"field\":\"/level\",\"at-least\":3} | {} | false",
        "{\"field\":\"/level\",\"at-most\":3} | {\"level\":3.5} | false",
        "{\"field\":\"/level\",\"at-most\":3} | {\"level\":-1} | true",
        "{\"field\":\"/a/b\",\"equals\":\"x\"} | {\"a\":{\"b\":\"x\"}} | true",
        "{\"field\":\"/a/b\",\"equals\":\"x\"} | {\"a\":{\"b\":\"X\"}} | false",
        "{\"field\":\"/a/b\",\"equals\":\"x\"} | {\"a\":[\"x\"]} | false",
        "{\"field\":\"/a/0\",\"equals\":\"x\"} | {\"a\":[\"x\"]} | true",
        "{\"field\":\"/a/00\",\"equals\":\"x\"} | {\"a\":[\"x\"]} | false",
        "{\"field\":\"/a/1\",\"equals\":\"x\"} | {\"a\":[\"x\"]} | false",
        "{\"field\":\"/a~1b~0\",\"equals\":1} | {\"a/b~\":1.0} | true",
        "{\"field\":\"/ok\",\"equals\":true} | {\"ok\":true} | true",
        "{\"field\":\"/ok\",\"equals\":true} | {\"ok\":\"true\"} | false",
        "{\"field\":\"/ok\",\"equals\":\"true\"} | {\"ok\":true} | false",
        "{\"field\":\"/ok\",\"not\":\"failed\"} | {\"ok\":\"passed\"} | true",
        "{\"field\":\"/ok\",\"not\":\"failed\"} | {\"ok\":\"failed\"} | false",
        "{\"field\":\"/ok\",\"not\":\"failed\"} | {} | false",
        "{\"field\":\"/ok\",\"not\":\"failed\"} | {\"ok\":null} | false",
        "{\"field\":\"/b\",\"in\":[\"x\",7]} | {\"b\":7} | true",
        "{\"field\":\"/b\",\"in\":[\"x\",7]} | {\"b\":\"7\"} | false",
        "{\"field\":\"/b\",\"in\":[\"x\",7]} | {\"b\":[\"x\"]} | false",
        "{\"field\":\"/u\",\"matches\":\"https://x/*\"} | {\"u\":\"https://x/y\"} | true",
        "{\"field\":\"/u\",\"matches\":\"https://x/*\"} | {\"u\":\"https://x/y/z\"} | false",
        "{\"field\":\"/u\",\"matches\":\"*\"} | {\"u\":5} | false",
        "{\"field\":\"/u\",\"matches\":\"*\"} | {\"u\":\"a\",\"u\":\"b\"} | false",
        "{\"field\":\"/u\",\"matches\":\"*\"} | [] | false",
      })
  void aFieldOfAPredicateMustBeWhatTheRuleSays(String rule, String predicate, boolean met)
      throws Exception {
    known.byKey.add(attestation("https://example.com/scan", predicate));
    String policy =
        "{\"type\":\"attestation\",\"predicateType\":\"https://example.com/scan\",\"by\":["
            + COSIGN
            + "],\"rules\":["
            + rule
            + "]}";
    assertThat(evaluate(policy).met()).isEqualTo(met);
    String another = policy.replace("com/scan\",\"by", "com/scans\",\"by");
    assertThat(evaluate(another).met()).isFalse();
  }

  @Test
  void anAttestationForAnotherNameIsAReplay() throws Exception {
    String policy = "{\"type\":\"attestation\",\"predicateType\":\"t\",\"by\":[" + COSIGN + "]}";
    Claim plain = attestation("t", "{}");
    known.byKey.add(plain);
    assertThat(evaluate(policy).met()).isTrue();
    known.byKey.set(
        0, new Claim(plain.signer(), IMAGE, "example.com/other", null, false, plain.attestation()));
    assertThat(evaluate(policy).met()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "all-of, false, false, false",
    "all-of, true, false, false",
    "all-of, true, true, true",
    "any-of, false, false, false",
    "any-of, true, false, true",
    "any-of, false, true, true",
  })
  void requirementsCombine(String type, boolean first, boolean second, boolean met)
      throws Exception {
    for (boolean thorough : new boolean[] {true, false}) {
      String tree =
          "{\"type\":\"" + type + "\",\"of\":[" + either(first) + "," + either(second) + "]}";
      assertThat(evaluate(tree, thorough).met()).isEqualTo(met);
    }
  }

  private static String either(boolean met) {
    return "{\"type\":\"" + (met ? "accept-unsigned" : "reject") + "\"}";
  }

  @ParameterizedTest
  @CsvSource({"1, true", "2, true", "3, false"})
  void someOfSeveralAreEnough(int count, boolean met) throws Exception {
    String tree =
        "{\"type\":\"at-least\",\"count\":%d,\"of\":[%s,%s,%s]}"
            .formatted(count, either(false), either(true), either(true));
    assertThat(evaluate(tree, true).met()).isEqualTo(met);
    assertThat(evaluate(tree, false).met()).isEqualTo(met);
  }

  @Test
  void aStartLooksNoFurtherThanItMust() throws Exception {
    known.detached.add(pgp(ALICE, null, "2025-06-01T00:00:00Z"));
    String tree = "{\"type\":\"any-of\",\"of\":[{\"type\":\"openpgp\"}," + COSIGN + "]}";
    assertThat(evaluate(tree, false).parts()).hasSize(1);
    assertThat(known.sigstoreAsked).isZero();
    assertThat(evaluate(tree, true).parts()).hasSize(2);
    assertThat(known.sigstoreAsked).isEqualTo(1);
  }

  @Test
  void anExplanationNamesEachRuleAndWhoMetIt() throws Exception {
    known.detached.add(pgp(ALICE, null, "2025-06-01T00:00:00Z"));
    String tree = "{\"type\":\"all-of\",\"of\":[{\"type\":\"openpgp\"}," + COSIGN + "]}";
    Explanation explanation = evaluate(tree);
    assertThat(explanation.lines())
        .containsExactly(
            "no   all-of: 2 of 2 - 1 of 2 is met",
            "  yes  openpgp: signed by an OpenPGP key that is trusted for the name - signed by "
                + ALICE
                + " at 2025-06-01T00:00:00Z",
            "  no   cosign: signed by the key "
                + KEY.fingerprint()
                + " - it has no such signature");
    assertThat(explanation.reason()).isEqualTo("cosign: it has no such signature");
    assertThat(explanation.decisive()).isEmpty();
    JsonWriter json = new JsonWriter().object();
    explanation.writeTo(json);
    JsonObject read = JsonObject.parse(json.end().bytes(), "explanation");
    assertThat(read.objects("of").getFirst().objects("signers").getFirst().string("key"))
        .isEqualTo(ALICE);
  }
}
