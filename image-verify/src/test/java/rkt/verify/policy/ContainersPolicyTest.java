package rkt.verify.policy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Signature;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;
import rkt.spec.ImageName;
import rkt.verify.Gpg;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Statement;
import rkt.verify.openpgp.KeyFacts;
import rkt.verify.openpgp.Rule;
import rkt.verify.openpgp.SimpleSigning;
import rkt.verify.openpgp.TrustException;
import rkt.verify.sigstore.CosignTrust;
import rkt.verify.sigstore.CosignVerifier;
import rkt.verify.sigstore.SigstoreVerifier;
import rkt.verify.trust.GuardedFiles;

/**
 * The verdicts of {@code policy.json}: what its documentation says, what the real skopeo does, and
 * what we make of it are the same.
 */
class ContainersPolicyTest {
  private static final byte[] CONFIG = "{}".getBytes(UTF_8);

  @TempDir static Path dir;
  private static Gpg gpg;
  private static String alice;
  private static KeyPair pair;
  private static HttpsServer server;
  private static String host;
  private static byte[] manifest;
  private static Digest image;
  private static final Map<String, byte[]> SERVED = new HashMap<>();

  @BeforeAll
  static void publish() throws Exception {
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    gpg = new Gpg().at("2025-01-01 00:00:00");
    alice = gpg.key("Alice <alice@example.com>", "rsa2048", "sign", "never");
    String mallory = gpg.key("Mallory <mallory@example.org>", "rsa2048", "sign", "never");
    Files.write(dir.resolve("alice.gpg"), gpg.run("--export", alice));
    Files.write(dir.resolve("mallory.gpg"), gpg.export(mallory));
    Files.write(dir.resolve("both.gpg"), gpg.run("--export", mallory, alice));
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    pair = generator.generateKeyPair();
    Files.write(dir.resolve("key.pub"), pem(pair));
    Files.write(dir.resolve("other.pub"), pem(generator.generateKeyPair()));

    manifest =
        ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                + "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
                + descriptor(CONFIG)
                + "},\"layers\":[]}")
            .getBytes(UTF_8);
    image = Digest.sha256(manifest);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls()));
    server.createContext("/", ContainersPolicyTest::answer);
    server.start();
    host = "127.0.0.1:" + server.getAddress().getPort();
    Files.createDirectories(dir.resolve("registries.d"));
    Files.writeString(
        dir.resolve("registries.d/test.yaml"),
        "default-docker:\n  lookaside: file://"
            + dir
            + "/lookaside\n  sigstore: file://"
            + dir
            + "/lookaside\n  use-sigstore-attachments: true\n");
    SERVED.put("/v2/", new byte[0]);
    SERVED.put("/v2/ns/app/blobs/" + Digest.sha256(CONFIG), CONFIG);
    for (String reference : List.of("1", "2", image.toString())) {
      SERVED.put("/v2/ns/app/manifests/" + reference, manifest);
    }
  }

  @AfterAll
  static void end() throws Exception {
    server.stop(0);
    gpg.close();
  }

  /** A certificate that nobody vouches for: skopeo is told not to ask. */
  private static SSLContext tls() throws Exception {
    Path key = dir.resolve("tls.key");
    Path certificate = dir.resolve("tls.crt");
    Path store = dir.resolve("tls.p12");
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=127.0.0.1",
        "-days",
        "9999",
        "-keyout",
        key.toString(),
        "-out",
        certificate.toString());
    openssl(
        "pkcs12",
        "-export",
        "-passout",
        "pass:test",
        "-inkey",
        key.toString(),
        "-in",
        certificate.toString(),
        "-out",
        store.toString());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "test".toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "test".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  private static void openssl(String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(words));
    Path log = dir.resolve("openssl.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor()).as(Files.readString(log)).isZero();
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = SERVED.get(exchange.getRequestURI().getPath());
      if (body == null) {
        byte[] unknown =
            "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"unknown\"}]}"
                .getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(404, unknown.length);
        exchange.getResponseBody().write(unknown);
        return;
      }
      exchange
          .getResponseHeaders()
          .set("Content-Type", "application/vnd.oci.image.manifest.v1+json");
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(200, head || body.length == 0 ? -1 : body.length);
      if (!head && body.length > 0) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  private static byte[] pem(KeyPair keys) {
    String base64 =
        Base64.getMimeEncoder(64, new byte[] {10}).encodeToString(keys.getPublic().getEncoded());
    return ("-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n")
        .getBytes(UTF_8);
  }

  private static String descriptor(byte[] bytes) {
    return "\"digest\":\"" + Digest.sha256(bytes) + "\",\"size\":" + bytes.length;
  }

  /** Puts the signatures of a row where skopeo looks for them, and gives them as statements. */
  private static List<Statement> sign(String simple, String cosign) throws Exception {
    List<Statement> statements = new ArrayList<>();
    Path lookaside = dir.resolve("lookaside/" + "ns/app@" + image.toString().replace(':', '='));
    Files.createDirectories(lookaside);
    Files.deleteIfExists(lookaside.resolve("signature-1"));
    if (!simple.isEmpty()) {
      byte[] payload = payload("atomic container signature", simple);
      byte[] signature = gpg.run(payload, "--local-user", alice, "--sign");
      Files.write(lookaside.resolve("signature-1"), signature);
      statements.add(new Statement(Statement.Kind.OPENPGP_MESSAGE, signature, Map.of()));
    }
    String tag = "/v2/ns/app/manifests/" + image.toString().replace(':', '-') + ".sig";
    SERVED.remove(tag);
    if (!cosign.isEmpty()) {
      byte[] payload = payload("cosign container image signature", cosign);
      Signature signer = Signature.getInstance("SHA256withECDSA");
      signer.initSign(pair.getPrivate());
      signer.update(payload);
      Map<String, String> annotations =
          Map.of(
              "dev.cosignproject.cosign/signature",
              Base64.getEncoder().encodeToString(signer.sign()));
      SERVED.put("/v2/ns/app/blobs/" + Digest.sha256(payload), payload);
      SERVED.put(
          tag,
          ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                  + "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
                  + descriptor(CONFIG)
                  + "},\"layers\":[{\"mediaType\":\""
                  + Statement.Kind.COSIGN.mediaType()
                  + "\","
                  + descriptor(payload)
                  + ",\"annotations\":{\"dev.cosignproject.cosign/signature\":\""
                  + annotations.values().iterator().next()
                  + "\"}}]}")
              .getBytes(UTF_8));
      statements.add(new Statement(Statement.Kind.COSIGN, payload, annotations));
    }
    return statements;
  }

  private static byte[] payload(String type, String reference) {
    return ("{\"critical\":{\"identity\":{\"docker-reference\":\""
            + reference
            + "\"},\"image\":{\"docker-manifest-digest\":\""
            + image
            + "\"},\"type\":\""
            + type
            + "\"},\"optional\":{}}")
        .getBytes(UTF_8);
  }

  private static Path policy(String document) throws IOException {
    return Files.writeString(dir.resolve("policy.json"), document);
  }

  private static ContainersPolicy read(Path file) throws Exception {
    return new ContainersReader(new GuardedFiles(GuardedFiles.Kind.POLICY)).read(file);
  }

  private static boolean ours(Path policy, ImageOrigin origin, List<Statement> statements)
      throws Exception {
    return ours(policy, List.of(origin), statements);
  }

  private static boolean ours(Path policy, List<ImageOrigin> origin, List<Statement> statements)
      throws Exception {
    Requirement requirement = new Requirement.Containers(read(policy));
    Proofs proofs = new Signed(origin, statements);
    Explanation explanation = Evaluation.of(requirement, proofs, true);
    assertThat(Evaluation.of(requirement, proofs, false).met()).isEqualTo(explanation.met());
    return explanation.met();
  }

  /** The statements of a row, judged by the real code. */
  private static final class Signed extends NoProofs {
    private final List<ImageOrigin> origins;
    private final List<Statement> statements;

    Signed(List<ImageOrigin> origins, List<Statement> statements) {
      this.origins = origins;
      this.statements = statements;
    }

    @Override
    public List<ImageOrigin> origins() {
      return origins;
    }

    @Override
    public ImageName name() {
      return new ImageName(host + "/ns/app");
    }

    @Override
    public List<Digest> subjects() {
      return List.of(image);
    }

    @Override
    public boolean isListedBy(Digest index) {
      return true;
    }

    @Override
    public Instant now() {
      return Instant.parse("2026-01-01T00:00:00Z");
    }

    @Override
    public Proven simpleSigning(List<KeyFacts> certificates) {
      List<Claim> claims = new ArrayList<>();
      for (Statement statement : statements) {
        if (statement.kind() == Statement.Kind.OPENPGP_MESSAGE) {
          SimpleSigning.check(statement, certificates, now()).claim().ifPresent(claims::add);
        }
      }
      return new Proven(claims, List.of());
    }

    @Override
    public Proven sigstore(List<PolicyKey> keys) {
      SigstoreVerifier verifier =
          new SigstoreVerifier(keys.stream().map(PolicyKey::key).toList(), null);
      List<Claim> claims = new ArrayList<>();
      for (Statement statement : statements) {
        if (statement.kind() == Statement.Kind.COSIGN) {
          claims.addAll(verifier.check(statement, now()).claims());
        }
      }
      return new Proven(claims, List.of());
    }

    @Override
    public Proven cosign(CosignTrust trust) {
      CosignVerifier verifier = new CosignVerifier(trust);
      List<Claim> claims = new ArrayList<>();
      for (Statement statement : statements) {
        claims.addAll(verifier.check(statement, now()).claims());
      }
      return new Proven(claims, List.of());
    }
  }

  private static boolean skopeo(Path policy, String reference) throws Exception {
    Path out = Files.createTempDirectory(dir, "copy");
    Path log = out.resolve("log");
    Process process =
        new ProcessBuilder(
                "skopeo",
                "--policy=" + policy,
                "--registries.d=" + dir.resolve("registries.d"),
                "copy",
                "--src-tls-verify=false",
                "--remove-signatures",
                "docker://" + reference,
                "dir:" + out.resolve("image"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String said = Files.readString(log);
    if (process.exitValue() != 0) {
      // Refused for what the policy says, and not because the image could not be had.
      assertThat(said).containsAnyOf("Source image rejected", "is rejected by policy");
    }
    return process.exitValue() == 0;
  }

  private static String filled(String text) {
    return text.replace("HOST", host)
        .replace("DIR", dir.toString())
        .replace("SHA", image.toString())
        .replace('\'', '"')
        .replace(
            "ALICE",
            "\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"" + dir + "/alice.gpg\"")
        .replace("COSIGN", "\"type\":\"sigstoreSigned\",\"keyPath\":\"" + dir + "/key.pub\"")
        .replace("ANY", "{\"type\":\"insecureAcceptAnything\"}")
        .replace("NO", "{\"type\":\"reject\"}");
  }

  /** A policy for the image; the reference; what simple signing and cosign signed; the verdict. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // default, transports and scopes: the most specific alone decides
        "{'default':[ANY]} | HOST/ns/app:1 | `` | `` | true",
        "{'default':[NO]} | HOST/ns/app:1 | `` | `` | false",
        "{'default':[ANY,NO]} | HOST/ns/app:1 | `` | `` | false",
        "{'default':[NO],'transports':{'docker':{'':[ANY]}}} | HOST/ns/app:1 | `` | `` | true",
        "{'default':[NO],'transports':{'dir':{'':[ANY]}}} | HOST/ns/app:1 | `` | `` | false",
        "{'default':[NO],'transports':{'docker':{'HOST':[ANY]}}} | HOST/ns/app:1 | `` | `` | true",
        "{'default':[NO],'transports':{'docker':{'HOST/ns':[ANY]}}} | HOST/ns/app:1 | `` | `` | true",
        "{'default':[NO],'transports':{'docker':{'HOST/n':[ANY]}}} | HOST/ns/app:1 | `` | `` | false",
        "{'default':[NO],'transports':{'docker':{'HOST/ns/app':[ANY],'HOST/ns':[NO]}}} | HOST/ns/app:1 | `` | `` | true",
        "{'default':[ANY],'transports':{'docker':{'HOST/ns/app:1':[NO],'HOST/ns/app':[ANY]}}} | HOST/ns/app:1 | `` | `` | false",
        "{'default':[ANY],'transports':{'docker':{'HOST/ns/app:1':[NO],'HOST/ns/app':[ANY]}}} | HOST/ns/app:2 | `` | `` | true",
        "{'default':[ANY],'transports':{'docker':{'HOST/ns/app@SHA':[NO]}}} | HOST/ns/app@SHA | `` | `` | false",
        "{'default':[NO],'transports':{'docker':{'*.0.1':[ANY]}}} | HOST/ns/app:1 | `` | `` | true",
        "{'default':[NO],'transports':{'docker':{'*.0.0.1':[ANY],'*.1':[NO]}}} | HOST/ns/app:1 | `` | `` | true",
        "{'default':[NO],'transports':{'docker':{'*.example.com':[ANY]}}} | HOST/ns/app:1 | `` | `` | false",
        // signedBy
        "{'default':[{ALICE}]} | HOST/ns/app:1 | `` | `` | false",
        "{'default':[{ALICE}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | true",
        "{'default':[{ALICE}]} | HOST/ns/app:2 | HOST/ns/app:1 | `` | false",
        "{'default':[{ALICE}]} | HOST/ns/app@SHA | HOST/ns/app:1 | `` | true",
        "{'default':[{ALICE}]} | HOST/ns/app@SHA | HOST/ns/other:1 | `` | false",
        "{'default':[{ALICE},NO]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | false",
        "{'default':[{ALICE},ANY]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | true",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'DIR/mallory.gpg'}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | false",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'DIR/both.gpg'}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | true",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPaths':['DIR/mallory.gpg','DIR/alice.gpg']}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | true",
        // signedIdentity
        "{'default':[{ALICE,'signedIdentity':{'type':'matchExact'}}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | true",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchExact'}}]} | HOST/ns/app:2 | HOST/ns/app:1 | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchExact'}}]} | HOST/ns/app@SHA | HOST/ns/app:1 | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchExact'}}]} | HOST/ns/app:1 | HOST/ns/app | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchRepoDigestOrExact'}}]} | HOST/ns/app:1 | HOST/ns/app | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchRepoDigestOrExact'}}]} | HOST/ns/app@SHA | HOST/ns/app | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:2 | HOST/ns/app:1 | `` | true",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:2 | HOST/ns/app2:1 | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'exactReference','dockerReference':'vendor.example/x:3'}}]} | HOST/ns/app:1 | vendor.example/x:3 | `` | true",
        "{'default':[{ALICE,'signedIdentity':{'type':'exactReference','dockerReference':'vendor.example/x:3'}}]} | HOST/ns/app:1 | vendor.example/x:4 | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'exactRepository','dockerRepository':'vendor.example/x'}}]} | HOST/ns/app:1 | vendor.example/x:4 | `` | true",
        "{'default':[{ALICE,'signedIdentity':{'type':'exactRepository','dockerRepository':'vendor.example/x'}}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'exactRepository','dockerRepository':'busybox'}}]} | HOST/ns/app:1 | docker.io/library/busybox:1 | `` | true",
        "{'default':[{ALICE,'signedIdentity':{'type':'remapIdentity','prefix':'HOST/ns','signedPrefix':'vendor.example'}}]} | HOST/ns/app:1 | vendor.example/app:1 | `` | true",
        "{'default':[{ALICE,'signedIdentity':{'type':'remapIdentity','prefix':'HOST/ns','signedPrefix':'vendor.example'}}]} | HOST/ns/app:1 | vendor.example/app:2 | `` | false",
        "{'default':[{ALICE,'signedIdentity':{'type':'remapIdentity','prefix':'HOST/n','signedPrefix':'vendor.example'}}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | true",
        "{'default':[{ALICE,'signedIdentity':{'type':'remapIdentity','prefix':'HOST','signedPrefix':'vendor.example'}}]} | HOST/ns/app@SHA | vendor.example/ns/app:9 | `` | true",
        // sigstoreSigned
        "{'default':[{COSIGN}]} | HOST/ns/app:1 | `` | `` | false",
        "{'default':[{COSIGN}]} | HOST/ns/app:1 | `` | HOST/ns/app | false",
        "{'default':[{COSIGN}]} | HOST/ns/app:1 | `` | HOST/ns/app:1 | true",
        "{'default':[{COSIGN,'signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:1 | `` | HOST/ns/app | true",
        "{'default':[{COSIGN,'signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:1 | `` | HOST/ns/other | false",
        "{'default':[{COSIGN,'signedIdentity':{'type':'exactRepository','dockerRepository':'HOST/ns/other'}}]} | HOST/ns/app:1 | `` | HOST/ns/other | true",
        "{'default':[{COSIGN,'signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | false",
        "{'default':[{'type':'sigstoreSigned','keyPath':'DIR/other.pub','signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:1 | `` | HOST/ns/app | false",
        "{'default':[{ALICE},{COSIGN,'signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:1 | HOST/ns/app:1 | HOST/ns/app | true",
        "{'default':[{ALICE},{COSIGN,'signedIdentity':{'type':'matchRepository'}}]} | HOST/ns/app:1 | HOST/ns/app:1 | `` | false",
      })
  void theVerdictIsThatOfItsDocumentationAndOfSkopeo(
      String document, String reference, String simple, String cosign, boolean accepted)
      throws Exception {
    Path policy = policy(filled(document));
    String asked = filled(reference);
    List<Statement> statements = sign(filled(simple), filled(cosign));
    ImageOrigin origin =
        ImageOrigin.of("docker://" + asked, new ImageName(host + "/ns/app"), List.of(asked), image);

    assertThat(ours(policy, origin, statements)).as("rkt").isEqualTo(accepted);
    // Debian builds skopeo without sigstore: of those rows the documentation alone is the measure.
    if (!document.contains("COSIGN") && !document.contains("sigstoreSigned")) {
      assertThat(skopeo(policy, asked)).as("skopeo").isEqualTo(accepted);
    }
  }

  @Test
  void anImageUnderSeveralTagsMustBeAcceptedUnderEach() throws Exception {
    Path policy = policy(filled("{'default':[{ALICE}]}"));
    List<Statement> statements = sign(host + "/ns/app:1", "");
    ImageName name = new ImageName(host + "/ns/app");
    String source = "docker://" + host + "/ns/app:1";
    List<String> both = List.of(host + "/ns/app:1", host + "/ns/app:2");
    assertThat(ours(policy, ImageOrigin.of(source, name, both, image), statements)).isFalse();
    // A reference that is not of its own repository says nothing.
    List<String> other = List.of(host + "/ns/app:1", host + "/ns/copy:2");
    assertThat(ours(policy, ImageOrigin.of(source, name, other, image), statements)).isTrue();
    // No tag leads to it any more: it is what it was asked for by digest.
    assertThat(ours(policy, ImageOrigin.of(source, name, List.of(), image), statements)).isTrue();
    assertThat(ours(policy, ImageOrigin.of(source, name, List.of(), image), List.of())).isFalse();
  }

  @Test
  void anImageFromSeveralPlacesMustBeAcceptedAsOneFromEach() throws Exception {
    Path policy =
        policy(filled("{'default':[NO],'transports':{'docker':{'':[{ALICE}]},'oci':{'':[ANY]}}}"));
    ImageName name = new ImageName(host + "/ns/app");
    List<String> references = List.of(name + ":1");
    ImageOrigin registry = ImageOrigin.of("docker://" + name + ":1", name, references, image);
    ImageOrigin layout = ImageOrigin.of("oci:/srv/app:1", name, references, image);
    ImageOrigin archive = ImageOrigin.of("oci-archive:/srv/app.tar", name, references, image);
    List<Statement> statements = sign(name + ":1", "");
    assertThat(ours(policy, layout, List.of())).isTrue();
    assertThat(ours(policy, List.of(registry, layout), statements)).isTrue();
    assertThat(ours(policy, List.of(registry, layout), List.of())).isFalse();
    assertThat(ours(policy, List.of(layout, registry), List.of())).isFalse();
    assertThat(ours(policy, List.of(registry, archive), statements)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "oci:/srv/images/app:1 | /srv/images/app:1 | true",
        "oci:/srv/images/app:1 | /srv/images/app | true",
        "oci:/srv/images/app:1 | /srv | true",
        "oci:/srv/images/app:1 | /srv/image | false",
        "dir:/srv/images/app | /srv/images | true",
        "oci-archive:/srv/app.tar:1 | /srv/app.tar | true",
        "/srv/app.aci | /srv | false",
        "https://example.com/app.aci | example.com | false",
      })
  void aTransportOfFilesHasThePathsAboveAsScopes(String source, String scope, boolean covered)
      throws Exception {
    String transport = source.substring(0, Math.max(source.indexOf(':'), 1));
    Path policy =
        policy(
            filled("{'default':[NO],'transports':{'" + transport + "':{'" + scope + "':[ANY]}}}"));
    ImageOrigin origin =
        ImageOrigin.of(source, new ImageName("localhost/unnamed"), List.of(), image);
    assertThat(ours(policy, origin, List.of())).isEqualTo(covered);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{'default':[]}",
        "{'default':null}",
        "{'default':[ANY],'transport':{}}",
        "{'default':[ANY],'default':[NO]}",
        "{'default':[{'type':'accept'}]}",
        "{'default':[{'type':'reject','x':1}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys'}]}",
        "{'default':[{'type':'signedBy','keyType':'X509','keyPath':'DIR/alice.gpg'}]}",
        "{'default':[{ALICE,'keyData':'AA=='}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyData':'!'}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPaths':[]}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'DIR/absent.gpg'}]}",
        "{'default':[{'type':'signedBy','keyType':'GPGKeys','keyPath':'alice.gpg'}]}",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchAny'}}]}",
        "{'default':[{ALICE,'signedIdentity':{'type':'matchExact','x':1}}]}",
        "{'default':[{ALICE,'signedIdentity':{'type':'exactReference','dockerReference':'a.b/c'}}]}",
        "{'default':[{ALICE,'signedIdentity':{'type':'exactRepository'}}]}",
        "{'default':[{'type':'sigstoreSigned','keyPath':'DIR/alice.gpg'}]}",
        "{'default':[{'type':'sigstoreSigned'}]}",
        "{'default':[ANY],'transports':{'docker':{'':[]}}}",
        "{'default':[ANY],'transports':{'dir':{'relative':[ANY]}}}",
        "{'default':[ANY],'transports':{'dir':{'/':[ANY]}}}",
      })
  void aFileThatIsNotUnderstoodIsRefused(String document) throws Exception {
    Path policy = policy(filled(document));
    assertThatThrownBy(() -> read(policy))
        .isInstanceOfSatisfying(
            TrustException.class, e -> assertThat(e.rule()).isIn(Rule.POLICY_FILE, Rule.MALFORMED));
  }
}
