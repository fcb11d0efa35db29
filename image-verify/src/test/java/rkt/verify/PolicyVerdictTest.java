package rkt.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.image.OciDescriptor;
import rkt.spec.json.JsonObject;
import rkt.spec.store.Statements;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Evidence;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;
import rkt.verify.policy.PolicyStore;
import rkt.verify.sigstore.CosignSigner;
import rkt.verify.trust.Scope;
import rkt.verify.trust.TrustStore;

/** The whole way with a policy: real signatures, files of a policy, a verdict. */
class PolicyVerdictTest {
  private static final byte[] DATA = "the bytes of an image".getBytes(StandardCharsets.UTF_8);
  private static final ImageName APP = new ImageName("example.com/app");
  private static final ImageId ID = new ImageId(ImageId.Kind.OCI, Digest.sha256(DATA));
  private static final Instant NOW = Instant.parse("2025-06-01T00:00:00Z");

  private static Gpg gpg;
  private static String alice;
  private static byte[] byAlice;
  private static KeyPair pair;

  @TempDir Path dir;
  private final Map<OciDescriptor, byte[]> ofIndex = new LinkedHashMap<>();
  private TrustStore trust;
  private Verifier verifier;
  private final List<Statement> statements = new ArrayList<>();

  @BeforeAll
  static void makeKeys() throws Exception {
    gpg = new Gpg().at("2025-01-01 00:00:00");
    alice = gpg.key("Alice <alice@example.com>", "ed25519", "sign", "never");
    gpg.at("2025-02-01 00:00:00");
    byAlice = gpg.sign(DATA, alice);
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    pair = generator.generateKeyPair();
  }

  @AfterAll
  static void close() throws Exception {
    gpg.close();
  }

  @BeforeEach
  void open() throws Exception {
    trust = TrustStore.open(dir.resolve("system"), dir.resolve("local"), null);
    verifier =
        new Verifier(
            trust,
            PolicyStore.open(dir.resolve("etc-system"), dir.resolve("etc")),
            InstantSource.fixed(NOW),
            Verifier.Purpose.USE);
  }

  private Path policy(String prefix, String requirement) throws Exception {
    Path file = dir.resolve("etc/policy.d").resolve(prefix).resolve("policy.json");
    Files.createDirectories(file.getParent());
    return Files.writeString(
        file, "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}");
  }

  private static String cosign() {
    String pem =
        "-----BEGIN PUBLIC KEY-----\\n"
            + Base64.getMimeEncoder(64, new byte[] {10})
                .encodeToString(pair.getPublic().getEncoded())
                .replace("\n", "\\n")
            + "\\n-----END PUBLIC KEY-----\\n";
    return "{\"type\":\"cosign\",\"keys\":[{\"pem\":\"" + pem + "\"}]}";
  }

  private static Statement signedByKey(String reference, Digest digest) throws Exception {
    byte[] payload =
        ("{\"critical\":{\"identity\":{\"docker-reference\":\""
                + reference
                + "\"},\"image\":{\"docker-manifest-digest\":\""
                + digest
                + "\"},\"type\":\"cosign container image signature\"},\"optional\":null}")
            .getBytes(StandardCharsets.UTF_8);
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(pair.getPrivate());
    signature.update(payload);
    return new Statement(
        Statement.Kind.COSIGN,
        payload,
        Map.of(
            "dev.cosignproject.cosign/signature",
            Base64.getEncoder().encodeToString(signature.sign())));
  }

  private Candidate candidate(byte[] signature) throws Exception {
    Evidence evidence =
        signature.length == 0 ? Evidence.none(ID.digest()) : Evidence.collect(signature, DATA);
    return new Candidate(ID, APP, ID.digest(), ID.digest(), evidence, () -> statements);
  }

  private Verified verify(byte[] signature) throws Exception {
    return verifier.verify(candidate(signature));
  }

  private Rule refusal(byte[] signature) throws Exception {
    try {
      verify(signature);
    } catch (TrustException e) {
      assertThat(verifier.judge(candidate(signature)).rule()).isEqualTo(e.rule());
      return e.rule();
    }
    return Rule.VALID;
  }

  @Test
  void anUnsignedImageIsAcceptedByDecisionAndNotByBypass() throws Exception {
    Path file = policy("example.com", "{\"type\":\"accept-unsigned\"}");
    Verified verified = verify(new byte[0]);
    assertThat(verified.bypassed()).isFalse();
    assertThat(verified.rule()).isEqualTo("accept-unsigned");
    assertThat(verified.signers()).isEmpty();
    assertThat(verified.policy()).isEqualTo(file.toString());
    assertThat(verified.scope()).isEqualTo("example.com");
    policy("example.com/app", "{\"type\":\"reject\"}");
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    assertThat(refusal(byAlice)).isEqualTo(Rule.REJECTED);
  }

  @Test
  void aPolicyOfOpenPgpJudgesAsTheKeysDo() throws Exception {
    policy("", "{\"type\":\"openpgp\"}");
    assertThat(refusal(new byte[0])).isEqualTo(Rule.UNSIGNED);
    assertThat(refusal(byAlice)).isEqualTo(Rule.UNKNOWN_KEY);
    trust.add(Scope.of(new ImageName("example.com/other")), gpg.export(alice), "alice.asc");
    assertThat(refusal(byAlice)).isEqualTo(Rule.OTHER_PREFIX);
    trust.add(Scope.of(APP), gpg.export(alice), "alice.asc");
    Verified verified = verify(byAlice);
    assertThat(verified.fingerprint()).isEqualTo(alice);
    assertThat(verified.signers()).containsExactly(alice);
    assertThat(verified.rule()).isEqualTo("valid");
  }

  @Test
  void aSignatureThatIsTooOldOrTooWeakIsNotEnough() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    policy("", "{\"type\":\"openpgp\",\"maxAge\":\"30d\"}");
    assertThat(refusal(byAlice)).isEqualTo(Rule.POLICY);
    policy("", "{\"type\":\"openpgp\",\"maxAge\":\"300d\",\"minimumStrength\":{\"rsa\":3072}}");
    assertThat(refusal(byAlice)).isEqualTo(Rule.POLICY);
    policy("", "{\"type\":\"openpgp\",\"minimumStrength\":{\"ed25519\":256}}");
    assertThat(refusal(byAlice)).isEqualTo(Rule.VALID);
  }

  @Test
  void aCosignSignatureIsEnoughWhereThePolicyNamesItsKeyAndForThisNameOnly() throws Exception {
    statements.add(signedByKey("example.com/other", ID.digest()));
    assertThat(refusal(new byte[0])).isEqualTo(Rule.UNSIGNED);
    policy("", cosign());
    assertThat(refusal(new byte[0])).isEqualTo(Rule.POLICY);
    statements.add(signedByKey("example.com/app", Digest.sha256(new byte[1])));
    assertThat(refusal(new byte[0])).isEqualTo(Rule.POLICY);
    statements.add(signedByKey("example.com/app", ID.digest()));
    Verified verified = verify(new byte[0]);
    assertThat(verified.fingerprint()).matches("[0-9a-f]{64}");
    assertThat(verified.signers()).containsExactly(verified.fingerprint());
    policy("", "{\"type\":\"openpgp\"}");
    assertThat(refusal(new byte[0])).isEqualTo(Rule.UNSIGNED);
  }

  @Test
  void aCosignSignatureOfTheIndexCountsWhereTheStoreHasTheIndexAndItListsTheImage()
      throws Exception {
    policy("", cosign());
    byte[] listing = index(ID.digest());
    byte[] another = index(Digest.sha256(new byte[1]));
    statements.add(signedByKey("example.com/app", Digest.sha256(listing)));
    assertThatThrownBy(() -> verifier.verify(within())).hasMessageContaining("another image");
    assertThatThrownBy(() -> verifier.verify(within(another)))
        .hasMessageContaining("another image");
    statements.add(signedByKey("example.com/app", Digest.sha256(another)));
    assertThatThrownBy(() -> verifier.verify(within(another)))
        .isInstanceOf(TrustException.class)
        .hasMessageContaining("another image");
    Verified verified = verifier.verify(within(another, listing));
    assertThat(verified.index()).isEqualTo(Digest.sha256(listing).toString());
    statements.clear();
    statements.add(signedByKey("example.com/other", Digest.sha256(listing)));
    assertThatThrownBy(() -> verifier.verify(within(listing))).hasMessageContaining("was made for");
    statements.add(signedByKey("example.com/app", ID.digest()));
    assertThat(verifier.verify(within(listing)).index()).isEmpty();
  }

  @Test
  void aDetachedSignatureOfAnIndexCountsWhereTheIndexListsTheImage() throws Exception {
    byte[] listing = index(ID.digest());
    byte[] another = index(Digest.sha256(new byte[] {7}));
    ofIndex(listing, gpg.sign(listing, alice));
    assertThat(verifier.judge(within(listing)).rule()).isEqualTo(Rule.UNKNOWN_KEY);
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    Verified verified = verifier.verify(within(listing));
    assertThat(verified.fingerprint()).isEqualTo(alice);
    assertThat(verified.index()).isEqualTo(Digest.sha256(listing).toString());
    assertThat(new String(verifier.judge(within(listing)).toJson(), StandardCharsets.UTF_8))
        .contains("\"index\":\"" + Digest.sha256(listing) + "\"");
    assertThat(verifier.judge(within(another)).rule()).as("not there").isEqualTo(Rule.UNSIGNED);
    // Not one that lists something else, nor the signature of that.
    ofIndex.clear();
    ofIndex(another, gpg.sign(another, alice));
    assertThat(verifier.judge(within(listing, another)).rule()).isEqualTo(Rule.UNSIGNED);
    ofIndex.clear();
    ofIndex(listing, gpg.sign(another, alice));
    assertThat(verifier.judge(within(listing, another)).rule()).isEqualTo(Rule.BAD_SIGNATURE);
    ofIndex.clear();
    ofIndex(listing, "no signature".getBytes(StandardCharsets.UTF_8));
    assertThat(verifier.judge(within(listing)).rule()).isEqualTo(Rule.UNSIGNED);
  }

  @Test
  void whatIsSignedOfAnIndexMeetsAPolicyAndHarmsNoImageThatIsSignedItself() throws Exception {
    byte[] listing = index(ID.digest());
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    policy("", "{\"type\":\"openpgp\",\"fingerprints\":[\"" + alice + "\"]}");
    assertThat(verifier.judge(within(listing)).accepted()).isFalse();
    ofIndex(listing, gpg.sign(listing, alice));
    assertThat(verifier.verify(within(listing)).index())
        .isEqualTo(Digest.sha256(listing).toString());
    ofIndex.clear();
    ofIndex(listing, gpg.sign(DATA, alice));
    assertThat(verifier.judge(within(listing)).why()).contains("is refused");
    assertThat(verifier.verify(within(Evidence.collect(byAlice, DATA), listing)).index()).isEmpty();
    Files.delete(dir.resolve("etc/policy.d/policy.json"));
    assertThat(verifier.verify(within(Evidence.collect(byAlice, DATA), listing)).index()).isEmpty();
    policy("", "{\"type\":\"openpgp\",\"maxAge\":\"1d\"}");
    ofIndex.clear();
    ofIndex(listing, gpg.sign(listing, alice));
    assertThat(verifier.judge(within(listing)).why()).contains("old");
  }

  /** Puts a signature beside the image that says it is of that index. */
  private void ofIndex(byte[] index, byte[] signature) {
    ofIndex.put(
        Statements.ofIndex(
            Digest.sha256(index),
            OciDescriptor.of(MediaType.PGP_SIGNATURE, Digest.sha256(signature), signature.length)),
        signature);
  }

  private static byte[] index(Digest listed) {
    return "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":3}]}"
        .formatted(MediaType.OCI_MANIFEST, listed)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The image, which nobody has signed itself, beside some indexes. */
  private Candidate within(byte[]... indexes) {
    return within(Evidence.none(ID.digest()), indexes);
  }

  private Candidate within(Evidence own, byte[]... indexes) {
    List<OciDescriptor> layers = new ArrayList<>(ofIndex.keySet());
    Map<Digest, byte[]> bytes = new HashMap<>();
    ofIndex.forEach((layer, signature) -> bytes.put(layer.digest(), signature));
    for (byte[] index : indexes) {
      Digest digest = Digest.sha256(index);
      layers.add(OciDescriptor.of(MediaType.OCI_INDEX, digest, index.length));
      bytes.put(digest, index);
    }
    return new Candidate(
        ID,
        APP,
        ID.digest(),
        ID.digest(),
        own,
        new Candidate.StatementSource() {
          @Override
          public List<Statement> read() {
            return statements;
          }

          @Override
          public List<Digest> indexes() throws RktException {
            return StoredStatements.indexes(
                layers, digest -> bytes.getOrDefault(digest, new byte[0]), ID.digest());
          }

          @Override
          public List<Evidence> ofIndexes() throws RktException {
            return StoredStatements.ofIndexes(
                layers,
                digest -> bytes.getOrDefault(digest, new byte[0]),
                ID.digest(),
                (layer, index) ->
                    Evidence.collect(bytes.getOrDefault(layer.digest(), new byte[0]), index));
          }
        });
  }

  @Test
  void allWhoWereNeededAreNamed() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    policy("", "{\"type\":\"all-of\",\"of\":[{\"type\":\"openpgp\"}," + cosign() + "]}");
    assertThat(refusal(byAlice)).isEqualTo(Rule.POLICY);
    statements.add(signedByKey("example.com/app:1", ID.digest()));
    assertThat(verify(byAlice).signers()).hasSize(2).contains(alice);
    assertThat(refusal(new byte[0])).isEqualTo(Rule.POLICY);
  }

  @Test
  void aForgeryInTheNameOfATrustedKeyIsFatalWhereThePolicyAsksForOpenPgp() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    statements.add(signedByKey("example.com/app", ID.digest()));
    policy("", "{\"type\":\"any-of\",\"of\":[" + cosign() + ",{\"type\":\"openpgp\"}]}");
    byte[] forged = gpg.sign("other bytes".getBytes(StandardCharsets.UTF_8), alice);
    assertThat(refusal(forged)).isEqualTo(Rule.BAD_SIGNATURE);
    assertThat(refusal(byAlice)).isEqualTo(Rule.VALID);
  }

  @Test
  void aPolicyThatCannotBeUsedRefusesWhateverIsSigned() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    assertThat(refusal(byAlice)).isEqualTo(Rule.VALID);
    Path file = policy("example.com", "{\"type\":\"openpgp\",\"maxage\":\"1d\"}");
    assertThatThrownBy(() -> verify(byAlice))
        .isInstanceOf(TrustException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("maxage");
    String root = dir.resolve("absent.json").toString();
    policy(
        "example.com",
        "{\"type\":\"keyless\",\"trustedRoot\":\""
            + root
            + "\",\"identities\":[{\"issuer\":\"a\",\"subject\":\"b\"}]}");
    assertThatThrownBy(() -> verify(byAlice))
        .isInstanceOf(TrustException.class)
        .hasMessageContaining(root);
  }

  @Test
  void removingAKeyOrChangingThePolicyRefusesTheNextStart() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    policy("", "{\"type\":\"openpgp\"}");
    assertThat(refusal(byAlice)).isEqualTo(Rule.VALID);
    trust.remove(Scope.ROOT, alice);
    assertThat(refusal(byAlice)).isEqualTo(Rule.UNKNOWN_KEY);
    statements.add(signedByKey("example.com/app", ID.digest()));
    Path file = policy("", cosign());
    assertThat(refusal(byAlice)).isEqualTo(Rule.VALID);
    Files.delete(file);
    assertThat(refusal(byAlice)).isEqualTo(Rule.UNKNOWN_KEY);
  }

  @Test
  void bytesOfUnknownNameAreReadWithoutASignatureOnlyWherePoliciesSpeak() throws Exception {
    Evidence none = Evidence.none(ID.digest());
    assertThatThrownBy(() -> verifier.authenticate(ID.digest(), none))
        .isInstanceOf(TrustException.class);
    policy("example.org", "{\"type\":\"accept-unsigned\"}");
    Verifier.Authenticated bytes = verifier.authenticate(ID.digest(), none);
    assertThatThrownBy(() -> bytes.as(ID, APP, true, ID.digest(), () -> statements))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.UNSIGNED));
    ImageName other = new ImageName("example.org/app");
    assertThat(bytes.as(ID, other, true, ID.digest(), () -> statements).rule())
        .isEqualTo("accept-unsigned");
  }

  @Test
  void aPolicyOfOtherToolsMayAskForACertificateAndForALog() throws Exception {
    CosignSigner signer = new CosignSigner();
    signer.publish(dir);
    Path other =
        Files.writeString(
            dir.resolve("containers.json"),
            """
            {"default":[{"type":"sigstoreSigned","rekorPublicKeyPath":"%1$s/log.pub","fulcio":
            {"caPath":"%1$s/root.pem","oidcIssuer":"%2$s","subjectEmail":"%3$s"},"signedIdentity":
            {"type":"exactRepository","dockerRepository":"example.com/app"}}]}
            """
                .formatted(dir, CosignSigner.ISSUER, CosignSigner.EMAIL));
    policy("", "{\"type\":\"containers-policy\",\"file\":\"" + other + "\"}");
    verifier =
        new Verifier(
            trust,
            PolicyStore.open(dir.resolve("etc-system"), dir.resolve("etc")),
            InstantSource.fixed(CosignSigner.NOW),
            Verifier.Purpose.USE);
    assertThat(refusal(new byte[0])).isEqualTo(Rule.POLICY);
    statements.add(signedByKey("example.com/app", ID.digest()));
    statements.add(
        signer.sign(List.of("certificate", "unrecorded"), ID.digest(), "example.com/app"));
    assertThat(refusal(new byte[0])).isEqualTo(Rule.POLICY);
    assertThat(verifier.judge(candidate(new byte[0])).why()).contains("(certificate)", "(log)");
    statements.add(signer.sign(List.of("certificate"), ID.digest(), "example.com/app"));
    assertThat(verify(new byte[0]).signers())
        .containsExactly(CosignSigner.ISSUER + " " + CosignSigner.EMAIL);
  }

  @Test
  void bytesThatNobodySignedDoNotChooseThePolicyThatLetsThemIn() throws Exception {
    policy("example.org", "{\"type\":\"accept-unsigned\"}");
    policy(
        "example.net",
        "{\"type\":\"any-of\",\"of\":[" + cosign() + ",{\"type\":\"accept-unsigned\"}]}");
    Verifier.Authenticated bytes = verifier.authenticate(ID.digest(), Evidence.none(ID.digest()));
    for (String name : List.of("example.org/app", "example.net/app")) {
      ImageName inside = new ImageName(name);
      assertThatThrownBy(() -> bytes.as(ID, inside, false, ID.digest(), () -> statements))
          .isInstanceOfSatisfying(
              TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.UNSIGNED));
      Verdict verdict = bytes.judge(unsigned(inside), false);
      assertThat(verdict.rule()).isEqualTo(Rule.UNSIGNED);
      assertThat(verdict.accepted()).isFalse();
      assertThat(bytes.judge(unsigned(inside), true).rule()).isEqualTo(Rule.ACCEPT_UNSIGNED);
    }
    statements.add(signedByKey("example.net/app", ID.digest()));
    ImageName signed = new ImageName("example.net/app");
    assertThat(bytes.judge(unsigned(signed), false).rule()).isEqualTo(Rule.VALID);
    assertThat(bytes.as(ID, signed, false, ID.digest(), () -> statements).signers()).hasSize(1);
  }

  private Candidate unsigned(ImageName name) {
    return new Candidate(
        ID, name, ID.digest(), ID.digest(), Evidence.none(ID.digest()), () -> statements);
  }

  @Test
  void aVerdictExplainsEveryRequirementEvenThoseThatDidNotMatter() throws Exception {
    trust.add(Scope.ROOT, gpg.export(alice), "alice.asc");
    Path file =
        policy("", "{\"type\":\"any-of\",\"of\":[{\"type\":\"openpgp\"}," + cosign() + "]}");
    Verdict verdict = verifier.judge(candidate(byAlice));
    JsonObject json = JsonObject.parse(verdict.toJson(), "verdict");
    assertThat(json.object("policy").string("file")).isEqualTo(file.toString());
    assertThat(json.object("explanation").objects("of")).hasSize(2);
    assertThat(json.object("explanation").objects("of").get(1).findBoolean("met")).hasValue(false);
    assertThat(json.objects("signatures")).hasSize(1);
    assertThat(json.string("rule")).isEqualTo("valid");
  }
}
