package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Call;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** What rkt signs, before gpg, gpgv, skopeo and rkt itself. spec/signing.md */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class SigningIT {
  /** Signed, and scanned without findings; takes the name of a key pair. */
  private static final String POLICY =
      """
      {"rktKind": "policy", "rktVersion": "v1", "require": {"type": "all-of", "of": [
        {"type": "cosign", "keys": [{"file": "%1$s.pub"}], "maxAge": "1h"},
        {"type": "attestation", "predicateType": "https://example.com/scan/v1",
         "by": [{"type": "cosign", "keys": [{"file": "%1$s.pub"}]}],
         "rules": [{"field": "/critical", "at-most": 0}]}]}}
      """;

  private Rkt rkt;
  private Gpg gpg;
  private Path home;
  private Path publicKey;
  private String fingerprint;
  private Path passphrase;
  private Path cosign;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    home = rkt.home();
    gpg = new Gpg(home.resolve("gnupg"));
    publicKey = gpg.key("it@example.com");
    fingerprint = gpg.fingerprint("it@example.com");
    passphrase = secret("passphrase", "correct horse\n");
    cosign = home.resolve("cosign");
    String made =
        rkt.ok("image", "generate-key", "--passphrase-file=" + passphrase, cosign.toString()).out();
    assertThat(made).matches("[0-9a-f]{64}\n");
  }

  @AfterAll
  void close() throws Exception {
    gpg.close();
    rkt.close();
  }

  private Path secret(String name, String text) throws Exception {
    Path file = Files.writeString(home.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private Path secretKey(String name) throws Exception {
    Path key = home.resolve(name);
    gpg.run("--output", key.toString(), "--export-secret-keys", "it@example.com");
    return Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
  }

  private Result withGpg(String... words) throws Exception {
    Result result = rkt.call(words).env("GNUPGHOME", home.resolve("gnupg").toString()).run();
    assertThat(result.status()).as("%s", result).isZero();
    return result;
  }

  /** A fresh image in the store, which nobody has signed. */
  private String image(String name) throws Exception {
    Path layout = home.resolve("layout-" + name);
    // A label of its own: what is signed of one test's image is beside no other's.
    String digest =
        OciImage.ordinary().set("Labels", "{\"name\":\"" + name + "\"}").write(layout, "1");
    rkt.ok(
        "--insecure-options=image",
        "fetch",
        "--image-name=example.com/it/" + name,
        "oci:" + layout + ":1");
    return digest;
  }

  private Path manifest(String digest) {
    return rkt.data().resolve("store/blobs/sha256/" + digest.substring("sha256:".length()));
  }

  @Test
  void anAciThatAKeyFileSignedIsGoodForGpgAndIsFetched() throws Exception {
    Path key = secretKey("it.key");
    Path rootfs = Files.createDirectories(home.resolve("rootfs/etc"));
    Path manifest = home.resolve("manifest");
    Files.writeString(
        manifest,
        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/it/aci\"}");
    Path aci = home.resolve("signed.aci");
    String id =
        rkt.ok(
                "image",
                "build",
                "--rootfs=" + rootfs.getParent(),
                "--manifest=" + manifest,
                aci + "")
            .out();
    String[] sign = {"image", "sign", "--openpgp-key=" + key, aci.toString()};
    assertThat(rkt.ok(sign).out()).isEqualTo(aci + ".asc\n");
    gpg.run("--verify", aci + ".asc", aci.toString());
    rkt.refuses("usage", sign);
    withGpg("image", "sign", "--gpg-key=" + fingerprint, "--overwrite", aci.toString());
    gpg.run("--verify", aci + ".asc", aci.toString());
    rkt.ok("trust", "--prefix=example.com/it/aci", publicKey.toString());
    assertThat(rkt.ok("fetch", aci.toString()).out()).isEqualTo(id);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
    rkt.refuses("usage", "image", "sign", "--overwrite", "--openpgp-key=" + key, aci.toString());
  }

  @Test
  void anImageThatNobodySignedRunsOnceItIsSignedHere() throws Exception {
    String digest = image("detached");
    rkt.ok("trust", "--prefix=example.com/it/detached", publicKey.toString());
    rkt.refuses("trust", "run", "--net=none", digest);
    withGpg("image", "sign", "--gpg-key=it@example.com", digest);
    assertThat(rkt.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    // A second signature, by somebody whom nobody trusts, does not push the first one out.
    gpg.key("other@example.com");
    withGpg("image", "sign", "--gpg-key=other@example.com", digest);
    assertThat(rkt.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    assertThat(rkt.ok("image", "verify", digest).out()).contains("intact");
    assertThat(rkt.ok("audit", "log", "--event=sign", "--format=json").out())
        .contains("\"form\":\"openpgp\",\"image\":\"" + digest + "\"");
  }

  @Test
  void skopeoVerifiesSimpleSigningAndAPolicyIsMetByIt() throws Exception {
    String digest = image("simple");
    Path key = secretKey("simple.key");
    rkt.ok("trust", "--prefix=example.com/it/simple", publicKey.toString());
    Path policy = home.resolve("local/policy.d/example.com/it/simple/policy.json");
    Files.createDirectories(policy.getParent());
    Files.writeString(
        policy,
        """
        {"rktKind": "policy", "rktVersion": "v1",
         "require": {"type": "openpgp", "maxAge": "1h"}}
        """);
    rkt.refuses("trust", "run", "--net=none", digest);
    for (String option : List.of("--gpg-key=it@example.com", "--openpgp-key=" + key)) {
      Path signature = home.resolve("simple.sig" + option.length());
      withGpg(
          "image",
          "sign",
          option,
          "--simple",
          "--identity=example.com/it/simple:1",
          "--output=" + signature,
          digest);
      Result verified =
          new Call(
                  List.of(
                      "skopeo",
                      "standalone-verify",
                      manifest(digest).toString(),
                      "example.com/it/simple:1",
                      fingerprint,
                      signature.toString()))
              .env("GNUPGHOME", home.resolve("gnupg").toString())
              .run();
      assertThat(verified.status()).as("%s", verified).isZero();
      assertThat(verified.out()).contains("Signature verified, digest " + digest);
    }
    assertThat(rkt.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
  }

  @Test
  void aSecretIsInNoErrorAndNoLogAndAWrongOneChangesNothing() throws Exception {
    String digest = image("cosign");
    String key = "--key=" + cosign + ".key";
    Path wrong = secret("wrong", "battery staple\n");
    Result refused =
        rkt.refuses("usage", "image", "sign", key, "--passphrase-file=" + wrong, digest);
    assertThat(refused.err()).doesNotContain("battery", "BEGIN");
    rkt.refuses("usage", "image", "sign", key, digest);
    rkt.refuses("usage", "image", "sign", digest);
    rkt.refuses("usage", "image", "sign", key, "--gpg-key=x", digest);
    rkt.refuses(
        "usage", "image", "generate-key", "--passphrase-file=" + passphrase, cosign.toString());
    rkt.ok("image", "sign", key, "--passphrase-file=" + passphrase, digest);
    Result predicate =
        rkt.call(
                "image",
                "attest",
                key,
                "--passphrase-file=" + passphrase,
                "--type=slsaprovenance1",
                "--predicate=-",
                digest)
            .stdin("{\"buildDefinition\":{}}".getBytes(UTF_8))
            .run();
    assertThat(predicate.status()).as("%s", predicate).isZero();
    String index = Files.readString(rkt.data().resolve("store/index.json"));
    assertThat(index)
        .contains("application/vnd.dev.cosign.artifact.sig.v1+json")
        .contains("application/vnd.dev.cosign.artifact.att.v1+json");
    assertThat(rkt.ok("audit", "log", "--format=json").out())
        .contains("\"form\":\"cosign\",\"image\":\"" + digest + "\"")
        .contains("\"predicateType\":\"https://slsa.dev/provenance/v1\"")
        .doesNotContain("correct horse");
    rkt.ok("audit", "verify");
  }

  @Test
  void aPolicyIsMetByWhatIsSignedAndAttestedHereForThisNameOnly() throws Exception {
    String digest = image("policy");
    Path policy = home.resolve("local/policy.d/example.com/it/policy/policy.json");
    Files.createDirectories(policy.getParent());
    Files.writeString(policy, POLICY.formatted(cosign));
    rkt.refuses("trust", "run", "--net=none", digest);
    sign("--identity=example.com/it/other", digest);
    attest("{\"critical\":0}", digest);
    rkt.refuses("trust", "run", "--net=none", digest);
    sign("--identity=example.com/it/policy:1", digest);
    assertThat(rkt.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    String other = image("policy/below");
    sign("--identity=example.com/it/policy/below", other);
    attest("{\"critical\":1}", other);
    rkt.refuses("trust", "run", "--net=none", other);
  }

  private void sign(String option, String digest) throws Exception {
    rkt.ok(
        "image",
        "sign",
        "--key=" + cosign + ".key",
        "--passphrase-file=" + passphrase,
        option,
        digest);
  }

  private void attest(String predicate, String digest) throws Exception {
    Result attested =
        rkt.call(
                "image",
                "attest",
                "--key=" + cosign + ".key",
                "--passphrase-file=" + passphrase,
                "--type=https://example.com/scan/v1",
                "--predicate=-",
                digest)
            .stdin(predicate.getBytes(UTF_8))
            .run();
    assertThat(attested.status()).as("%s", attested).isZero();
  }

  @Test
  void skopeoTakesFromARegistryWhatIsSignedHereUnderItsNameOnly() throws Exception {
    try (Registry registry = Registry.plain(home.resolve("registry"))) {
      String name = registry.host() + "/team/app";
      Path layout = home.resolve("layout-pushed");
      String digest = OciImage.ordinary().set("User", "\"root\"").write(layout, "1");
      rkt.ok("--insecure-options=image", "fetch", "--image-name=" + name, "oci:" + layout + ":1");
      rkt.ok("--insecure-options=http", "image", "push", digest, "docker://" + name + ":1");
      rkt.ok("--insecure-options=http", "image", "push", digest, "docker://" + name + ":2");
      Path lookaside = home.resolve("lookaside/team/app@" + digest.replace(':', '='));
      Files.createDirectories(lookaside);
      withGpg(
          "image",
          "sign",
          "--gpg-key=it@example.com",
          "--simple",
          "--identity=" + name + ":1",
          "--output=" + lookaside.resolve("signature-1"),
          digest);
      Path registries = Files.createDirectory(home.resolve("registries.d"));
      Files.writeString(
          registries.resolve("it.yaml"),
          "docker:\n  %s:\n    lookaside: file://%s\n"
              .formatted(registry.host(), home.resolve("lookaside")));
      Path policy = home.resolve("policy.json");
      Files.writeString(
          policy,
          """
          {"default": [{"type": "reject"}], "transports": {"docker": {"%s": [
            {"type": "signedBy", "keyType": "GPGKeys", "keyPath": "%s"}]}}}
          """
              .formatted(registry.host(), publicKey));
      assertThat(skopeo(policy, registries, name + ":1", "good").status()).isZero();
      Result replayed = skopeo(policy, registries, name + ":2", "replayed");
      assertThat(replayed.status()).isNotZero();
      assertThat(replayed.err()).contains(name + ":1");
    }
  }

  @Test
  void theWholeWayNeedsNoOtherTool() throws Exception {
    try (Registry registry = Registry.plain(home.resolve("registry-whole"))) {
      String name = registry.host() + "/whole/app";
      Path layout = home.resolve("layout-whole");
      String digest = OciImage.ordinary().set("User", "\"0\"").write(layout, "1");
      rkt.ok("--insecure-options=image", "fetch", "--image-name=" + name, "oci:" + layout + ":1");
      sign("--identity=" + name, digest);
      attest("{\"critical\":0}", digest);
      rkt.ok("--insecure-options=http", "image", "push", digest, "docker://" + name + ":1");
      rkt.ok("--insecure-options=http", "image", "push", digest, "docker://" + name + "-copy:1");
      for (String of : List.of(name, name + "-copy")) {
        Path policy = home.resolve("local/policy.d/" + of + "/policy.json");
        Files.createDirectories(policy.getParent());
        Files.writeString(policy, POLICY.formatted(cosign));
      }
      Rkt other = rkt.withData(home.resolve("data-whole"));
      assertThat(other.ok("--insecure-options=http", "fetch", "docker://" + name + ":1").out())
          .isEqualTo(digest + "\n");
      assertThat(other.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
      other.assertNothingIsLeftAfterGc();
      // The same bytes, signature and attestation under another name: a replay.
      String copy = "docker://" + name + "-copy:1";
      other.refuses("trust", "--insecure-options=http", "fetch", "--quiet", copy);
    }
  }

  @Test
  void aRegistryThatKeepsSignaturesIsGivenThemAndGivesThemBack() throws Exception {
    try (KeepingRegistry registry = new KeepingRegistry()) {
      String name = registry.host() + "/" + KeepingRegistry.REPOSITORY;
      Path layout = home.resolve("layout-kept");
      String digest = OciImage.ordinary().set("User", "\"0:0\"").write(layout, "1");
      rkt.ok("--insecure-options=image", "fetch", "--image-name=" + name, "oci:" + layout + ":1");
      rkt.ok("trust", "--prefix=" + name, publicKey.toString());
      Path policy = home.resolve("local/policy.d/" + name + "/policy.json");
      Files.createDirectories(policy.getParent());
      Files.writeString(
          policy,
          "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":{\"type\":\"openpgp\"}}");
      String[] push = {"--insecure-options=http", "image", "push", digest, registry.reference("1")};
      String[] fetch = {"--insecure-options=http", "fetch", "--quiet", registry.reference("1")};
      rkt.ok(push);
      assertThat(registry.signatures).as("nothing is signed").isEmpty();
      Tools.refuses(rkt.withData(home.resolve("data-kept-0")), "trust", fetch);

      withGpg(
          "image",
          "sign",
          "--gpg-key=it@example.com",
          "--simple",
          "--identity=" + name + ":1",
          digest);
      rkt.ok(push);
      rkt.ok(push);
      assertThat(registry.signatures)
          .singleElement()
          .satisfies(sent ->
              assertThat(sent)
                  .contains("\"schemaVersion\":2", "\"type\":\"atomic\"")
                  .contains("\"name\":\"" + digest + "@"));
      assertThat(registry.tags()).as("it lists referrers itself").containsExactly("1");

      registry.tellsReferrers = false;
      Rkt byExtension = rkt.withData(home.resolve("data-kept-1"));
      assertThat(byExtension.ok(fetch).out()).isEqualTo(digest + "\n");
      registry.tellsReferrers = true;
      registry.keepsSignatures = false;
      Rkt byReferrers = rkt.withData(home.resolve("data-kept-2"));
      assertThat(byReferrers.ok(fetch).out()).isEqualTo(digest + "\n");
      for (Rkt store : List.of(byExtension, byReferrers)) {
        assertThat(store.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
        store.assertNothingIsLeftAfterGc();
      }
      registry.tellsReferrers = false;
      Tools.refuses(rkt.withData(home.resolve("data-kept-3")), "trust", fetch);
    }
  }

  private Result skopeo(Path policy, Path registries, String name, String to) throws Exception {
    return new Call(
            List.of(
                "skopeo",
                "--policy=" + policy,
                "--registries.d=" + registries,
                "copy",
                "--quiet",
                "--src-tls-verify=false",
                "docker://" + name,
                "dir:" + home.resolve("copied-" + to)))
        .run();
  }
}
