package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/** What the public instance never signed: made by an instance of our own. */
class OwnInstanceTest {
  private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");
  private static final Instant SIGNED = Instance.SIGNED;
  private static final Digest IMAGE = Digest.sha256("an image".getBytes(UTF_8));
  private static final byte[] PAYLOAD =
      """
      {"critical":{"identity":{"docker-reference":"example.com/app"},"image":{"docker-manifest-digest":"%s"},\
      "type":"cosign container image signature"},"optional":{}}\
      """
          .formatted(IMAGE)
          .getBytes(UTF_8);
  private static final byte[] ATTESTATION =
      """
      {"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2",\
      "subject":[{"name":"example.com/app","digest":{"sha256":"%s"}}],"predicate":{}}\
      """
          .formatted(IMAGE.hex())
          .getBytes(UTF_8);
  private static final Signer ANN = new Signer.Identity(Instance.ISSUER, Instance.SUBJECT);

  private static Instance instance;

  @BeforeAll
  static void found() throws Exception {
    instance = new Instance();
  }

  @ParameterizedTest
  @EnumSource
  void everyKindOfEntryProvesAnAttestation(EntryKind kind) throws Exception {
    for (Instance.Log log : List.of(instance.log, instance.edLog)) {
      Attested attested = attested(new Instance.Leaf());
      attested.entries.add(attested.entry(log, kind, SIGNED));
      assertThat(check(attested).claims())
          .containsExactly(
              new Claim(
                  ANN,
                  IMAGE,
                  null,
                  SIGNED,
                  true,
                  new Claim.Attestation("https://slsa.dev/provenance/v0.2", "{}")));
    }
  }

  @ParameterizedTest
  @EnumSource
  void noKindOfEntryProvesAnotherAttestation(EntryKind kind) throws Exception {
    Attested attested = attested(new Instance.Leaf());
    byte[] other = "{}".getBytes(UTF_8);
    byte[] der = attested.signer.certificate().getEncoded();
    String payload = kind.body(Attested.pae(other), other, attested.signature, der);
    byte[] signature = Instance.sign("SHA256withECDSA", attested.signer.keys().getPrivate(), other);
    String signed = kind.body(Attested.pae(ATTESTATION), ATTESTATION, signature, der);
    byte[] somebody = instance.leaf(new Instance.Leaf()).certificate().getEncoded();
    String certificate =
        kind.body(Attested.pae(ATTESTATION), ATTESTATION, attested.signature, somebody);
    for (String body : List.of(payload, signed, certificate)) {
      attested.entries.clear();
      attested.entries.add(Instance.entry(instance.log, kind.kind, kind.version, body, SIGNED));
      assertRule(check(attested), Refusal.LOG_MISMATCH);
    }
  }

  @Test
  void aLogWithoutPromisesAndATimestampProveAnAttestation() throws Exception {
    Attested attested = attested(new Instance.Leaf());
    attested.entries.add(attested.entry(instance.edLog, EntryKind.DSSE_2, null));
    assertRule(check(attested), Refusal.TIMESTAMP);
    attested.timestamps.add(
        Instance.timestamp(instance.stamp, attested.signature, SIGNED.plusSeconds(1), false));
    assertThat(check(attested).claims())
        .singleElement()
        .satisfies(claim -> assertThat(claim.signedAt()).isEqualTo(SIGNED.plusSeconds(1)));
  }

  @Test
  void twoLogsAreTwoWitnesses() throws Exception {
    Attested attested = attested(new Instance.Leaf());
    attested.entries.add(attested.entry(instance.edLog, EntryKind.DSSE_2, SIGNED));
    attested.entries.add(attested.entry(instance.edLog, EntryKind.DSSE_1, SIGNED));
    Thresholds two = new Thresholds(2, 1, 2);
    SigstoreVerifier verifier = new SigstoreVerifier(List.of(), instance.trustedRoot(), two);
    assertRule(verifier.check(attested.statement(), NOW), Refusal.LOG);
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, SIGNED));
    assertThat(verifier.check(attested.statement(), NOW).claims()).hasSize(1);
  }

  /** As {@code rekor2-multiple-timestamps-one-outside-cert-validity_fail} has it. */
  @Test
  void everyTimeMustLieWithinTheCertificateNotJustOne() throws Exception {
    Attested attested = attested(new Instance.Leaf());
    attested.entries.add(attested.entry(instance.edLog, EntryKind.DSSE_2, null));
    attested.timestamps.add(Instance.timestamp(instance.stamp, attested.signature, SIGNED, false));
    attested.timestamps.add(
        Instance.timestamp(instance.stamp, attested.signature, SIGNED.plusSeconds(3600), false));
    assertRule(check(attested), Refusal.CERTIFICATE);
  }

  @Test
  void timestampsCountFromWhomTheyShouldBeOnly() throws Exception {
    byte[] signature = {1, 2, 3};
    TrustedRoot root = instance.trustedRoot();
    for (boolean sends : new boolean[] {false, true}) {
      byte[] good = Instance.timestamp(instance.stamp, signature, SIGNED, sends);
      TimestampToken.Stamp stamp = TimestampToken.parse(good).verify(signature, root);
      assertThat(Objects.requireNonNull(stamp).time()).isEqualTo(SIGNED);
    }
    // One that the root does not name: of another instance, or the authority's kin.
    byte[] unknown = Instance.timestamp(new Instance().stamp, signature, SIGNED, true);
    assertThat(TimestampToken.parse(unknown).verify(signature, root)).isNull();
    // One that is named, and is not for that.
    TrustedRoot loose =
        TrustedRoot.parse(
            instance
                .trustedRoot("\"start\":\"2025-01-01T00:00:00Z\"")
                .replace(Instance.base64(instance.stamp.certificate().getEncoded()), base64Root())
                .getBytes(UTF_8),
            "root");
    byte[] brought = Instance.timestamp(instance.stamp, signature, SIGNED, true);
    assertThat(TimestampToken.parse(brought).verify(signature, loose)).isNotNull();
    Instance.Holder signer = instance.stamper(KeyPurposeId.id_kp_codeSigning);
    byte[] misused = Instance.timestamp(signer, signature, SIGNED, true);
    assertRefused(misused, signature, loose);
    // Whatever bit is changed, the time is not believed.
    byte[] good = Instance.timestamp(instance.stamp, signature, SIGNED, false);
    for (int at = 0; at < good.length; at++) {
      byte[] changed = good.clone();
      changed[at] ^= 1;
      assertNotBelieved(changed, signature, root);
    }
  }

  private static String base64Root() throws Exception {
    return Instance.base64(instance.stampRoot.certificate().getEncoded());
  }

  private static void assertRefused(byte[] token, byte[] stamped, TrustedRoot root)
      throws Exception {
    try {
      assertThat(TimestampToken.parse(token).verify(stamped, root)).isNull();
      throw new AssertionError("was not refused");
    } catch (SigstoreException e) {
      assertThat(e.rule()).isEqualTo(Refusal.TIMESTAMP);
    }
  }

  private static void assertNotBelieved(byte[] token, byte[] stamped, TrustedRoot root) {
    try {
      TimestampToken.Stamp stamp = TimestampToken.parse(token).verify(stamped, root);
      // Names of algorithms next to the signature are not signed, and change nothing.
      assertThat(stamp == null || stamp.time().equals(SIGNED)).isTrue();
    } catch (SigstoreException e) {
      assertThat(e.rule()).isNotNull();
    }
  }

  /** As CVE-2026-24122 has it: an intermediate had expired when the signature was made. */
  @Test
  void anIntermediateThatHadExpiredVouchesForNothing() throws Exception {
    Instance expired = new Instance(SIGNED.minusSeconds(1));
    Instance usual = instance;
    try {
      instance = expired;
      Attested attested = attested(new Instance.Leaf());
      attested.entries.add(attested.entry(expired.log, EntryKind.DSSE_1, SIGNED));
      assertRule(check(attested), Refusal.CERTIFICATE);
    } finally {
      instance = usual;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "expired",
        "not yet valid",
        "for TLS",
        "an authority",
        "two names",
        "no address",
        "two issuers",
        "no issuer"
      })
  void certificatesThatDoNotSayClearlyWhoSignedAreRefused(String what) throws Exception {
    Instance.Leaf leaf = new Instance.Leaf();
    switch (what) {
      case "expired" -> leaf.end = SIGNED.minusSeconds(1);
      case "not yet valid" -> leaf.start = SIGNED.plusSeconds(1);
      case "for TLS" -> leaf.purpose = KeyPurposeId.id_kp_serverAuth;
      case "an authority" -> leaf.authority = true;
      case "two names" ->
          leaf.names =
              new GeneralName[] {leaf.names[0], new GeneralName(GeneralName.rfc822Name, "b@c.d")};
      case "no address" ->
          leaf.names = new GeneralName[] {new GeneralName(GeneralName.dNSName, "example.com")};
      case "two issuers" -> leaf.oldIssuer = "https://other.example.com";
      default -> {
        leaf.issuer = null;
        leaf.oldIssuer = null;
      }
    }
    Attested attested = attested(leaf);
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, SIGNED));
    assertRule(check(attested), Refusal.CERTIFICATE);
  }

  @Test
  void theOlderNameOfTheIssuerDoesWhereThereIsNoOther() throws Exception {
    Instance.Leaf leaf = new Instance.Leaf();
    leaf.issuer = null;
    leaf.names =
        new GeneralName[] {
          new GeneralName(GeneralName.uniformResourceIdentifier, "https://example.com/job")
        };
    Attested attested = attested(leaf);
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, SIGNED));
    assertThat(check(attested).claims())
        .extracting(Claim::signer)
        .containsExactly(new Signer.Identity(Instance.ISSUER, "https://example.com/job"));
  }

  @Test
  void certificatesThatNoLogRecordedAreRefused() throws Exception {
    Instance.Leaf forged = new Instance.Leaf();
    forged.forgedTimestamp = true;
    Instance.Leaf unknown = new Instance.Leaf();
    unknown.log = new Instance().certificateLog;
    for (Instance.Leaf leaf : List.of(forged, unknown)) {
      Attested attested = attested(leaf);
      attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, SIGNED));
      assertRule(check(attested), Refusal.CERTIFICATE_LOG);
    }
    Instance.Leaf future = new Instance.Leaf();
    future.logged = NOW.plusSeconds(301);
    Attested attested = attested(future);
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, SIGNED));
    assertRule(check(attested), Refusal.TIME);
  }

  @Test
  void theAuthorityOfAnotherInstanceVouchesForNothingHere() throws Exception {
    Attested attested = attested(new Instance().leaf(new Instance.Leaf()));
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, SIGNED));
    assertRule(check(attested), Refusal.CERTIFICATE);
  }

  /** As {@code integrated-time-in-future_fail} has it. */
  @Test
  void aTimeInTheFutureIsRefused() throws Exception {
    Instance.Leaf leaf = new Instance.Leaf();
    leaf.end = NOW.plusSeconds(3600);
    Attested attested = attested(leaf);
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, NOW.plusSeconds(301)));
    assertRule(check(attested), Refusal.TIME);
    attested.entries.set(0, attested.entry(instance.log, EntryKind.DSSE_1, NOW.plusSeconds(299)));
    assertThat(check(attested).claims()).hasSize(1);
  }

  @Test
  void aLogThatTheRootDoesNotNameProvesNothing() throws Exception {
    Attested attested = attested(new Instance.Leaf());
    attested.entries.add(attested.entry(new Instance().log, EntryKind.DSSE_1, SIGNED));
    assertRule(check(attested), Refusal.LOG);
  }

  @ParameterizedTest
  @CsvSource({
    "secp384r1,SHA384withECDSA",
    "secp384r1,SHA256withECDSA",
    "secp521r1,SHA512withECDSA"
  })
  void keysOnLargerCurvesSign(String curve, String algorithm) throws Exception {
    Instance.Leaf leaf = new Instance.Leaf();
    leaf.keys = Instance.ec(curve);
    Attested attested = attested(instance.leaf(leaf), algorithm);
    attested.entries.add(attested.entry(instance.log, EntryKind.DSSE_1, SIGNED));
    assertThat(check(attested).claims()).hasSize(1);
  }

  @Test
  void whatCosignKeepsInAnnotationsProvesASignature() throws Exception {
    Instance.Holder signer = instance.leaf(new Instance.Leaf());
    Map<String, String> annotations = annotations(signer, PAYLOAD, PAYLOAD);
    TrustedRoot root = instance.trustedRoot();
    Claim expected = new Claim(ANN, IMAGE, "example.com/app", SIGNED, true, null);
    assertThat(check(PAYLOAD, annotations, root).claims()).containsExactly(expected);
    byte[] signature =
        Encoding.base64(
            Objects.requireNonNull(annotations.get("dev.cosignproject.cosign/signature")), "it");
    byte[] timestamp = Instance.timestamp(instance.stamp, signature, SIGNED, false);
    annotations.put(
        "dev.sigstore.cosign/rfc3161timestamp",
        "{\"SignedRFC3161Timestamp\":\"" + Instance.base64(timestamp) + "\"}");
    assertThat(check(PAYLOAD, annotations, root).claims()).containsExactly(expected);

    assertRule(check(PAYLOAD, annotations, null), Refusal.CERTIFICATE);
    annotations.put("dev.sigstore.cosign/bundle", "");
    assertRule(check(PAYLOAD, annotations, root), Refusal.LOG);
    annotations.remove("dev.sigstore.cosign/certificate");
    assertRule(check(PAYLOAD, annotations, root), Refusal.UNKNOWN_KEY);
  }

  /** As CVE-2022-23649 and CVE-2026-22703 have it. */
  @Test
  void aRecordInAnAnnotationAboutAnotherPayloadIsRefused() throws Exception {
    Instance.Holder signer = instance.leaf(new Instance.Leaf());
    byte[] other = new String(PAYLOAD, UTF_8).replace("app", "apq").getBytes(UTF_8);
    Map<String, String> annotations = annotations(signer, PAYLOAD, other);
    assertRule(check(PAYLOAD, annotations, instance.trustedRoot()), Refusal.LOG_MISMATCH);
  }

  @Test
  void aRecordProvesWhenABareKeySigned() throws Exception {
    KeyPair keys = Instance.ec("secp256r1");
    byte[] signature = Instance.sign("SHA256withECDSA", keys.getPrivate(), PAYLOAD);
    String body =
        EntryKind.HASHEDREKORD_1
            .body(PAYLOAD, PAYLOAD, signature, keys.getPublic().getEncoded())
            .replace(pem(keys, "CERTIFICATE"), pem(keys, "PUBLIC KEY"));
    Map<String, String> annotations = new HashMap<>();
    annotations.put("dev.cosignproject.cosign/signature", Instance.base64(signature));
    annotations.put("dev.sigstore.cosign/bundle", Instance.annotation(instance.log, body, SIGNED));
    Statement statement = new Statement(Statement.Kind.COSIGN, PAYLOAD, annotations);
    SigstoreVerifier knowing =
        new SigstoreVerifier(List.of(keys.getPublic()), instance.trustedRoot());
    assertThat(knowing.check(statement, NOW).claims())
        .singleElement()
        .satisfies(claim -> {
          assertThat(claim.signedAt()).isEqualTo(SIGNED);
          assertThat(claim.timeProven()).isTrue();
        });
    assertThat(new SigstoreVerifier(List.of(keys.getPublic()), null).check(statement, NOW).claims())
        .singleElement()
        .satisfies(claim -> assertThat(claim.timeProven()).isFalse());
    annotations.put(
        "dev.sigstore.cosign/bundle",
        Instance.annotation(instance.log, body, SIGNED)
            .replace("\"logIndex\":5", "\"logIndex\":6"));
    assertRule(
        knowing.check(new Statement(Statement.Kind.COSIGN, PAYLOAD, annotations), NOW),
        Refusal.LOG);
  }

  @Test
  void anEnvelopeWithAnnotationsIsStampedAsAWhole() throws Exception {
    Attested attested = attested(new Instance.Leaf());
    byte[] envelope = attested.envelope().getBytes(UTF_8);
    byte[] certificate = attested.signer.certificate().getEncoded();
    String body =
        EntryKind.INTOTO_2.body(
            Attested.pae(ATTESTATION), ATTESTATION, attested.signature, certificate);
    byte[] timestamp = Instance.timestamp(instance.stamp, envelope, SIGNED, false);
    Map<String, String> annotations =
        Map.of(
            "dev.sigstore.cosign/certificate",
            Encoding.pem(certificate, "CERTIFICATE"),
            "dev.sigstore.cosign/bundle",
            Instance.annotation(instance.log, body, SIGNED),
            "dev.sigstore.cosign/rfc3161timestamp",
            "{\"SignedRFC3161Timestamp\":\"" + Instance.base64(timestamp) + "\"}");
    Statement statement = new Statement(Statement.Kind.DSSE, envelope, annotations);
    assertThat(
            new SigstoreVerifier(List.of(), instance.trustedRoot()).check(statement, NOW).claims())
        .hasSize(1);
    byte[] changed = (attested.envelope() + " ").getBytes(UTF_8);
    assertRule(
        new SigstoreVerifier(List.of(), instance.trustedRoot())
            .check(new Statement(Statement.Kind.DSSE, changed, annotations), NOW),
        Refusal.TIMESTAMP);
  }

  private static String pem(KeyPair keys, String type) {
    return Instance.base64(Encoding.pem(keys.getPublic().getEncoded(), type).getBytes(UTF_8));
  }

  private static Map<String, String> annotations(
      Instance.Holder signer, byte[] payload, byte[] recorded) throws Exception {
    byte[] signature = Instance.sign("SHA256withECDSA", signer.keys().getPrivate(), payload);
    byte[] certificate = signer.certificate().getEncoded();
    String body = EntryKind.HASHEDREKORD_1.body(recorded, recorded, signature, certificate);
    Map<String, String> annotations = new HashMap<>();
    annotations.put("dev.cosignproject.cosign/signature", Instance.base64(signature));
    annotations.put("dev.sigstore.cosign/certificate", Encoding.pem(certificate, "CERTIFICATE"));
    annotations.put("dev.sigstore.cosign/chain", "nobody reads this");
    annotations.put("dev.sigstore.cosign/bundle", Instance.annotation(instance.log, body, SIGNED));
    return annotations;
  }

  private static Result check(
      byte[] payload, Map<String, String> annotations, @Nullable TrustedRoot root) {
    return new SigstoreVerifier(List.of(), root)
        .check(new Statement(Statement.Kind.COSIGN, payload, annotations), NOW);
  }

  private static void assertRule(Result result, Refusal rule) {
    assertThat(result)
        .isInstanceOfSatisfying(
            Result.Refused.class,
            refused -> assertThat(refused.rule()).as(refused.why()).isEqualTo(rule));
  }

  private static Attested attested(Instance.Leaf leaf) throws Exception {
    return attested(instance.leaf(leaf));
  }

  private static Attested attested(Instance.Holder signer) throws Exception {
    return attested(signer, "SHA256withECDSA");
  }

  private static Attested attested(Instance.Holder signer, String algorithm) throws Exception {
    return new Attested(ATTESTATION, signer, algorithm);
  }

  private static Result check(Attested attested) throws Exception {
    return new SigstoreVerifier(List.of(), instance.trustedRoot()).check(attested.statement(), NOW);
  }
}
