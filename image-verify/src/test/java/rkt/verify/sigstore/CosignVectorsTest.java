package rkt.verify.sigstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.spec.Digest;
import rkt.spec.json.JsonObject;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Statement;

/** spec/vectors/sigstore/cosign: signatures that cosign and skopeo made. */
class CosignVectorsTest {
  private static final Path VECTORS = Path.of("../spec/vectors/sigstore/cosign");
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "valid,signature-1,192.168.64.2:5000/cosign-signed-single-sample,",
    "valid-2,signature-1,192.168.64.2:5000/cosign-signed-single-sample,",
    "valid-2,signature-2,192.168.64.2:5000/cosign-signed-single-sample,",
    "valid-with-tag,signature-1,192.168.64.2:5000/skopeo-signed:tag,2022-07-08T16:10:09Z",
    "mixed,signature-2,192.168.64.2:5000/cosign-signed-single-sample,",
  })
  void signaturesByTheKeyClaimTheManifestAndTheNameThatTheyWereMadeFor(
      String vector, String signature, String reference, Instant signedAt) throws Exception {
    List<Claim> claims = check(vector, signature).claims();
    assertThat(claims).hasSize(1);
    Claim claim = claims.get(0);
    assertThat(claim.subject())
        .isEqualTo(Digest.sha256(Files.readAllBytes(VECTORS.resolve(vector + "/manifest.json"))));
    assertThat(claim.reference()).isEqualTo(reference);
    assertThat(claim.signedAt()).isEqualTo(signedAt);
    assertThat(claim.timeProven()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"modified-manifest", "manifest-digest-error"})
  void ofAnotherManifestTheyClaimNothing(String vector) throws Exception {
    Digest manifest = Digest.sha256(Files.readAllBytes(VECTORS.resolve(vector + "/manifest.json")));
    assertThat(check(vector, "signature-1").claims())
        .isNotEmpty()
        .noneMatch(claim -> claim.subject().equals(manifest));
  }

  @ParameterizedTest
  @CsvSource({"unknown-key,signature-1", "mixed,signature-1", "other-attachment,signature-1"})
  void whatAnotherKeySignedOrNoneIsRefused(String vector, String signature) throws Exception {
    assertThat(check(vector, signature))
        .isInstanceOfSatisfying(
            Result.Refused.class,
            refused -> assertThat(refused.rule()).isEqualTo(Refusal.UNKNOWN_KEY));
  }

  private static Result check(String vector, String signature) throws Exception {
    Path file = VECTORS.resolve(vector).resolve(signature + ".json");
    JsonObject json = JsonObject.parse(Files.readAllBytes(file), signature);
    Statement statement =
        new Statement(
            Statement.Kind.COSIGN,
            Base64.getDecoder().decode(json.string("payload")),
            json.stringMap("annotations"));
    byte[] key = Files.readAllBytes(VECTORS.resolve("cosign.pub"));
    return new SigstoreVerifier(List.of(PublicKeyFile.parse(key, "cosign.pub")), null)
        .check(statement, NOW);
  }
}
