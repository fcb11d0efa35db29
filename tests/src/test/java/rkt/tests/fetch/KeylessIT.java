package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.spec.Digest;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Running;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;
import rkt.verify.sigstore.KeylessSigner;

/**
 * Images that start because a policy names the identity that signed them, under the trusted root
 * that the administrator installed. spec/policy.md#keyless
 */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class KeylessIT {
  private static final String ISSUER = "https://token.ci.example.com";
  private static final String SUBJECT =
      "https://git.example.com/team/app/.ci/release.yml@refs/tags/v1.2";
  private static final Signer.Identity RELEASE = new Signer.Identity(ISSUER, SUBJECT);
  private static final Signer.Identity FORK =
      new Signer.Identity(ISSUER, SUBJECT.replace("/team/", "/fork/"));
  private static final Signer.Identity ELSEWHERE =
      new Signer.Identity("https://token.evil.example", SUBJECT);
  private static final String SCAN = "https://example.com/scan/v1";
  private static final String KEYLESS =
      "{\"type\":\"keyless\",\"trustedRoot\":\"trusted_root.json\",\"identities\":[{\"issuer\":\""
          + ISSUER
          + "\",\"subjectPattern\":\"https://git.example.com/team/*/.ci/release.yml@refs/tags/**\"}]";

  private final Instant signed =
      Instant.now().minus(Duration.ofMinutes(2)).truncatedTo(ChronoUnit.SECONDS);
  private Rkt rkt;
  private KeylessSigner signer;
  private Registry registry;
  private Path layout;
  private String digest;
  private Digest image;
  private int made;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    signer = new KeylessSigner(signed);
    registry = Registry.plain(rkt.home().resolve("registry"));
    layout = rkt.home().resolve("layout");
    digest = OciImage.ordinary().write(layout, "1");
    image = Digest.parse(digest);
    policy("example.com/it", KEYLESS + "}");
    policy(registry.host(), KEYLESS + ",\"signedAs\":\"same-or-unnamed\"}");
    policy(
        "example.com/scanned",
        "{\"type\":\"attestation\",\"predicateType\":\"%s\",\"by\":[%s}],\"rules\":[{\"field\":\"/critical\",\"at-most\":0}]}"
            .formatted(SCAN, KEYLESS));
    install(signer.trustedRoot());
  }

  @AfterAll
  void close() throws Exception {
    registry.close();
    rkt.close();
  }

  @AfterEach
  void installed() throws Exception {
    install(signer.trustedRoot());
  }

  private Path root() {
    return rkt.home().resolve("local/trusted_root.json");
  }

  private void install(String trustedRoot) throws Exception {
    Files.writeString(root(), trustedRoot);
  }

  private void policy(String prefix, String requirement) throws Exception {
    Path file = rkt.home().resolve("local/policy.d/" + prefix + "/policy.json");
    Files.createDirectories(file.getParent());
    Files.writeString(
        file, "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}");
  }

  /** The same configuration, and an empty store. */
  private Rkt another() {
    return rkt.withData(rkt.home().resolve("data-" + ++made));
  }

  /** A layout with the image, and beside it what {@code statements} are. */
  private Path layout(Statement... statements) throws Exception {
    Path with = rkt.home().resolve("layout-" + ++made);
    OciImage.ordinary().write(with, "1");
    Beside beside = new Beside(with, digest);
    for (Statement statement : statements) {
      switch (statement.kind()) {
        case COSIGN -> beside.tagged(".sig", statement);
        case DSSE -> beside.tagged(".att", statement);
        default -> beside.referring(statement);
      }
    }
    return with;
  }

  private Statement signature(Signer.Identity who, String name) throws Exception {
    return signer.signature(who, image, name);
  }

  /** A store with the image, which an identity that the policy names has signed. */
  private Rkt fetched(String name) throws Exception {
    Rkt store = another();
    Path with = layout(signature(RELEASE, name));
    assertThat(store.ok("fetch", "--image-name=" + name, "oci:" + with + ":1").out())
        .isEqualTo(digest + "\n");
    return store;
  }

  private void assertRuns(Rkt store) throws Exception {
    assertThat(store.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
  }

  @Test
  void anImageThatAnIdentitySignedStartsWhereThereIsNoNetworkAtAll() throws Exception {
    Rkt store = another();
    Path with = layout(signature(RELEASE, "example.com/it/app"));
    Result fetch =
        store
            .call("fetch", "--image-name=example.com/it/app", "oci:" + with + ":1")
            .under("unshare", "--net")
            .run();
    assertThat(fetch.out()).as("%s", fetch).isEqualTo(digest + "\n");
    Result run = store.call("run", "--net=none", digest).under("unshare", "--net").run();
    assertThat(run.out()).as("%s", run).isEqualTo("words:usual words\n");
    Result verify =
        store.tool("rkt-verify", "--format=json", digest).under("unshare", "--net").run();
    assertThat(verify.status()).as("%s", verify).isZero();
    assertThat(verify.out())
        .contains("\"accepted\":true,\"rule\":\"valid\"")
        .contains("\"issuer\":\"" + ISSUER + "\",\"subject\":\"" + SUBJECT + "\"")
        .contains("\"signedAt\":");
    assertThat(store.ok("trust", "policy", "check", "example.com/it/app").out())
        .contains("keyless", ISSUER + " " + SUBJECT, signed.toString());
    assertThat(store.ok("image", "verify", digest).out()).contains("intact");
    assertThat(store.ok("audit", "log", "--event=verdict", "--format=json").out().lines())
        .hasSizeGreaterThanOrEqualTo(2)
        .allSatisfy(verdict ->
            assertThat(verdict)
                .contains("\"signers\":[\"" + ISSUER + " " + SUBJECT + "\"]")
                .contains("\"signedAt\":" + signed.getEpochSecond()));
    assertThat(store.ok("audit", "log", "--event=run", "--format=json").out())
        .contains(ISSUER + " " + SUBJECT);
    assertThat(store.ok("audit", "log", "--event=verdict", "--identity=" + SUBJECT).lines())
        .hasSizeGreaterThanOrEqualTo(3)
        .allMatch(line -> line.startsWith("TIME") || line.endsWith(SUBJECT));
    assertThat(store.ok("audit", "log", "--identity=" + FORK.subject()).lines()).hasSize(1);
    store.ok("audit", "verify");
  }

  @Test
  void theRunningPodsOfAnIdentityAreFoundAndItsNextStartStops() throws Exception {
    Rkt store = fetched("example.com/it/affected");
    String[] run = {"run", "--net=none", digest, "--", "do", "echo ready; sleep 1000"};
    try (Running pod = store.pod("ready", run)) {
      String uuid = store.uuids().get(0);
      assertThat(store.ok("status", "--format=json", uuid).out())
          .contains("\"signer\":\"" + ISSUER + " " + SUBJECT + "\"");
      assertThat(store.ok("audit", "affected", "--identity=" + SUBJECT).out())
          .contains(uuid, ISSUER + " " + SUBJECT);
      assertThat(store.ok("audit", "affected", "--identity=" + FORK.subject()).out()).isEmpty();
      Path narrow = rkt.home().resolve("local/policy.d/example.com/it/affected");
      policy("example.com/it/affected", KEYLESS.replace("refs/tags/**", "refs/tags/v2.*") + "}");
      assertThat(store.refuses("trust", "run", "--net=none", digest).err())
          .contains(SUBJECT, "whom the policy does not name");
      Files.delete(narrow.resolve("policy.json"));
      assertThat(pod.isAlive()).isTrue();
      store.ok("stop", "--force", uuid);
      pod.await();
    }
    assertRuns(store);
    store.assertNothingIsLeftAfterGc();
  }

  @Test
  void aTrustedRootThatIsTakenAwayOrVouchesNoMoreStopsTheNextStart() throws Exception {
    Rkt store = fetched("example.com/it/rooted");
    Files.delete(root());
    assertThat(store.refuses("trust", "run", "--net=none", digest).err())
        .contains(root().toString());
    for (String other :
        new String[] {
          new KeylessSigner(signed).trustedRoot(), // of another instance
          signer.trustedRoot(signed.minusSeconds(60)), // it ended before
          "{}",
        }) {
      install(other);
      store.refuses("trust", "run", "--net=none", digest);
      Result verify = store.tool("rkt-verify", digest).run();
      assertThat(verify.status()).as("%s", verify).isNotZero();
      assertThat(verify.out()).isEmpty();
    }
    // What ended later had vouched for it while it was believed.
    install(signer.trustedRoot(signed.plusSeconds(60)));
    assertRuns(store);
  }

  private void refused(String why, Statement... statements) throws Exception {
    Result result =
        Tools.refuses(
            another(),
            "trust",
            "fetch",
            "--image-name=example.com/it/refused",
            "oci:" + layout(statements) + ":1");
    assertThat(result.err()).contains(why);
  }

  @Test
  void whatAnotherSignedOrWasMadeForSomethingElseLetsNoImageIn() throws Exception {
    String name = "example.com/it/refused";
    refused("it has no such signature");
    refused("whom the policy does not name", signature(FORK, name));
    refused("whom the policy does not name", signature(ELSEWHERE, name));
    refused("was made for", signature(RELEASE, "example.com/it/other"));
    Digest other = Digest.sha256(new byte[] {1});
    refused("another image", signer.signature(RELEASE, other, name));
    refused("log-mismatch", signer.signatureRecordedAs(other, RELEASE, image, name));
    refused("(log)", new KeylessSigner(signed).signature(RELEASE, image, name));
    refused("another image", signer.bundle(RELEASE, other, name));
    // An attestation says something about an image, and not that it may run.
    refused("it has no such signature", signer.attestation(RELEASE, image, name, SCAN, "{}"));
    install(signer.trustedRoot(signed.minusSeconds(60)));
    refused("(timestamp)", signature(RELEASE, name));
    Files.delete(root());
    refused(root().toString(), signature(RELEASE, name));
  }

  @Test
  void signaturesUnderTheTagOfARegistryGoAlongToArchivesAndOtherPlaces() throws Exception {
    String name = registry.host() + "/tag/app";
    registry.push(layout, "1", "tag/app:1");
    new Beside(layout, digest).pushTagged(registry, "tag/app", ".sig", signature(RELEASE, name));
    goesAlong("tag");
  }

  @Test
  void bundlesThatReferToAnImageInARegistryGoAlongToo() throws Exception {
    registry.push(layout, "1", "bundle/app:1");
    new Beside(layout, digest)
        .pushReferring(registry, "bundle/app", signer.bundle(RELEASE, image, ""));
    goesAlong("bundle");
  }

  @Test
  void asManyWitnessesMustVouchAsThePolicyAsksFor() throws Exception {
    String name = "example.com/it/witnessed";
    policy(name, KEYLESS + ",\"witnesses\":{\"times\":2}}");
    Rkt store = fetched(name); // by a log and a timestamp authority
    assertRuns(store);
    policy(name, KEYLESS + ",\"witnesses\":{\"logs\":2}}");
    assertThat(store.refuses("trust", "run", "--net=none", digest).err())
        .contains("recorded by too few logs of the trusted root: 1");
    policy(name, KEYLESS + ",\"witnesses\":{\"logs\":0}}");
    store.refuses("trust", "run", "--net=none", digest);
    Statement twice = signer.bundle(RELEASE, image, name, 2);
    policy(name, KEYLESS + ",\"witnesses\":{\"logs\":2,\"certificateLogs\":1,\"times\":3}}");
    another().ok("fetch", "--image-name=" + name, "oci:" + layout(twice) + ":1");
  }

  /** To an archive, back, to a fresh repository of that name and out of it. */
  private void goesAlong(String repository) throws Exception {
    String name = registry.host() + "/" + repository + "/app";
    Rkt first = another();
    String[] fetch = {"--insecure-options=http", "fetch", "--quiet", "docker://" + name + ":1"};
    assertThat(first.ok(fetch).out()).isEqualTo(digest + "\n");
    assertRuns(first);
    Path archive = rkt.home().resolve(repository + ".tar");
    first.ok("image", "export", "--format=oci-archive", digest, archive.toString());
    Rkt second = another();
    second.ok("image", "import", "--image-name=" + name, archive.toString());
    assertRuns(second);
    Result verify = second.tool("rkt-verify", digest).run();
    assertThat(verify.out()).as("%s", verify).isEqualTo(digest + "\n");
    try (Registry fresh = Registry.plain(rkt.home().resolve("registry-" + ++made))) {
      String[] push = {
        "--insecure-options=http", "image", "push", digest, "docker://" + fresh.host() + "/x:1"
      };
      second.ok(push);
      policy(
          fresh.host(),
          KEYLESS
              + ",\"signedAs\":"
              + (repository.equals("tag") ? "{\"name\":\"" + name + "\"}" : "\"same-or-unnamed\"")
              + "}");
      Rkt third = another();
      String copy = "docker://" + fresh.host() + "/x:1";
      third.ok("--insecure-options=http", "fetch", copy);
      assertRuns(third);
    }
  }

  @Test
  void anAttestationByAnIdentityIsAskedForByTypeAndContent() throws Exception {
    String name = "example.com/scanned/app";
    for (Statement clean :
        new Statement[] {
          signer.attestation(RELEASE, image, name, SCAN, "{\"critical\":0}"),
          signer.bundle(RELEASE, image, name, SCAN, "{\"critical\":0}"),
        }) {
      Rkt store = another();
      store.ok("fetch", "--image-name=" + name, "oci:" + layout(clean) + ":1");
      assertRuns(store);
      assertThat(store.ok("audit", "log", "--event=verdict", "--format=json").out())
          .contains("\"signers\":[\"" + ISSUER + " " + SUBJECT + "\"]");
      Files.delete(root());
      store.refuses("trust", "run", "--net=none", digest);
      install(signer.trustedRoot());
    }
    for (Statement bad :
        new Statement[] {
          signer.attestation(RELEASE, image, name, SCAN, "{\"critical\":1}"),
          signer.attestation(FORK, image, name, SCAN, "{\"critical\":0}"),
          signer.bundle(RELEASE, image, name, SCAN + "2", "{\"critical\":0}"),
          signature(RELEASE, name),
        }) {
      Tools.refuses(
          another(), "trust", "fetch", "--image-name=" + name, "oci:" + layout(bad) + ":1");
    }
  }
}
