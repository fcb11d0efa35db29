package rkt.verify.signing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.spec.SpecException;
import rkt.spec.json.JsonObject;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.PassphraseSource;
import rkt.verify.sigstore.PublicKeyFile;
import rkt.verify.sigstore.Result;
import rkt.verify.sigstore.SigstoreVerifier;

/** Keys of cosign's kind, and what they sign, before openssl and our own verifier. */
class SigningKeyTest {
  private static final PassphraseSource NONE =
      () -> {
        throw new AssertionError("asked for a passphrase");
      };
  private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");
  private static final Digest IMAGE = Digest.sha256("image".getBytes(UTF_8));

  /** Made by cosign generate-key-pair with an empty passphrase; published by a project's tests. */
  private static final String COSIGN_EMPTY =
      """
      -----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----
      eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjozMjc2OCwiciI6
      OCwicCI6MX0sInNhbHQiOiJlRHVYMWRQMGtIWVRnK0xkbjcxM0tjbFVJaU92eFVX
      VXgvNi9BbitFVk5BPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
      Iiwibm9uY2UiOiJwaWhLL2txNmFXa2hqSVVHR3RVUzhTVkdHTDNIWWp4TCJ9LCJj
      aXBoZXJ0ZXh0Ijoidm81SHVWRVFWcUZ2WFlQTTVPaTVaWHM5a255bndZU2dvcyth
      VklIeHcrOGFPamNZNEtvVjVmL3lHRHR0K3BHV2toanJPR1FLOWdBbmtsazFpQ0c5
      a2czUXpPQTZsU2JRaHgvZlowRVRZQ0hLeElncEdPRVRyTDlDenZDemhPZXVSOXJ6
      TDcvRjBBVy9vUDVqZXR3dmJMNmQxOEhjck9kWE8yVmYxY2w0YzNLZjVRcnFSZzlN
      dlRxQWFsNXJCNHNpY1JaMVhpUUJjb0YwNHc9PSJ9
      -----END ENCRYPTED COSIGN PRIVATE KEY-----
      """;

  private static final String COSIGN_EMPTY_PUBLIC =
      """
      -----BEGIN PUBLIC KEY-----
      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEu78QgxOOcao6U91CSzEXxrKhvFTt
      JHNy+eX6EMePtDm8CnDF9HSwnTlD0itGJ/XHPQA5YX10fJAqI1y+ehlFMw==
      -----END PUBLIC KEY-----
      """;

  /** From the tests of cosign itself (pkg/cosign/keys_test.go), whose passphrase is "hello". */
  private static final String COSIGN_HELLO =
      """
      -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
      eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjozMjc2OCwiciI6
      OCwicCI6MX0sInNhbHQiOiI3T3VGd2VsbWZZNXVId2NoaURSc210anNwZ2ZlZjFG
      Mk5lOGFDTjVLYVpZPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
      Iiwibm9uY2UiOiJQNHk4OGhCb3ZTa09MbXN0bFVBaGJwdDJ0K2xTNUxQSCJ9LCJj
      aXBoZXJ0ZXh0IjoiMnB1QzdyZldJOWh3bnJlQ2s4aUZDRlVwQlRrSzRJNlIvbFBF
      cnBDekpXUGpJWXl4eGVIL1A2VW52cFJHdVhla1NNb3JMdGhLamdoQ1JlNy82NDVH
      QWtoVm1LRC92eEF0S2EvbE1abENSQ3FlekJGUFd1dzNpeFRtZ2xhb2J1ZFVSbUVs
      bmNGOGlZbzBTMVl6Y1ZOMVFwY2J2c0dNcUlYRzVlbmdteGp5dCtBcXlyZTF0Q0Y0
      V01tU1BlaEljNlBqd2h1Q2xHaVpJUWRvTGc9PSJ9
      -----END ENCRYPTED SIGSTORE PRIVATE KEY-----
      """;

  @TempDir Path dir;

  @Test
  void opensTheKeysThatCosignMade() throws Exception {
    SigningKey empty = SigningKey.read(COSIGN_EMPTY.getBytes(US_ASCII), "cosign.key", pass(""));
    assertThat(new String(empty.publicPem(), US_ASCII)).isEqualTo(COSIGN_EMPTY_PUBLIC);
    SigningKey hello =
        SigningKey.read(COSIGN_HELLO.getBytes(US_ASCII), "cosign.key", pass("hello"));
    opensslVerifies(hello, "bytes".getBytes(UTF_8));
    assertThatThrownBy(
            () -> SigningKey.read(COSIGN_HELLO.getBytes(US_ASCII), "cosign.key", pass("wrong")))
        .isInstanceOf(SpecException.class)
        .hasMessage("the passphrase does not open cosign.key");
  }

  @Test
  void aNewKeyIsLockedForItsOwnerAloneAndOpensWithItsPassphraseOnly() throws Exception {
    Path secret = dir.resolve("a.key");
    Path open = dir.resolve("a.pub");
    byte[] passphrase = "correct horse".getBytes(UTF_8);
    SigningKey made = SigningKey.generate(secret, open, () -> passphrase);
    assertThat(passphrase).as("cleared").containsOnly(0);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
        .isEqualTo("rw-------");
    assertThat(open).hasBinaryContent(made.publicPem());
    byte[] file = SecretFile.key(secret);
    assertThat(new String(file, US_ASCII))
        .startsWith("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n");
    SigningKey read = SigningKey.read(file, "a.key", pass("correct horse"));
    assertThat(read.fingerprint()).isEqualTo(made.fingerprint());
    opensslVerifies(read, new byte[100_000]);
    assertThatThrownBy(() -> SigningKey.read(file, "a.key", pass("")))
        .hasMessageContaining("does not open");
    assertThatThrownBy(() -> SigningKey.generate(secret, open, NONE))
        .hasMessageContaining("is there already");
    Files.delete(open);
    assertThatThrownBy(() -> SigningKey.generate(secret, open, NONE))
        .hasMessageContaining("is there already");
    assertThat(open).doesNotExist();
    assertThat(secret).hasBinaryContent(file);
  }

  @Test
  void ofAKeyPairThereAreBothFilesOrNone() throws Exception {
    Path secret = dir.resolve("b.key");
    Path nowhere = Files.createSymbolicLink(dir.resolve("b.pub"), dir.resolve("none"));
    assertThatThrownBy(() -> SigningKey.generate(secret, nowhere, NONE))
        .as("nobody types a passphrase in vain")
        .hasMessageContaining("b.pub is there already");
    Path unwritable = dir.resolve("none/b.pub");
    assertThatThrownBy(() -> SigningKey.generate(secret, unwritable, pass("correct horse")))
        .hasMessageStartingWith("cannot write " + unwritable);
    assertThat(secret).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "EC, ec_paramgen_curve:P-256",
    "EC, ec_paramgen_curve:P-384",
    "EC, ec_paramgen_curve:P-521",
    "RSA, rsa_keygen_bits:2048",
    "ED25519, ''"
  })
  void keysOfOpensslSignWhatOpensslAndWeVerify(String algorithm, String option) throws Exception {
    SigningKey key = SigningKey.read(openssl(algorithm, option), "key", NONE);
    opensslVerifies(key, "some bytes".getBytes(UTF_8));
    Statement signature = Payload.cosign(key, IMAGE, "example.com/app", NOW);
    Claim claim = holds(key, signature).get(0);
    assertThat(claim.subject()).isEqualTo(IMAGE);
    assertThat(claim.reference()).isEqualTo("example.com/app");
    assertThat(claim.signedAt()).isEqualTo(NOW);
    assertThat(claim.signer())
        .isEqualTo(new Signer.Key(key.fingerprint(), PublicKeyFile.strength(key.publicKey())));
  }

  @ParameterizedTest
  @CsvSource({
    "RSA, rsa_keygen_bits:1024",
    "EC, ec_paramgen_curve:secp256k1",
    "EC, ec_paramgen_curve:P-224",
    "ED448, ''"
  })
  void otherKeysAreRefused(String algorithm, String option) throws Exception {
    byte[] file = openssl(algorithm, option);
    assertThatThrownBy(() -> SigningKey.read(file, "the key", NONE))
        .isInstanceOf(SpecException.class)
        .hasMessageStartingWith("the key ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "rubbish",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n",
        "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\ne30=\n"
            + "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"
      })
  void whatIsNoKeyIsRefusedWithoutQuotingIt(String file) {
    assertThatThrownBy(() -> SigningKey.read(file.getBytes(US_ASCII), "the file", pass("")))
        .isInstanceOf(SpecException.class)
        .hasMessageContaining("the file")
        .hasMessageNotContaining("AAAA");
  }

  @Test
  void aFileDoesNotChooseWhatItCostsToOpenIt() {
    for (String numbers : List.of("\"N\":1073741824,\"r\":8", "\"N\":65536,\"r\":1024")) {
      String json =
          "{\"kdf\":{\"name\":\"scrypt\",\"params\":{"
              + numbers
              + ",\"p\":1},\"salt\":\""
              + "A".repeat(43)
              + "=\"},\"cipher\":{\"name\":\"nacl/secretbox\",\"nonce\":\""
              + "A".repeat(32)
              + "\"},\"ciphertext\":\"AAAA\"}";
      assertThatThrownBy(() -> SecretBox.open(json.getBytes(UTF_8), new byte[0], "the key"))
          .hasMessage("the key is locked in a way that cosign does not use");
    }
  }

  @Test
  void aSecretThatOthersMayReadIsRefused() throws Exception {
    Path file = Files.write(dir.resolve("secret"), "hunter2\n".getBytes(UTF_8));
    for (String mode : List.of("rw-r-----", "rw----r--", "rw--w----")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertThatThrownBy(() -> SecretFile.passphrase(file))
          .isInstanceOfSatisfying(
              SpecException.class, e -> assertThat(e.fix()).isEqualTo("chmod 600 " + file))
          .hasMessageNotContaining("hunter2");
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
    assertThat(SecretFile.passphrase(file)).isEqualTo("hunter2".getBytes(UTF_8));
    Path link = Files.createSymbolicLink(dir.resolve("link"), file);
    assertThat(SecretFile.passphrase(link)).isEqualTo("hunter2".getBytes(UTF_8));
    assertThatThrownBy(() -> SecretFile.passphrase(dir.resolve("none")))
        .hasMessageContaining("no such file");
  }

  @Test
  void anAttestationIsAnInTotoStatementThatOpensslAndWeVerify() throws Exception {
    SigningKey key = SigningKey.read(COSIGN_EMPTY.getBytes(US_ASCII), "key", pass(""));
    byte[] predicate =
        "{ \"builder\": {\"id\": \"https://example.com/ci\"}, \"n\": 1.50 }".getBytes(UTF_8);
    Statement made =
        Payload.attestation(
            key,
            IMAGE,
            new ImageName("example.com/app"),
            Payload.predicateType("slsaprovenance1"),
            predicate);
    assertThat(made.annotations())
        .isEqualTo(
            Map.of(Payload.SIGNATURE, "", "predicateType", "https://slsa.dev/provenance/v1"));
    JsonObject envelope = JsonObject.parse(made.body(), "envelope");
    byte[] payload = Base64.getDecoder().decode(envelope.string("payload"));
    JsonObject statement = JsonObject.parse(payload, "statement");
    assertThat(statement.string("_type")).isEqualTo("https://in-toto.io/Statement/v1");
    assertThat(statement.objects("subject").get(0).object("digest").string("sha256"))
        .isEqualTo(IMAGE.hex());
    byte[] signature =
        Base64.getDecoder().decode(envelope.objects("signatures").get(0).string("sig"));
    byte[] covered =
        ("DSSEv1 28 application/vnd.in-toto+json "
                + payload.length
                + " "
                + new String(payload, UTF_8))
            .getBytes(UTF_8);
    opensslVerifies(key.publicPem(), covered, signature, false);
    Claim claim = holds(key, made).get(0);
    assertThat(claim.subject()).isEqualTo(IMAGE);
    Claim.Attestation attestation = Objects.requireNonNull(claim.attestation());
    assertThat(attestation.type()).isEqualTo("https://slsa.dev/provenance/v1");
    assertThat(attestation.predicate()).contains("https://example.com/ci");
  }

  @Test
  void aPredicateThatIsNoStrictObjectAndATypeThatIsNoUriAreRefused() throws Exception {
    SigningKey key = SigningKey.read(COSIGN_EMPTY.getBytes(US_ASCII), "key", pass(""));
    for (String bad : List.of("", "[]", "{\"a\":1,\"a\":2}", "{\"a\":1} x", "NaN")) {
      assertThatThrownBy(() ->
              Payload.attestation(
                  key, IMAGE, new ImageName("a.b/c"), "https://x.y/z", bad.getBytes(UTF_8)))
          .as(bad)
          .isInstanceOf(SpecException.class);
    }
    for (String bad : List.of("", "slsa", "https://a b", "HTTPS://x", ":x")) {
      assertThatThrownBy(() -> Payload.predicateType(bad))
          .as(bad)
          .isInstanceOf(SpecException.class);
    }
    assertThat(Payload.predicateType("https://example.com/t/v1"))
        .isEqualTo("https://example.com/t/v1");
  }

  private static List<Claim> holds(SigningKey key, Statement statement) {
    Result result =
        new SigstoreVerifier(List.of(key.publicKey()), null).check(statement, NOW.plusSeconds(60));
    assertThat(result).isInstanceOf(Result.Holds.class);
    return ((Result.Holds) result).claims();
  }

  private static PassphraseSource pass(String text) {
    return () -> text.getBytes(UTF_8);
  }

  private byte[] openssl(String algorithm, String option) throws Exception {
    Path file = dir.resolve("openssl.key");
    List<String> words =
        option.isEmpty()
            ? List.of("openssl", "genpkey", "-algorithm", algorithm, "-out", file.toString())
            : List.of(
                "openssl",
                "genpkey",
                "-algorithm",
                algorithm,
                "-pkeyopt",
                option,
                "-out",
                file.toString());
    assertThat(status(words)).isZero();
    return Files.readAllBytes(file);
  }

  private void opensslVerifies(SigningKey key, byte[] data) throws Exception {
    boolean ed = key.publicKey().getAlgorithm().startsWith("Ed");
    opensslVerifies(key.publicPem(), data, key.sign(data), ed);
  }

  private void opensslVerifies(byte[] publicKey, byte[] data, byte[] signature, boolean raw)
      throws Exception {
    String key = Files.write(dir.resolve("pub"), publicKey).toString();
    String bytes = Files.write(dir.resolve("data"), data).toString();
    String sig = Files.write(dir.resolve("sig"), signature).toString();
    assertThat(
            status(
                raw
                    ? List.of(
                        "openssl",
                        "pkeyutl",
                        "-verify",
                        "-rawin",
                        "-pubin",
                        "-inkey",
                        key,
                        "-in",
                        bytes,
                        "-sigfile",
                        sig)
                    : List.of(
                        "openssl", "dgst", "-sha256", "-verify", key, "-signature", sig, bytes)))
        .isZero();
  }

  private int status(List<String> words) throws Exception {
    return new ProcessBuilder(words)
        .redirectErrorStream(true)
        .redirectOutput(dir.resolve("log").toFile())
        .start()
        .waitFor();
  }
}
