package rkt.verify.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.TrustException;
import rkt.verify.sigstore.CosignSigner;
import rkt.verify.sigstore.CosignTrust;
import rkt.verify.sigstore.CosignVerifier;
import rkt.verify.sigstore.Result;
import rkt.verify.sigstore.SigstoreVerifier;
import rkt.verify.trust.GuardedFiles;

/** The verdicts of {@code policy.json} about certificates and logs. */
class CosignedPolicyTest {
  private static final Digest IMAGE = Digest.sha256(new byte[0]);
  private static final String NAME = "example.com/ns/app";

  @TempDir static Path dir;
  private static CosignSigner signer;

  @BeforeAll
  static void publish() throws Exception {
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    signer = new CosignSigner();
    signer.publish(dir);
  }

  /** The requirement without its type; how the image was signed; the verdict. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // a key, and a log
        "KEY,LOG | key | true",
        "'keyPaths':['DIR/other-key.pub','DIR/key.pub'],LOG | key | true",
        "'keyData':'B64(key.pub)','rekorPublicKeyData':'B64(log.pub)' | key | true",
        "'keyDatas':['B64(key.pub)'],'rekorPublicKeyDatas':['B64(other-log.pub)','B64(log.pub)'] | key | true",
        "KEY,'rekorPublicKeyPaths':['DIR/other-log.pub','DIR/log.pub'] | key | true",
        "KEY | key unrecorded | true",
        "KEY,LOG | key unrecorded | false",
        "KEY,LOG | key other-log | false",
        "KEY,'rekorPublicKeyPath':'DIR/other-log.pub' | key | false",
        "KEY,LOG | key forged-record | false",
        "KEY,LOG | key other-record | false",
        "KEY,LOG | key forged | false",
        "'keyPath':'DIR/other-key.pub',LOG | key | false",
        "KEY,LOG | key another-digest | false",
        "KEY,LOG | certificate | false",
        // fulcio
        "FULCIO,LOG | certificate | true",
        "FULCIO,LOG | certificate new-issuer | true",
        "FULCIO,LOG | certificate old-issuer | true",
        "FULCIO,LOG | certificate several-names | true",
        "FULCIO,'rekorPublicKeyDatas':['B64(other-log.pub)','B64(log.pub)'] | certificate | true",
        "'fulcio':{'caData':'B64(root.pem)',ANN},LOG | certificate | true",
        "'fulcio':{'caPath':'DIR/both.pem',ANN},LOG | certificate no-chain | true",
        "'fulcio':{'caPath':'DIR/intermediate.pem',ANN},LOG | certificate no-chain | true",
        "FULCIO,LOG | certificate no-chain | false",
        "'fulcio':{'caPath':'DIR/other.pem',ANN},LOG | certificate | false",
        "FULCIO,LOG | key | false",
        "FULCIO,LOG | certificate no-certificate | false",
        "FULCIO,LOG | certificate unrecorded | false",
        "FULCIO,LOG | certificate other-log | false",
        "FULCIO,'rekorPublicKeyPath':'DIR/other-log.pub' | certificate | false",
        "FULCIO,LOG | certificate forged-record | false",
        "FULCIO,LOG | certificate other-record | false",
        "FULCIO,LOG | certificate forged | false",
        "FULCIO,LOG | certificate recorded-late | false",
        "FULCIO,LOG | certificate recorded-early | false",
        "FULCIO,LOG | certificate recorded-never | false",
        "'fulcio':{'caPath':'DIR/both.pem',ANN},LOG | certificate old-intermediate | false",
        "'fulcio':{'caPath':'DIR/both.pem',ANN},LOG | certificate old-intermediate recorded-soon | true",
        "FULCIO,LOG | certificate other-issuer | false",
        "FULCIO,LOG | certificate two-issuers | false",
        "FULCIO,LOG | certificate no-issuer | false",
        "FULCIO,LOG | certificate other-email | false",
        "FULCIO,LOG | certificate email-in-capitals | false",
        "'fulcio':{'caPath':'DIR/root.pem','oidcIssuer':'ISSUER','subjectEmail':'https://a.b/ann'},LOG | certificate uri=https://a.b/ann | false",
        "FULCIO,LOG | certificate for-servers | false",
        "FULCIO,LOG | certificate authority | false",
        "FULCIO,LOG | certificate another-digest | false",
        "FULCIO,LOG,'signedIdentity':{'type':'exactRepository','dockerRepository':'example.com/x'} | certificate | false",
        // pki
        "'pki':{ROOTS,EMAIL} | certificate long | true",
        "'pki':{ROOTS,EMAIL} | certificate long unrecorded no-issuer | true",
        "'pki':{'caRootsData':'B64(root.pem)','caIntermediatesData':'B64(intermediate.pem)',EMAIL} | certificate long no-chain | true",
        "'pki':{ROOTS,'caIntermediatesPath':'DIR/intermediate.pem',EMAIL} | certificate long no-chain | true",
        "'pki':{ROOTS,EMAIL} | certificate long no-chain | false",
        "'pki':{ROOTS,EMAIL} | certificate | false",
        "'pki':{'caRootsPath':'DIR/other.pem',EMAIL} | certificate long | false",
        "'pki':{ROOTS,EMAIL} | certificate long other-email | false",
        "'pki':{ROOTS,EMAIL} | certificate long forged | false",
        "'pki':{ROOTS,EMAIL} | certificate long another-digest | false",
        "'pki':{ROOTS,EMAIL} | certificate long for-servers | false",
        "'pki':{ROOTS,EMAIL} | key | false",
        "'pki':{ROOTS,'subjectHostname':'ci.example.com'} | certificate long host=ci.example.com | true",
        "'pki':{ROOTS,'subjectHostname':'CI.example.com.'} | certificate long host=ci.example.com | true",
        "'pki':{ROOTS,'subjectHostname':'ci.example.com'} | certificate long host=*.example.com | true",
        "'pki':{ROOTS,'subjectHostname':'a.ci.example.com'} | certificate long host=*.example.com | false",
        "'pki':{ROOTS,'subjectHostname':'example.com'} | certificate long host=*.example.com | false",
        "'pki':{ROOTS,'subjectHostname':'ci.example.com'} | certificate long host=ci.example.org | false",
        "'pki':{ROOTS,'subjectHostname':'ci.example.com'} | certificate long | false",
        "'pki':{ROOTS,'subjectHostname':'192.0.2.7'} | certificate long address=192.0.2.7 | true",
        "'pki':{ROOTS,'subjectHostname':'2001:db8::7'} | certificate long address=2001:db8::7 | true",
        "'pki':{ROOTS,'subjectHostname':'192.0.2.8'} | certificate long address=192.0.2.7 | false",
        "'pki':{ROOTS,'subjectHostname':'192.0.2.7'} | certificate long host=192.0.2.7 | false",
        "'pki':{ROOTS,EMAIL,'subjectHostname':'ci.example.com'} | certificate long | false",
        "'pki':{ROOTS,EMAIL,'subjectHostname':'ci.example.com'} | certificate long host=ci.example.com | false",
      })
  void theVerdictIsThatOfItsDocumentation(String requirement, String how, boolean accepted)
      throws Exception {
    Explanation explanation = judge(requirement, List.of(how.split(" ")));
    assertThat(explanation.met()).as(String.join("\n", explanation.lines())).isEqualTo(accepted);
  }

  @Test
  void theExplanationSaysWhoSignedAndWhen() throws Exception {
    Claim claim = judge("FULCIO,LOG", List.of("certificate")).decisive().get(0);
    assertThat(claim.signer())
        .isEqualTo(new Signer.Identity(CosignSigner.ISSUER, CosignSigner.EMAIL));
    assertThat(claim.timeProven()).isTrue();
    Claim pki = judge("'pki':{ROOTS,EMAIL}", List.of("certificate", "long")).decisive().get(0);
    assertThat(pki.signer()).isEqualTo(new Signer.Identity("CN=intermediate", CosignSigner.EMAIL));
    assertThat(pki.timeProven()).isFalse();
  }

  @Test
  void theExplanationSaysWhatIsMissing() throws Exception {
    Explanation explanation = judge("FULCIO,LOG", List.of("certificate", "other-email"));
    assertThat(explanation.reason()).contains("(certificate)", "the address " + CosignSigner.EMAIL);
    assertThat(judge("KEY,LOG", List.of("key", "unrecorded")).reason()).contains("(log)");
  }

  /** The requirement without its type; what is said about it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "LOG | exactly one of \"keyPath\"",
        "FULCIO | \"fulcio\" needs one of \"rekorPublicKeyPath\"",
        "FULCIO,KEY,LOG | exactly one of \"keyPath\"",
        "FULCIO,LOG,'pki':{ROOTS,EMAIL} | exactly one of \"keyPath\"",
        "KEY,'pki':{ROOTS,EMAIL} | exactly one of \"keyPath\"",
        "LOG,'pki':{ROOTS,EMAIL} | not looked at with \"pki\"",
        "KEY,LOG,'rekorPublicKeyData':'B64(log.pub)' | only one of \"rekorPublicKeyPath\"",
        "KEY,'keyDatas':['B64(key.pub)'] | only one of \"keyPath\"",
        "KEY,'rekorPublicKeyPaths':[] | an array of 1 to",
        "KEY,'rekorPublicKeyPath':'DIR/root.pem' | not PEM of type PUBLIC KEY",
        "KEY,'rekorPublicKeyPath':'DIR/ed-log.pub' | one of ECDSA",
        "KEY,'rekorPublicKeyPath':'DIR/absent.pub' | there is no file",
        "KEY,'rekorPublicKeyPath':'log.pub' | not an absolute path",
        "KEY,'rekorPublicKeyPath':null | \"rekorPublicKeyPath\" is null",
        "'fulcio':null,LOG | \"fulcio\" is null",
        "'fulcio':{},LOG | exactly one of \"caPath\"",
        "'fulcio':{ANN},LOG | exactly one of \"caPath\"",
        "'fulcio':{'caPath':'DIR/root.pem','caData':'B64(root.pem)',ANN},LOG | only one of \"caPath\"",
        "'fulcio':{'caPath':'DIR/log.pub',ANN},LOG | not PEM of type CERTIFICATE",
        "'fulcio':{'caData':'AA==',ANN},LOG | not PEM of type CERTIFICATE",
        "'fulcio':{'caData':'!',ANN},LOG | not base64",
        "'fulcio':{'caData':'',ANN},LOG | there is no certificate in it",
        "'fulcio':{'caPath':'DIR/root.pem','oidcIssuer':'ISSUER'},LOG | \"subjectEmail\" is missing",
        "'fulcio':{'caPath':'DIR/root.pem',EMAIL},LOG | \"oidcIssuer\" is missing",
        "'fulcio':{'caPath':'DIR/root.pem','oidcIssuer':'','subjectEmail':'a@b'},LOG | \"oidcIssuer\" is empty",
        "'fulcio':{'caPath':'DIR/root.pem',ANN,'subjectHostname':'a.b'},LOG | nothing is called \"subjectHostname\"",
        "'pki':{} | exactly one of \"caRootsPath\"",
        "'pki':{ROOTS} | \"subjectEmail\" or \"subjectHostname\"",
        "'pki':{EMAIL} | exactly one of \"caRootsPath\"",
        "'pki':{ROOTS,'subjectEmail':''} | \"subjectEmail\" is empty",
        "'pki':{ROOTS,'caRootsData':'B64(root.pem)',EMAIL} | only one of \"caRootsPath\"",
        "'pki':{ROOTS,'caIntermediatesPath':'DIR/root.pem','caIntermediatesData':'B64(root.pem)',EMAIL} | only one of \"caIntermediatesPath\"",
        "'pki':{ROOTS,EMAIL,'oidcIssuer':'ISSUER'} | nothing is called \"oidcIssuer\"",
      })
  void aRequirementThatIsNotUnderstoodIsRefused(String requirement, String why) throws Exception {
    Path policy = policy(requirement);
    assertThatThrownBy(() -> read(policy))
        .hasMessageContaining(why)
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isEqualTo(Rule.POLICY_FILE));
  }

  private static Explanation judge(String requirement, List<String> how) throws Exception {
    List<Statement> statements = List.of(signer.sign(how, IMAGE, NAME));
    return Evaluation.of(
        new Requirement.Containers(read(policy(requirement))), new Signed(statements), true);
  }

  private static ContainersPolicy read(Path file) throws Exception {
    return new ContainersReader(new GuardedFiles(GuardedFiles.Kind.POLICY)).read(file);
  }

  private static Path policy(String requirement) throws IOException {
    String identity =
        requirement.contains("signedIdentity")
            ? ""
            : ",\"signedIdentity\":{\"type\":\"matchRepository\"}";
    return Files.writeString(
        dir.resolve("policy.json"),
        "{\"default\":[{\"type\":\"sigstoreSigned\"," + filled(requirement) + identity + "}]}");
  }

  private static String filled(String requirement) throws IOException {
    String text =
        requirement
            .replace("FULCIO", "'fulcio':{'caPath':'DIR/root.pem',ANN}")
            .replace("ANN", "'oidcIssuer':'ISSUER',EMAIL")
            .replace("EMAIL", "'subjectEmail':'" + CosignSigner.EMAIL + "'")
            .replace("ISSUER", CosignSigner.ISSUER)
            .replace("ROOTS", "'caRootsPath':'DIR/root.pem'")
            .replace("KEY", "'keyPath':'DIR/key.pub'")
            .replace("LOG", "'rekorPublicKeyPath':'DIR/log.pub'")
            .replace("DIR", dir.toString())
            .replace('\'', '"');
    while (text.contains("B64(")) {
      int start = text.indexOf("B64(");
      int end = text.indexOf(')', start);
      byte[] file = Files.readAllBytes(dir.resolve(text.substring(start + 4, end)));
      text =
          text.substring(0, start)
              + Base64.getEncoder().encodeToString(file)
              + text.substring(end + 1);
    }
    return text;
  }

  /** The statements of a row, judged by the real code. */
  private static final class Signed extends NoProofs {
    private final List<Statement> statements;

    Signed(List<Statement> statements) {
      this.statements = statements;
    }

    @Override
    public ImageName name() {
      return new ImageName(NAME);
    }

    @Override
    public List<ImageOrigin> origins() {
      return List.of(
          ImageOrigin.of(
              "docker://" + NAME + ":1", new ImageName(NAME), List.of(NAME + ":1"), IMAGE));
    }

    @Override
    public List<Digest> subjects() {
      return List.of(IMAGE);
    }

    @Override
    public Instant now() {
      return CosignSigner.NOW;
    }

    @Override
    public Proven sigstore(List<PolicyKey> keys) {
      SigstoreVerifier verifier =
          new SigstoreVerifier(keys.stream().map(PolicyKey::key).toList(), null);
      List<Claim> claims = new ArrayList<>();
      for (Statement statement : statements) {
        claims.addAll(verifier.check(statement, now()).claims());
      }
      return new Proven(claims, List.of());
    }

    @Override
    public Proven cosign(CosignTrust trust) {
      CosignVerifier verifier = new CosignVerifier(trust);
      List<Claim> claims = new ArrayList<>();
      List<String> refusals = new ArrayList<>();
      for (Statement statement : statements) {
        Result result = verifier.check(statement, now());
        claims.addAll(result.claims());
        if (result instanceof Result.Refused refused) {
          refusals.add("(" + refused.rule().label() + ") " + refused.why());
        }
      }
      return new Proven(claims, refusals);
    }
  }
}
