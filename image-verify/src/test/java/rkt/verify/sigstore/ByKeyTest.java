package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/** Signatures and attestations by bare keys, made by the JDK. */
class ByKeyTest {
  private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");
  private static final Digest IMAGE = Digest.sha256("an image".getBytes(UTF_8));
  private static final String PAYLOAD =
      """
      {"critical":{"identity":{"docker-reference":"example.com/app"},"image":{"docker-manifest-digest":"%s"},\
      "type":"cosign container image signature"},"optional":null}\
      """
          .formatted(IMAGE);
  private static final String ATTESTATION =
      """
      {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app","digest":{"sha256":"%s"}}],\
      "predicateType":"https://slsa.dev/provenance/v1","predicate":{"builder":{"id":"us"},"n":1.5}}\
      """
          .formatted(IMAGE.hex());

  private final KeyPair pair = keys("EC", new ECGenParameterSpec("secp256r1"));

  @ParameterizedTest
  @CsvSource({
    "secp256r1,SHA256withECDSA,256",
    "secp384r1,SHA256withECDSA,384",
    "secp384r1,SHA384withECDSA,384",
    "secp521r1,SHA256withECDSA,521",
    "secp521r1,SHA512withECDSA,521",
  })
  void ecdsaHolds(String curve, String algorithm, int bits) throws Exception {
    KeyPair ec = keys("EC", new ECGenParameterSpec(curve));
    assertHolds(ec.getPublic(), sign(algorithm, null, ec.getPrivate(), PAYLOAD), "ecdsa", bits);
  }

  @Test
  void ed25519Holds() throws Exception {
    KeyPair ed = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    byte[] signature = sign("Ed25519", null, ed.getPrivate(), PAYLOAD);
    assertHolds(ed.getPublic(), signature, "ed25519", 256);
  }

  @Test
  void rsaHoldsWithEitherPadding() throws Exception {
    KeyPair rsa = rsa(2048);
    PSSParameterSpec hashLong =
        new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1);
    PSSParameterSpec longest =
        new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 256 - 32 - 2, 1);
    PrivateKey key = rsa.getPrivate();
    assertHolds(rsa.getPublic(), sign("SHA256withRSA", null, key, PAYLOAD), "rsa", 2048);
    assertHolds(rsa.getPublic(), sign("RSASSA-PSS", hashLong, key, PAYLOAD), "rsa", 2048);
    assertHolds(rsa.getPublic(), sign("RSASSA-PSS", longest, key, PAYLOAD), "rsa", 2048);
  }

  private static void assertHolds(PublicKey key, byte[] signature, String algorithm, int bits)
      throws Exception {
    PublicKey read =
        PublicKeyFile.parse(Encoding.pem(key.getEncoded(), "PUBLIC KEY").getBytes(UTF_8), "key");
    for (PublicKey form : List.of(key, read)) {
      Result result =
          new SigstoreVerifier(List.of(form), null).check(cosign(PAYLOAD, signature), NOW);
      String fingerprint = Digest.sha256(key.getEncoded()).hex();
      assertThat(result.claims())
          .containsExactly(
              new Claim(
                  new Signer.Key(fingerprint, new Signer.Strength(algorithm, bits)),
                  IMAGE,
                  "example.com/app",
                  null,
                  false,
                  null));
    }
    for (int at : new int[] {0, signature.length / 2, signature.length - 1}) {
      byte[] changed = signature.clone();
      changed[at] ^= 1;
      assertRefused(key, cosign(PAYLOAD, changed), Refusal.UNKNOWN_KEY);
    }
    assertRefused(key, cosign(PAYLOAD.replace("app", "apq"), signature), Refusal.UNKNOWN_KEY);
  }

  @Test
  void weakKeysSignNothing() throws Exception {
    KeyPair rsa = rsa(1024);
    byte[] signature = sign("SHA256withRSA", null, rsa.getPrivate(), PAYLOAD);
    assertRefused(rsa.getPublic(), cosign(PAYLOAD, signature), Refusal.ALGORITHM);
    KeyPair dsa = KeyPairGenerator.getInstance("DSA").generateKeyPair();
    assertRefused(dsa.getPublic(), cosign(PAYLOAD, signature), Refusal.ALGORITHM);
    byte[] pem = Encoding.pem(rsa.getPublic().getEncoded(), "PUBLIC KEY").getBytes(UTF_8);
    assertThatThrownBy(() -> PublicKeyFile.parse(pem, "weak.pub"))
        .isInstanceOf(SpecException.class)
        .hasMessage("weak.pub: an RSA key of 1024 bits is not accepted");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n%\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "0",
        "0\u0082\u00ff\u00ff",
      })
  void whatIsNoPublicKeyIsRefusedAsOne(String file) {
    assertThatThrownBy(() -> PublicKeyFile.parse(file.getBytes(ISO_8859_1), "k"))
        .isInstanceOf(SpecException.class);
  }

  @Test
  void twoKeysInAFileAreRefused() {
    String pem = Encoding.pem(pair.getPublic().getEncoded(), "PUBLIC KEY");
    assertThatThrownBy(() -> PublicKeyFile.parse((pem + pem).getBytes(UTF_8), "two.pub"))
        .isInstanceOf(SpecException.class);
  }

  @Test
  void everyKeyThatSignedMakesAClaim() throws Exception {
    KeyPair other = keys("EC", new ECGenParameterSpec("secp256r1"));
    byte[] first = sign("SHA256withECDSA", null, pair.getPrivate(), pae(ATTESTATION));
    byte[] second = sign("SHA256withECDSA", null, other.getPrivate(), pae(ATTESTATION));
    Statement statement = envelope(ATTESTATION, first, second);
    Result result =
        new SigstoreVerifier(List.of(pair.getPublic(), other.getPublic()), null)
            .check(statement, NOW);
    assertThat(result.claims()).extracting(Claim::signer).doesNotHaveDuplicates().hasSize(2);
    assertThat(result.claims())
        .extracting(Claim::attestation)
        .containsOnly(
            new Claim.Attestation(
                "https://slsa.dev/provenance/v1", "{\"builder\":{\"id\":\"us\"},\"n\":1.5}"));
    assertThat(result.claims()).extracting(Claim::subject).containsOnly(IMAGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://in-toto.io/Statement/v1|https://in-toto.io/Statement/v2",
        "\"_type\":\"https://in-toto.io/Statement/v1\",|",
        "\"predicateType\":\"https://slsa.dev/provenance/v1\",|",
        "\"https://slsa.dev/provenance/v1\"|null",
        "\"subject\":[{|\"subject\":[null,{",
        "{\"sha256\"|{\"sha1\"",
        "\"predicate\"|\"_type\":\"x\",\"predicate\"",
        "}}|}",
      })
  void envelopesThatHoldOtherThingsAreRefused(String change) throws Exception {
    int bar = change.indexOf('|');
    String changed = ATTESTATION.replace(change.substring(0, bar), change.substring(bar + 1));
    assertThat(changed).isNotEqualTo(ATTESTATION);
    byte[] signature = sign("SHA256withECDSA", null, pair.getPrivate(), pae(changed));
    assertRefused(pair.getPublic(), envelope(changed, signature), Refusal.PAYLOAD);
  }

  @Test
  void anEnvelopeOfAnotherTypeIsRefused() throws Exception {
    String signed = "DSSEv1 4 text " + ATTESTATION.length() + " " + ATTESTATION;
    byte[] signature = sign("SHA256withECDSA", null, pair.getPrivate(), signed);
    Statement statement = envelope("text", ATTESTATION, signature);
    assertRefused(pair.getPublic(), statement, Refusal.PAYLOAD);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"type\"|\"strange\":1,\"type\"",
        "\"docker-manifest-digest\"|\"x\":{},\"docker-manifest-digest\"",
        "\"docker-reference\"|\"Docker-reference\"",
        "{\"docker-reference\"|{\"extra\":null,\"docker-reference\"",
        "\"optional\"|\"Critical\":{},\"optional\"",
        "cosign container image signature|atomic container signature",
        "\"example.com/app\"|\"\"",
        "\"example.com/app\"|null",
        "sha256:|sha1:",
        "\"type\":|\"type\":\"x\",\"type\":",
        "\"optional\":null|\"optional\":[]",
        "null}|null}x",
      })
  void payloadsThatSayMoreOrLessThanTheyShouldAreRefused(String change) throws Exception {
    int bar = change.indexOf('|');
    String changed = PAYLOAD.replace(change.substring(0, bar), change.substring(bar + 1));
    assertThat(changed).isNotEqualTo(PAYLOAD);
    byte[] signature = sign("SHA256withECDSA", null, pair.getPrivate(), changed);
    assertRefused(pair.getPublic(), cosign(changed, signature), Refusal.PAYLOAD);
  }

  @Test
  void theSignersTimeIsClaimedButNotProvenAndNotInTheFuture() throws Exception {
    String now = PAYLOAD.replace("null", "{\"timestamp\":" + NOW.getEpochSecond() + "}");
    Statement statement = cosign(now, sign("SHA256withECDSA", null, pair.getPrivate(), now));
    SigstoreVerifier verifier = new SigstoreVerifier(List.of(pair.getPublic()), null);
    assertThat(verifier.check(statement, NOW).claims())
        .singleElement()
        .satisfies(claim -> {
          assertThat(claim.signedAt()).isEqualTo(NOW);
          assertThat(claim.timeProven()).isFalse();
        });
    assertThat(verifier.check(statement, NOW.minusSeconds(301)))
        .isInstanceOfSatisfying(
            Result.Refused.class, refused -> assertThat(refused.rule()).isEqualTo(Refusal.TIME));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "%", "AAA", "AAAA", "MA==", "MAYCAQACAQA="})
  void signaturesThatAreNoneAreRefused(String text) {
    Map<String, String> annotations = new HashMap<>();
    annotations.put("dev.cosignproject.cosign/signature", text);
    Statement statement =
        new Statement(Statement.Kind.COSIGN, PAYLOAD.getBytes(UTF_8), annotations);
    assertThat(new SigstoreVerifier(List.of(pair.getPublic()), null).check(statement, NOW).claims())
        .isEmpty();
  }

  @Test
  void withoutAnyTrustNothingHolds() throws Exception {
    byte[] signature = sign("SHA256withECDSA", null, pair.getPrivate(), PAYLOAD);
    assertThat(new SigstoreVerifier(List.of(), null).check(cosign(PAYLOAD, signature), NOW))
        .isEqualTo(new Result.Refused(Refusal.UNKNOWN_KEY, "no public key is trusted here"));
  }

  @Test
  void moreSignaturesThanAreReadAreRefusedAtOnce() throws Exception {
    byte[][] many = new byte[33][];
    Arrays.fill(many, sign("SHA256withECDSA", null, pair.getPrivate(), pae(ATTESTATION)));
    assertRefused(pair.getPublic(), envelope(ATTESTATION, many), Refusal.LIMIT);
  }

  private static void assertRefused(PublicKey key, Statement statement, Refusal rule) {
    assertThat(new SigstoreVerifier(List.of(key), null).check(statement, NOW))
        .isInstanceOfSatisfying(
            Result.Refused.class, refused -> assertThat(refused.rule()).isEqualTo(rule));
  }

  private static Statement cosign(String payload, byte[] signature) {
    return new Statement(
        Statement.Kind.COSIGN,
        payload.getBytes(UTF_8),
        Map.of(
            "dev.cosignproject.cosign/signature", Base64.getEncoder().encodeToString(signature)));
  }

  private static Statement envelope(String payload, byte[]... signatures) {
    return envelope("application/vnd.in-toto+json", payload, signatures);
  }

  private static Statement envelope(String type, String payload, byte[]... signatures) {
    StringBuilder list = new StringBuilder();
    for (byte[] signature : signatures) {
      list.append(list.isEmpty() ? "" : ",")
          .append("{\"sig\":\"")
          .append(Base64.getEncoder().encodeToString(signature))
          .append("\"}");
    }
    String envelope =
        "{\"payloadType\":\""
            + type
            + "\",\"payload\":\""
            + Base64.getEncoder().encodeToString(payload.getBytes(UTF_8))
            + "\",\"signatures\":["
            + list
            + "]}";
    return new Statement(Statement.Kind.DSSE, envelope.getBytes(UTF_8), Map.of());
  }

  private static String pae(String payload) {
    return "DSSEv1 28 application/vnd.in-toto+json " + payload.length() + " " + payload;
  }

  private static byte[] sign(
      String algorithm, @Nullable AlgorithmParameterSpec parameters, PrivateKey key, String signed)
      throws Exception {
    Signature signature = Signature.getInstance(algorithm);
    if (parameters != null) {
      signature.setParameter(parameters);
    }
    signature.initSign(key);
    signature.update(signed.getBytes(UTF_8));
    return signature.sign();
  }

  private static KeyPair rsa(int bits) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    return generator.generateKeyPair();
  }

  private static KeyPair keys(String algorithm, AlgorithmParameterSpec parameters) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      generator.initialize(parameters);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
