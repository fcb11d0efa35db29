package rkt.verify.sigstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import rkt.spec.Digest;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/** spec/vectors/sigstore/bundle: bundles that others made, most of them of the public instance. */
class BundleVectorsTest {
  private static final Path VECTORS = Path.of("../spec/vectors/sigstore");
  private static final Instant NOW = Instant.parse("2026-11-28T00:00:00Z");
  private static final Digest JAR =
      Digest.parse("sha256:f338c08740cdb2e663737abaf372fc3c442210ab7291c991e180797bd886cd61");

  @Test
  void aSignatureByAWorkflowFromMavenCentralHolds() throws Exception {
    assertThat(check("maven-central", List.of(), publicRoot(), NOW).claims())
        .containsExactly(
            new Claim(
                new Signer.Identity(
                    "https://token.actions.githubusercontent.com",
                    "https://github.com/sigstore/sigstore-java/.github/workflows/release-sigstore-java-from-tag.yaml@refs/tags/v2.0.0"),
                JAR,
                null,
                Instant.ofEpochSecond(1763671523),
                true,
                null));
  }

  @Test
  void anAttestationWithATimestampHolds() throws Exception {
    Result result = check("dsse-with-hashedrekord-happy-path", List.of(), publicRoot(), NOW);
    assertThat(result).isInstanceOf(Result.Holds.class);
    Claim claim = result.claims().get(0);
    assertThat(claim.signedAt()).isEqualTo(Instant.ofEpochSecond(1778701653));
    assertThat(claim.timeProven()).isTrue();
    assertThat(claim.attestation()).isNotNull();
    assertThat(claim.subject().hex())
        .isEqualTo("70ed0277251d0cf2eb5eda8b574ce012de485e39a3de1fb4b1e0717e14b02d6a");
  }

  @Test
  void theTimestampCountsAsAWitnessOfItsOwn() throws Exception {
    Statement statement = statement("dsse-with-hashedrekord-happy-path");
    assertThat(
            new SigstoreVerifier(List.of(), publicRoot(), new Thresholds(1, 1, 2))
                .check(statement, NOW)
                .claims())
        .hasSize(1);
    assertThat(
            new SigstoreVerifier(List.of(), publicRoot(), new Thresholds(1, 1, 3))
                .check(statement, NOW))
        .isInstanceOfSatisfying(
            Result.Refused.class,
            refused -> assertThat(refused.rule()).isEqualTo(Refusal.TIMESTAMP));
  }

  @Test
  void anEntryOfALogThatRecordsAnInTotoEnvelopeHolds() throws Exception {
    Path dir = VECTORS.resolve("bundle/intoto-canonical-log-entry");
    TrustedRoot root =
        TrustedRoot.parse(Files.readAllBytes(dir.resolve("trusted_root.json")), "root");
    List<PublicKey> keys =
        List.of(PublicKeyFile.parse(Files.readAllBytes(dir.resolve("key.pub")), "key.pub"));
    assertThat(check("intoto-canonical-log-entry", keys, root, NOW).claims())
        .singleElement()
        .satisfies(claim -> assertThat(claim.timeProven()).isFalse());
    // The same by identity: a bare key has none.
    assertThat(check("intoto-canonical-log-entry", List.of(), root, NOW))
        .isInstanceOf(Result.Refused.class);
  }

  /** A policy of other tools names authorities, and no chains: the way is found. */
  @Test
  void aCertificateOfThePublicInstanceLeadsToItsRootThroughItsIntermediateOnly() throws Exception {
    Material material = Bundle.parse(statement("maven-central").body()).material();
    SigningCertificate certificate =
        SigningCertificate.of(Objects.requireNonNull(material.certificate()).der());
    List<X509Certificate> roots = new ArrayList<>();
    List<X509Certificate> links = new ArrayList<>();
    for (Authority authority : publicRoot().certificateAuthorities()) {
      roots.add(authority.root());
      links.addAll(authority.chain().subList(0, authority.chain().size() - 1));
    }
    List<Instant> signed = List.of(Instant.ofEpochSecond(1763671523));
    assertThatCode(() -> certificate.requireIssuedBy(roots, links, signed))
        .doesNotThrowAnyException();
    assertThatCode(() -> certificate.requireIssuedBy(links, List.of(), signed))
        .doesNotThrowAnyException();
    List<Instant> later = List.of(signed.get(0), signed.get(0).plusSeconds(3600));
    assertThatThrownBy(() -> certificate.requireIssuedBy(roots, links, later))
        .isInstanceOf(SigstoreException.class);
    assertThatThrownBy(() -> certificate.requireIssuedBy(roots, List.of(), signed))
        .isInstanceOf(SigstoreException.class);
  }

  @Test
  void beforeItWasSignedNothingHolds() throws Exception {
    Instant early = Instant.ofEpochSecond(1763671523 - 301);
    assertThat(check("maven-central", List.of(), publicRoot(), early))
        .isInstanceOfSatisfying(
            Result.Refused.class, refused -> assertThat(refused.rule()).isEqualTo(Refusal.TIME));
  }

  static TrustedRoot publicRoot() throws Exception {
    return TrustedRoot.parse(
        Files.readAllBytes(VECTORS.resolve("public-good/trusted_root.json")), "trusted_root.json");
  }

  static Statement statement(String vector) throws Exception {
    Path file = VECTORS.resolve("bundle").resolve(vector).resolve("bundle.sigstore.json");
    return new Statement(Statement.Kind.BUNDLE, Files.readAllBytes(file), Map.of());
  }

  private static Result check(String vector, List<PublicKey> keys, TrustedRoot root, Instant now)
      throws Exception {
    return new SigstoreVerifier(keys, root).check(statement(vector), now);
  }
}
