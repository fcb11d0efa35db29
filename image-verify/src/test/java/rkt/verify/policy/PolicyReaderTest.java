package rkt.verify.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ErrorClass;
import rkt.spec.ImageName;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;
import rkt.verify.sigstore.Thresholds;
import rkt.verify.trust.GuardedFiles;

/** What a policy file may say, and that nothing else is taken for a policy. */
class PolicyReaderTest {
  static final String PEM =
      """
      -----BEGIN PUBLIC KEY-----
      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErUmAB7EhK92qcBL4w+Sc+8TTpx9O
      6kWN/0NDTvbxeRf50aUV7inCOoqIo5XqUmpDh8uuvdyjPj2TbHcxDlYbWg==
      -----END PUBLIC KEY-----
      """;
  private static final String FINGERPRINT = "0123456789abcdef0123456789abcdef01234567";

  @TempDir Path dir;
  private GuardedFiles files;

  @BeforeEach
  void open() throws Exception {
    files = new GuardedFiles(GuardedFiles.Kind.POLICY);
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Requirement read(String requirement) throws Exception {
    String document =
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}";
    return readDocument(document);
  }

  private Requirement readDocument(String document) throws Exception {
    return new PolicyReader(files, dir)
        .read(document.getBytes(StandardCharsets.UTF_8), dir.resolve("policy.json"));
  }

  @Test
  void everyRequirementIsReadWithAllItsMembers() throws Exception {
    Requirement read =
        read(
            """
            {"type":"all-of","of":[
              {"type":"openpgp","fingerprints":["%s"],"maxAge":"90d",
               "minimumStrength":{"rsa":3072,"ed25519":256}},
              {"type":"any-of","of":[{"type":"reject"},{"type":"accept-unsigned"}]},
              {"type":"at-least","count":1,"of":[{"type":"openpgp"}]},
              {"type":"keyless","trustedRoot":"root.json","maxAge":"12h","witnesses":{"logs":2},
               "signedAs":{"prefix":"mirror.example.com","signedPrefix":"vendor.example.com"},
               "identities":[{"issuer":"https://id.example.com","subjectPattern":"*@example.com"}]},
              {"type":"attestation","predicateType":"https://slsa.dev/provenance/v1",
               "by":[{"type":"cosign","keys":[{"pem":"%s"}]}],
               "rules":[{"field":"/a/b","equals":"x"},{"field":"/n","at-least":3},
                        {"field":"/s","in":["x",1,true]},{"field":"/m","matches":"a*"}]}]}
            """
                .formatted(FINGERPRINT, PEM.replace("\n", "\\n")));

    assertThat(read).isInstanceOf(Requirement.AllOf.class);
    List<Requirement> of = ((Requirement.AllOf) read).of();
    assertThat(of.get(0))
        .isEqualTo(
            new Requirement.OpenPgp(
                List.of(FINGERPRINT),
                new SignedAs.SameName(false),
                new Limits(Optional.of(Duration.ofDays(90)), Map.of("rsa", 3072, "ed25519", 256))));
    assertThat(of.get(1))
        .isEqualTo(
            new Requirement.AnyOf(
                List.of(new Requirement.Reject(), new Requirement.AcceptUnsigned())));
    assertThat(of.get(2).label()).isEqualTo("at-least");
    assertThat(of.get(3))
        .isEqualTo(
            new Requirement.Keyless(
                dir.resolve("root.json"),
                new Thresholds(2, 1, 1),
                List.of(
                    new IdentityPattern(
                        Glob.exact("https://id.example.com"), Glob.pattern("*@example.com"))),
                new SignedAs.Renamed(
                    new ImageName("mirror.example.com"), new ImageName("vendor.example.com")),
                new Limits(Optional.of(Duration.ofHours(12)), Map.of())));
    Requirement.Attestation attestation = (Requirement.Attestation) of.get(4);
    assertThat(attestation.rules().get(2).values()).containsExactly("\"x\"", "1", "true");
    assertThat(attestation.signedAs()).isEqualTo(new SignedAs.SameName(true));
    assertThat(attestation.by()).hasSize(1);
  }

  @Test
  void aKeyIsReadFromAFileBesideThePolicies() throws Exception {
    Files.writeString(dir.resolve("release.pub"), PEM);
    Requirement.Cosign cosign =
        (Requirement.Cosign) read("{\"type\":\"cosign\",\"keys\":[{\"file\":\"release.pub\"}]}");
    assertThat(cosign.keys().getFirst().fingerprint()).matches("[0-9a-f]{64}");
    assertThat(cosign.keys().getFirst().fingerprint())
        .isEqualTo(PolicyKey.parse(PEM.getBytes(StandardCharsets.UTF_8), "key").fingerprint());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "{\"type\":\"openpgp\",\"type\":\"accept-unsigned\"}",
        "{\"type\":\"openpgp\",\"fingerprint\":[]}",
        "{\"type\":\"openpgp\",\"Fingerprints\":[\"x\"]}",
        "{\"type\":\"openpgp\",\"fingerprints\":null}",
        "{\"type\":\"openpgp\",\"fingerprints\":[]}",
        "{\"type\":\"openpgp\",\"fingerprints\":[\"0123456789ABCDEF0123456789abcdef01234567\"]}",
        "{\"type\":\"openpgp\",\"maxAge\":\"90\"}",
        "{\"type\":\"openpgp\",\"maxAge\":\"0d\"}",
        "{\"type\":\"openpgp\",\"maxAge\":\"-1d\"}",
        "{\"type\":\"openpgp\",\"maxAge\":\"d\"}",
        "{\"type\":\"openpgp\",\"maxAge\":90}",
        "{\"type\":\"openpgp\",\"minimumStrength\":{}}",
        "{\"type\":\"openpgp\",\"minimumStrength\":{\"dsa\":1024}}",
        "{\"type\":\"openpgp\",\"signedAs\":\"any\"}",
        "{\"type\":\"openpgp\",\"signedAs\":{\"prefix\":\"a.b\"}}",
        "{\"type\":\"accept-unsigned\",\"maxAge\":\"1d\"}",
        "{\"type\":\"reject\",\"of\":[]}",
        "{\"type\":\"all-of\",\"of\":[]}",
        "{\"type\":\"all-of\"}",
        "{\"type\":\"any-of\",\"of\":[],\"count\":1}",
        "{\"type\":\"at-least\",\"count\":0,\"of\":[{\"type\":\"openpgp\"}]}",
        "{\"type\":\"at-least\",\"count\":2,\"of\":[{\"type\":\"openpgp\"}]}",
        "{\"type\":\"at-least\",\"count\":1.5,\"of\":[{\"type\":\"openpgp\"}]}",
        "{\"type\":\"at-least\",\"of\":[{\"type\":\"openpgp\"}]}",
        "{\"type\":\"cosign\"}",
        "{\"type\":\"cosign\",\"keys\":[]}",
        "{\"type\":\"cosign\",\"keys\":[{\"pem\":\"x\"}]}",
        "{\"type\":\"cosign\",\"keys\":[{\"file\":\"absent.pub\"}]}",
        "{\"type\":\"cosign\",\"keys\":[{\"file\":\"a\",\"pem\":\"b\"}]}",
        "{\"type\":\"keyless\",\"identities\":[{\"issuer\":\"a\",\"subject\":\"b\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"witnesses\":{\"logs\":0},\"identities\":[{\"issuer\":\"a\",\"subject\":\"b\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"witnesses\":{\"times\":9},\"identities\":[{\"issuer\":\"a\",\"subject\":\"b\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"witnesses\":{\"log\":2},\"identities\":[{\"issuer\":\"a\",\"subject\":\"b\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"witnesses\":null,\"identities\":[{\"issuer\":\"a\",\"subject\":\"b\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"identities\":[{\"issuer\":\"a\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"identities\":[{\"issuer\":\"a\",\"issuerPattern\":\"a\",\"subject\":\"b\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"identities\":[{\"issuer\":\"a\",\"subject\":\"\"}]}",
        "{\"type\":\"keyless\",\"trustedRoot\":\"r\",\"minimumStrength\":{\"rsa\":1},\"identities\":[{\"issuer\":\"a\",\"subject\":\"b\"}]}",
        "{\"type\":\"attestation\",\"predicateType\":\"x\"}",
        "{\"type\":\"attestation\",\"predicateType\":\"x\",\"by\":[{\"type\":\"openpgp\"}]}",
        "{\"type\":\"attestation\",\"predicateType\":\"x\",\"by\":[{\"type\":\"accept-unsigned\"}]}",
        "{\"type\":\"signed\"}",
      })
  void whatIsNotUnderstoodIsRefused(String requirement) {
    assertThatThrownBy(() -> read(requirement))
        .isInstanceOfSatisfying(
            TrustException.class,
            e -> {
              assertThat(e.rule()).isEqualTo(Rule.POLICY_FILE);
              assertThat(e.errorClass()).isEqualTo(ErrorClass.TRUST);
              assertThat(e.getMessage()).contains(dir.toString()).doesNotContain("Exception");
              assertThat(e.fix()).isNotNull();
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"equals\":\"x\"}",
        "{\"field\":\"/a\"}",
        "{\"field\":\"a\",\"equals\":\"x\"}",
        "{\"field\":\"\",\"equals\":\"x\"}",
        "{\"field\":\"/a~\",\"equals\":\"x\"}",
        "{\"field\":\"/a\",\"equals\":\"x\",\"in\":[\"x\"]}",
        "{\"field\":\"/a\",\"equals\":null}",
        "{\"field\":\"/a\",\"equals\":{}}",
        "{\"field\":\"/a\",\"in\":[]}",
        "{\"field\":\"/a\",\"in\":\"x\"}",
        "{\"field\":\"/a\",\"in\":[[]]}",
        "{\"field\":\"/a\",\"at-least\":\"3\"}",
        "{\"field\":\"/a\",\"matches\":3}",
        "{\"field\":\"/a\",\"like\":\"x\"}",
      })
  void aRuleThatSaysNothingCertainIsRefused(String rule) {
    String by = "{\"type\":\"cosign\",\"keys\":[{\"pem\":\"" + PEM.replace("\n", "\\n") + "\"}]}";
    assertThatThrownBy(() ->
            read(
                "{\"type\":\"attestation\",\"predicateType\":\"x\",\"by\":["
                    + by
                    + "],\"rules\":["
                    + rule
                    + "]}"))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.POLICY_FILE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\"}",
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v2\",\"require\":{\"type\":\"reject\"}}",
        "{\"rktKind\":\"auth\",\"rktVersion\":\"v1\",\"require\":{\"type\":\"reject\"}}",
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":{\"type\":\"reject\"},\"x\":1}",
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":{\"type\":\"reject\"}} {}",
      })
  void aDocumentThatIsNoPolicyIsRefused(String document) {
    assertThatThrownBy(() -> readDocument(document)).isInstanceOf(TrustException.class);
  }

  @Test
  void aTreeThatIsTooDeepOrTooWideIsRefused() {
    String leaf = "{\"type\":\"openpgp\"}";
    String deep = "{\"type\":\"any-of\",\"of\":[".repeat(16) + leaf + "]}".repeat(16);
    assertThatThrownBy(() -> read(deep)).hasMessageContaining("16 deep");
    String wide = "{\"type\":\"any-of\",\"of\":[" + (leaf + ",").repeat(256) + leaf + "]}";
    assertThatThrownBy(() -> read(wide)).hasMessageContaining("256");
  }

  @Test
  void aPrivateKeyIsRefusedAsSuch() {
    String document =
        "{\"type\":\"cosign\",\"keys\":[{\"pem\":\"-----BEGIN EC PRIVATE KEY-----\\nAA==\\n"
            + "-----END EC PRIVATE KEY-----\"}]}";
    assertThatThrownBy(() -> read(document)).hasMessageContaining("private key");
  }

  @Test
  void aKeyFileThatOthersMayWriteIsRefused() throws Exception {
    Path key = Files.writeString(dir.resolve("release.pub"), PEM);
    String requirement = "{\"type\":\"cosign\",\"keys\":[{\"file\":\"" + key + "\"}]}";
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThatThrownBy(() -> read(requirement)).hasMessageContaining("may be written");

    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    read(requirement);
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> read(requirement)).hasMessageContaining("may be written");

    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path link = Files.createSymbolicLink(dir.resolve("link.pub"), key);
    assertThatThrownBy(() -> read(requirement.replace(key.toString(), link.toString())))
        .hasMessageContaining("not a regular file");
  }
}
