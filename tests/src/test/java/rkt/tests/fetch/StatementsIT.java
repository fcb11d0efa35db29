package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
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

/**
 * Signatures by name and digest on their ways: out of a lookaside where skopeo put them, and with
 * an image to a registry, an archive and back.
 */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class StatementsIT {
  private Rkt rkt;
  private Gpg gpg;
  private Registry registry;
  private Path layout;
  private Path lookaside;
  private String digest;
  private int stores;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    registry = Registry.plain(rkt.home().resolve("registry"));
    layout = rkt.home().resolve("layout");
    digest = OciImage.ordinary().write(layout, "1");
    lookaside = Files.createDirectory(rkt.home().resolve("lookaside"));
    Path configuration =
        Files.createDirectories(rkt.home().resolve("config/containers/registries.d"));
    Files.writeString(
        configuration.resolve("it.yaml"),
        "docker:\n  %s:\n    lookaside: file://%s\n    lookaside-staging: file://%s\n"
            .formatted(registry.host(), lookaside, lookaside));
    Path key = gpg.key("it@example.com");
    rkt.ok("trust", "--prefix=" + registry.host() + "/simple", key.toString());
    policy("simple", "{\"type\":\"openpgp\"}");
    for (String[] command :
        new String[][] {
          {"ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "cosign.key"},
          {"ec", "-in", "cosign.key", "-pubout", "-out", "cosign.pub"}
        }) {
      List<String> words = new ArrayList<>(List.of("openssl"));
      for (String word : command) {
        words.add(word.startsWith("cosign.") ? rkt.home().resolve(word).toString() : word);
      }
      Tools.ok(words.toArray(String[]::new));
    }
    policy(
        "cosign",
        "{\"type\":\"cosign\",\"keys\":[{\"file\":\"%s\"}]}"
            .formatted(rkt.home().resolve("cosign.pub")));
  }

  @AfterAll
  void close() throws Exception {
    registry.close();
    gpg.close();
    rkt.close();
  }

  private void policy(String below, String requirement) throws Exception {
    Path directory = rkt.home().resolve("local/policy.d/" + registry.host() + "/" + below);
    Files.createDirectories(directory);
    Files.writeString(
        directory.resolve("policy.json"),
        "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":%s}".formatted(requirement));
  }

  /** The same configuration, and an empty store. */
  private Rkt another() {
    return rkt.withData(rkt.home().resolve("data-" + ++stores));
  }

  private Call fetch(Rkt by, String name) {
    return by.call("--insecure-options=http", "fetch", registry.reference(name))
        .env("XDG_CONFIG_HOME", rkt.home().resolve("config").toString());
  }

  private String fetched(Rkt by, String name) throws Exception {
    Result result = fetch(by, name).run();
    assertThat(result.status()).as("%s", result).isZero();
    return result.out().strip();
  }

  private void pushSigned(String name) throws Exception {
    pushSigned(name, "it@example.com");
  }

  private void pushSigned(String name, String signer) throws Exception {
    Result pushed =
        new Call(
                List.of(
                    "skopeo",
                    "--insecure-policy",
                    "--registries.d=" + rkt.home().resolve("config/containers/registries.d"),
                    "copy",
                    "-q",
                    "--preserve-digests",
                    "--dest-tls-verify=false",
                    "--sign-by=" + gpg.fingerprint(signer),
                    "oci:" + layout + ":1",
                    registry.reference(name)))
            .env("GNUPGHOME", rkt.home().resolve("gnupg").toString())
            .run();
    assertThat(pushed.status()).as("%s", pushed).isZero();
  }

  private Path signatures(String repository) {
    return lookaside.resolve(repository + "@" + digest.replace(':', '='));
  }

  @Test
  void whatSkopeoSignedAndPutBesideARegistryHoldsUnderThatNameAlone() throws Exception {
    pushSigned("simple/app:1");
    Rkt store = another();
    assertThat(fetched(store, "simple/app:1")).isEqualTo(digest);
    assertThat(store.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    store.ok("image", "verify", digest);
    assertThat(store.ok("image", "list", "--no-legend").out().lines()).hasSize(1);

    // A second signature, and a first one that was damaged: one that holds is enough.
    Path signature = signatures("simple/app").resolve("signature-1");
    byte[] right = Files.readAllBytes(signature);
    registry.push(layout, "1", "simple/other:1");
    Files.createDirectories(signatures("simple/other"));
    Files.write(signatures("simple/other").resolve("signature-1"), right);
    refused("simple/other:1");

    byte[] wrong = right.clone();
    wrong[wrong.length - 1] ^= 1;
    Files.write(signature, wrong);
    refused("simple/app:1");
    Files.write(signature.resolveSibling("signature-2"), right);
    assertThat(fetched(another(), "simple/app:1")).isEqualTo(digest);

    // Withdrawn: what is in the store has been replaced by what is there now, which is nothing.
    Files.delete(signature);
    refused("simple/app:1");
    store.ok("run", "--net=none", digest, "--", "still");
    rkt.ok(
        "trust",
        "remove",
        "--prefix=" + registry.host() + "/simple",
        gpg.fingerprint("it@example.com").toLowerCase(java.util.Locale.ROOT));
    store.refuses("trust", "run", "--net=none", digest);
    rkt.ok(
        "trust",
        "--prefix=" + registry.host() + "/simple",
        gpg.export("it@example.com").toString());
    store.assertNothingIsLeftAfterGc();
  }

  @Test
  void whoeverIsTrustedNowMaySignAnImageThatWasFetchedByItsDigest() throws Exception {
    String prefix = "--prefix=" + registry.host() + "/rotated";
    gpg.key("old@example.com");
    gpg.key("new@example.com");
    policy("rotated", "{\"type\":\"openpgp\"}");
    rkt.ok("trust", prefix, gpg.export("old@example.com").toString());
    pushSigned("rotated/app:1", "old@example.com");
    Rkt store = another();
    String name = "rotated/app@" + digest;
    assertThat(fetched(store, name)).isEqualTo(digest);
    String old = gpg.fingerprint("old@example.com").toLowerCase(java.util.Locale.ROOT);
    rkt.ok("trust", "remove", prefix, old);
    rkt.ok("trust", prefix, gpg.export("new@example.com").toString());
    Result refused = fetch(store, name).run();
    assertThat(refused.status()).as("%s", refused).isEqualTo(254);
    Tools.assertError("trust", refused);
    pushSigned("rotated/app:1", "new@example.com");
    assertThat(fetched(store, name)).isEqualTo(digest);
    store.ok("image", "verify", digest);
  }

  /** A fetch that is refused because nothing that is trusted vouches for the image. */
  private void refused(String name) throws Exception {
    Rkt by = another();
    Result result = fetch(by, name).run();
    assertThat(result.status()).as("%s", result).isEqualTo(254);
    Tools.assertError("trust", result);
    assertThat(by.ok("image", "list", "--no-legend").out()).isEmpty();
  }

  /** A signature of cosign's kind by openssl, in a layout under cosign's tag. */
  private void signWithOpenssl(Path signed, String reference, String subject) throws Exception {
    Path payload = rkt.home().resolve("payload");
    Files.writeString(
        payload,
        "{\"critical\":{\"identity\":{\"docker-reference\":\"%s\"},\"image\":{\"docker-manifest-digest\":\"%s\"},\"type\":\"cosign container image signature\"},\"optional\":null}"
            .formatted(reference, subject));
    Path raw = rkt.home().resolve("raw");
    Tools.ok(
        "openssl",
        "dgst",
        "-sha256",
        "-sign",
        rkt.home().resolve("cosign.key").toString(),
        "-out",
        raw.toString(),
        payload.toString());
    String layer = put(signed, Files.readAllBytes(payload));
    String config = put(signed, "{}".getBytes(UTF_8));
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":2},\
        "layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"sha256:%s","size":%d,\
        "annotations":{"dev.cosignproject.cosign/signature":"%s"}}]}\
        """
            .formatted(
                OciImage.MANIFEST,
                config,
                layer,
                Files.size(payload),
                Base64.getEncoder().encodeToString(Files.readAllBytes(raw)));
    String descriptor =
        "{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%d,\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s.sig\"}}"
            .formatted(
                OciImage.MANIFEST,
                put(signed, manifest.getBytes(UTF_8)),
                manifest.length(),
                subject.replace(':', '-'));
    Path index = signed.resolve("index.json");
    String before = Files.readString(index);
    Files.writeString(
        index, before.substring(0, before.lastIndexOf(']')) + "," + descriptor + "]}");
  }

  private static String put(Path layout, byte[] bytes) throws Exception {
    String hex = OciImage.sha256(bytes);
    Files.write(OciImage.blob(layout, hex), bytes);
    return hex;
  }

  @Test
  void aCosignSignatureGoesWithItsImageToARegistryAndAnArchiveAndBack() throws Exception {
    Path signed = rkt.home().resolve("signed");
    OciImage.ordinary().write(signed, "1");
    String name = registry.host() + "/cosign/app";
    signWithOpenssl(signed, name, digest);
    Rkt first = another();
    first.ok("fetch", "--image-name=" + name, "oci:" + signed);
    first.ok("image", "verify", digest);
    Tools.ok("skopeo", "inspect", "oci:" + first.data().resolve("store") + ":" + name + ":latest");

    first.ok(
        "--insecure-options=http", "image", "push", digest, registry.reference("cosign/app:1"));
    String tag = "cosign/app:" + digest.replace(':', '-') + ".sig";
    String listed = raw(tag);
    assertThat(listed).contains("dev.cosignproject.cosign/signature");
    String referrers = raw("cosign/app:" + digest.replace(':', '-'));
    assertThat(referrers).contains("application/vnd.dev.cosign.artifact.sig.v1+json");
    // Pushed again, nothing is there twice; signed by another, what was there stays.
    first.ok(
        "--insecure-options=http", "image", "push", digest, registry.reference("cosign/app:1"));
    assertThat(raw(tag)).isEqualTo(listed);
    first.ok("image", "sign", "--key=" + pkcs8(), "--identity=" + name, digest);
    first.ok(
        "--insecure-options=http", "image", "push", digest, registry.reference("cosign/app:1"));
    assertThat(raw(tag).split("dev.cosignproject.cosign/signature", -1)).hasSize(3);

    Rkt second = another();
    assertThat(fetched(second, "cosign/app:1")).isEqualTo(digest);
    Path archive = rkt.home().resolve("exported.tar");
    second.ok("image", "export", "--format=oci-archive", digest, archive.toString());
    Rkt third = another();
    third.ok("image", "import", "--image-name=" + name, archive.toString());
    assertThat(third.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    Result other =
        another().run("image", "import", "--image-name=" + name + "2", archive.toString());
    assertThat(other.status()).as("%s", other).isEqualTo(254);
    assertThat(other.err()).as("%s", other).contains("trust: ").contains("was made for");
    Result poor =
        second.ok(
            "image",
            "export",
            "--format=docker-archive",
            digest,
            rkt.home().resolve("poor.tar").toString());
    assertThat(poor.err()).contains("docker-archive has no place for it");

    third.ok("image", "rm", digest);
    third.assertNothingIsLeftAfterGc();
    Path blobs = third.data().resolve("store/blobs/sha256");
    assertThat(blobs).isEmptyDirectory();
  }

  @Test
  void aSignatureOfTheIndexHoldsForTheImageThatItListsAndForNoOther() throws Exception {
    Path layouts = Files.createDirectory(rkt.home().resolve("layouts"));
    OciImage other = OciImage.of(new OciImage.Tar().file("other", "machine")).architecture("arm64");
    Path both = layouts.resolve("both");
    String index = OciImage.writeAll(both, "1", List.of(OciImage.ordinary(), other));
    String name = registry.host() + "/cosign/multi";
    signWithOpenssl(both, name, index);
    String tag = index.replace(':', '-') + ".sig";
    registry.push(both, "1", "cosign/multi:1");
    refused("cosign/multi:1");
    registry.push(both, tag, "cosign/multi:" + tag);

    Rkt first = another();
    assertThat(fetched(first, "cosign/multi:1")).isEqualTo(digest);
    assertThat(fetched(first, "cosign/multi:1")).as("again").isEqualTo(digest);
    assertThat(first.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    first.ok("image", "verify", digest);
    assertThat(first.ok("audit", "log", "--format=json").out())
        .contains("\"index\":\"" + index + "\"");
    assertThat(first.ok("trust", "policy", "check", "--format=json", name + ":1").out())
        .contains("\"digest\":\"" + index + "\"");
    Tools.ok("skopeo", "inspect", "oci:" + first.data().resolve("store") + ":" + name + ":1");
    Path archive = layouts.resolve("exported.tar");
    first.ok("image", "export", "--format=oci-archive", digest, archive.toString());
    Rkt second = another();
    second.ok("image", "import", "--image-name=" + name, archive.toString());
    assertThat(second.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    Rkt third = another();
    third.ok("fetch", "--image-name=" + name, "oci:" + both + ":1");

    // The signature of one index put beside another one, which lists something else.
    Path mixed = layouts.resolve("mixed");
    OciImage foreign = OciImage.of(new OciImage.Tar().file("foreign", "program"));
    String wrong = OciImage.writeAll(mixed, "1", List.of(foreign, other));
    registry.push(mixed, "1", "cosign/multi:2");
    registry.push(both, tag, "cosign/multi:" + wrong.replace(':', '-') + ".sig");
    refused("cosign/multi:2");

    Path stored = OciImage.blob(second.data().resolve("store"), index.substring(7));
    Files.writeString(stored, Files.readString(stored).replace("arm64", "arm65"));
    second.refuses("integrity", "run", "--net=none", digest);
    Files.delete(stored);
    second.refuses("integrity", "run", "--net=none", digest);
    third.ok("image", "rm", digest);
    third.assertNothingIsLeftAfterGc();
    assertThat(third.data().resolve("store/blobs/sha256")).isEmptyDirectory();
  }

  /** spec/trust.md#indexes */
  @Test
  void aDetachedSignatureOfTheIndexHoldsForTheImageThatItListsAndForNoOther() throws Exception {
    Path layouts = Files.createDirectory(rkt.home().resolve("detached"));
    OciImage other = OciImage.of(new OciImage.Tar().file("other", "device")).architecture("arm64");
    Path both = layouts.resolve("both");
    String index = OciImage.writeAll(both, "1", List.of(OciImage.ordinary(), other));
    Path signature = gpg.sign("it@example.com", OciImage.blob(both, index.substring(7)));
    // Under the keys alone, and under a policy that asks for them.
    rkt.ok("trust", "--prefix=" + registry.host() + "/detached", gpg.export("it@example.com") + "");
    policy("detached/asked", "{\"type\":\"openpgp\",\"maxAge\":\"1d\"}");
    for (String repository : List.of("detached/app", "detached/asked")) {
      registry.push(both, "1", repository + ":1");
      refused(repository + ":1");
      new Beside(both, index).pushSigned(registry, repository, signature);
      Rkt first = another();
      assertThat(fetched(first, repository + ":1")).isEqualTo(digest);
      assertThat(fetched(first, repository + ":1")).as("again").isEqualTo(digest);
      for (String time : List.of("first", "second")) {
        Result run = first.call("run", "--net=none", digest).under("unshare", "--net").run();
        assertThat(run.out()).as("%s: %s", time, run).isEqualTo("words:usual words\n");
      }
      first.ok("image", "verify", digest);
      assertThat(first.data().resolve("images/sha256-" + digest.substring(7)))
          .isDirectoryContaining("glob:**/evidence-*.json");
      assertThat(first.ok("audit", "log", "--event=verdict", "--format=json").out())
          .contains(
              "\"index\":\"" + index + "\"",
              gpg.fingerprint("it@example.com").toLowerCase(java.util.Locale.ROOT));
      String name = registry.host() + "/" + repository;
      Path archive = layouts.resolve("exported" + repository.length() + ".tar");
      first.ok("image", "export", "--format=oci-archive", digest, archive.toString());
      Rkt second = another();
      second.ok("image", "import", "--image-name=" + name, archive.toString());
      assertThat(second.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
      Path stored = OciImage.blob(second.data().resolve("store"), index.substring(7));
      Files.writeString(stored, Files.readString(stored).replace("arm64", "arm65"));
      second.refuses("integrity", "run", "--net=none", digest);
    }

    // The signature of one index beside another one, which lists something else.
    Path mixed = layouts.resolve("mixed");
    OciImage foreign = OciImage.of(new OciImage.Tar().file("foreign", "program"));
    String wrong = OciImage.writeAll(mixed, "1", List.of(foreign, other));
    registry.push(mixed, "1", "detached/app:2");
    new Beside(mixed, wrong).pushSigned(registry, "detached/app", signature);
    refused("detached/app:2");

    new Beside(both, index).signed(signature);
    Rkt local = another();
    local.ok("fetch", "--image-name=" + registry.host() + "/detached/app", "oci:" + both + ":1");
    assertThat(local.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    rkt.ok(
        "trust",
        "remove",
        "--prefix=" + registry.host() + "/detached",
        gpg.fingerprint("it@example.com").toLowerCase(java.util.Locale.ROOT));
    local.refuses("trust", "run", "--net=none", digest);
    local.ok("image", "rm", digest);
    local.assertNothingIsLeftAfterGc();
    assertThat(local.data().resolve("store/blobs/sha256")).isEmptyDirectory();
  }

  /** spec/policy.md#containers */
  @Test
  void anImageThatComesAgainFromAnotherPlaceMustStayAcceptableAsOneFromEach() throws Exception {
    Path policy = rkt.home().resolve("containers.json");
    String lax = "\"oci\":{\"\":[{\"type\":\"insecureAcceptAnything\"}]}";
    String strict =
        "{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"%s\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"%s\"}]},LAX}}"
            .formatted(registry.host(), gpg.export("it@example.com"));
    Files.writeString(policy, strict.replace("LAX", lax));
    policy("places", "{\"type\":\"containers-policy\",\"file\":\"" + policy + "\"}");
    String name = registry.host() + "/places/app";
    String[] again = {"fetch", "--image-name=" + name, "oci:" + layout + ":1"};

    registry.push(layout, "1", "places/app:1");
    refused("places/app:1");
    Rkt local = another();
    local.ok(again);
    assertThat(local.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");

    pushSigned("places/app:1");
    Rkt remote = another();
    assertThat(fetched(remote, "places/app:1")).isEqualTo(digest);
    Result refused = Tools.refuses(remote, "trust", again);
    assertThat(refused.err()).contains("signedBy");
    assertThat(remote.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");

    assertThat(fetched(local, "places/app:1")).isEqualTo(digest);
    assertThat(local.ok("trust", "policy", "check", name + ":1").out())
        .contains("docker: " + registry.host(), "the default of oci:");
    Files.writeString(policy, strict.replace(",LAX", ""));
    local.refuses("trust", "run", "--net=none", digest);
    assertThat(remote.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    local.ok("image", "rm", digest);
    assertThat(fetched(local, "places/app:1")).isEqualTo(digest);
    assertThat(local.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
  }

  private Path pkcs8() throws Exception {
    Path key = rkt.home().resolve("cosign.p8");
    Tools.ok(
        "openssl",
        "pkcs8",
        "-topk8",
        "-nocrypt",
        "-in",
        rkt.home().resolve("cosign.key").toString(),
        "-out",
        key.toString());
    Tools.ok("chmod", "600", key.toString());
    return key;
  }

  private String raw(String name) throws Exception {
    return Tools.ok("skopeo", "inspect", "--raw", "--tls-verify=false", registry.reference(name))
        .out();
  }
}
