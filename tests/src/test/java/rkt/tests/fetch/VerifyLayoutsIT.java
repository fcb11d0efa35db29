package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.tests.Call;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** {@code rkt-verify} of OCI images where they lie, with what was signed beside them. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class VerifyLayoutsIT {
  private static final String ALICE = "alice@example.com";
  private static final String NAME = "--image-name=example.com/it/cosigned";

  private Rkt rkt;
  private Gpg gpg;
  private Path stick;
  private String bare;
  private String signed;
  private String archive;
  private String digest;
  private String byKey;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    Path home = rkt.home();
    gpg = new Gpg(home.resolve("gnupg"));
    rkt.ok("trust", "--prefix=example.com/it", gpg.key(ALICE).toString());
    stick = Files.createDirectory(home.resolve("stick"));
    digest = OciImage.ordinary().write(stick.resolve("bare"), "1");
    bare = "oci:" + stick + "/bare:1";
    rkt.ok("--insecure-options=image", "fetch", NAME, bare);
    Path passphrase = Files.writeString(home.resolve("passphrase"), "correct horse\n");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    String secret = "--passphrase-file=" + passphrase;
    rkt.ok("image", "generate-key", secret, home + "/cosign");
    rkt.ok("image", "sign", "--key=" + home + "/cosign.key", secret, digest);
    rkt.ok("image", "export", "--format=oci", digest, stick + "/signed");
    rkt.ok("image", "export", "--format=oci-archive", digest, stick + "/signed.tar");
    signed = "oci:" + stick + "/signed";
    archive = "oci-archive:" + stick + "/signed.tar";
    String pem = Files.readString(home.resolve("cosign.pub")).replace("\n", "\\n");
    byKey = "{\"type\":\"cosign\",\"keys\":[{\"pem\":\"" + pem + "\"}]}";
    policy("cosigned", byKey);
    policy("open", "{\"type\":\"accept-unsigned\"}");
  }

  @AfterAll
  void close() throws Exception {
    gpg.close();
    rkt.close();
  }

  private void policy(String name, String requirement) throws Exception {
    Path file = rkt.home().resolve("local/policy.d/example.com/it/" + name + "/policy.json");
    Files.createDirectories(file.getParent());
    Files.writeString(
        file, "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}");
  }

  private Call verify(String... words) {
    return rkt.tool("rkt-verify", words);
  }

  private void passes(String image, String... words) throws Exception {
    Result result = verify(words).stdin((image + "\n").getBytes(UTF_8)).run();
    assertThat(result.out()).as("%s", result).isEqualTo(image + "\n");
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
  }

  private Result refused(String errorClass, int status, String... words) throws Exception {
    return Tools.refuses(rkt, errorClass, status, verify(words));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "bzip2", "xz", "zstd"})
  void anArchiveIsReadHoweverItIsCompressedAndNothingOfItIsLeft(String program) throws Exception {
    Path packed = Path.of(stick + "/signed.tar." + program);
    Tools.ok("sh", "-c", program + " -c " + stick + "/signed.tar >" + packed);
    Path scratch = Files.createDirectory(rkt.home().resolve("scratch-" + program));
    String image = "oci-archive:" + packed;
    Result result = verify(NAME, image).env("TMPDIR", scratch.toString()).run();
    assertThat(result.out()).as("%s", result).isEqualTo(image + "\n");
    assertThat(result.status()).isZero();
    assertThat(scratch).isEmptyDirectory();

    byte[] bytes = Files.readAllBytes(packed);
    Files.write(packed, Arrays.copyOf(bytes, bytes.length / 2));
    refused("integrity", 13, NAME, image);
    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void whatWasSignedBesideAnImageCountsAndNothingIsImported() throws Exception {
    Rkt nowhere = rkt.withData(rkt.home().resolve("nothing"));
    Result result = nowhere.tool("rkt-verify", NAME, signed, archive).run();
    assertThat(result.out()).as("%s", result).isEqualTo(signed + "\n" + archive + "\n");
    assertThat(result.status()).isZero();
    assertThat(nowhere.data()).doesNotExist();
    assertThat(refused("trust", 12, NAME, bare).err())
        .contains(bare)
        .contains("cosign")
        .doesNotContain("--insecure-options");
    assertThat(Files.readString(stick.resolve("bare/index.json"))).contains(digest);
  }

  @Test
  void theNameIsTheOneThatTheUserGives() throws Exception {
    policy("other", byKey);
    // The signature says which name it was made for.
    assertThat(refused("trust", 12, "--image-name=example.com/it/other", signed).err())
        .contains("example.com/it/cosigned");
    assertThat(refused("trust", 12, signed).err()).contains("not trusted");
    passes(bare, "--image-name=example.com/it/open");
    refused("usage", 2, "--image-name=No Name", bare);
    refused("usage", 2, NAME, digest);
  }

  @Test
  void aDetachedSignatureIsOfTheManifest() throws Exception {
    Path manifest = Files.copy(blob("bare", digest), rkt.home().resolve("manifest"));
    String signature = "--signature=" + gpg.sign(ALICE, manifest);
    String name = "--image-name=example.com/it/app";
    assertThat(verify(name, signature, bare).run().out()).isEqualTo(bare + "\n");
    refused("trust", 12, "--image-name=example.org/app", signature, bare);
    refused("trust", 12, signature, bare);
    assertThat(verify("--format=json", name, bare).run().out())
        .contains("\"name\":\"example.com/it/app\",")
        .contains("\"rule\":\"unsigned\"");
    refused("trust", 12, name, bare);
    refused("usage", 2, name, signature, bare, signed);
    Path damaged = Files.writeString(rkt.home().resolve("damaged.asc"), "no signature\n");
    refused("trust", 12, name, "--signature=" + damaged, bare);
  }

  private Path blob(String layout, String of) {
    return stick.resolve(layout + "/blobs/" + of.replace(':', '/'));
  }

  /** spec/trust.md#indexes */
  @Test
  void aSignatureOfTheIndexCountsForEachImageThatItLists() throws Exception {
    Path both = stick.resolve("both");
    OciImage other = OciImage.of(new OciImage.Tar().file("other", "device")).architecture("arm64");
    String index = OciImage.writeAll(both, "1", List.of(OciImage.ordinary(), other));
    String image = "oci:" + both + ":1";
    String name = "--image-name=example.com/it/both";
    refused("trust", 12, name, image);
    new Beside(both, index).signed(gpg.sign(ALICE, OciImage.blob(both, index.substring(7))));
    passes(image, name);
    passes(image, name, "--arch=arm64");
    assertThat(verify("--format=json", name, image).run().out())
        .contains("\"image\":\"" + digest + "\"")
        .contains("\"index\":\"" + index + "\"");
    refused("not-found", 10, name, "--arch=s390x", image);
  }

  @Test
  void everyBlobIsReadAndIsWhatTheManifestSays() throws Exception {
    Path copy = stick.resolve("altered");
    Tools.ok("cp", "-r", stick.resolve("signed").toString(), copy.toString());
    String image = "oci:" + copy;
    String layer =
        Files.readString(blob("altered", digest))
            .replaceAll("(?s).*\"layers\".*?\"(sha256:[0-9a-f]{64})\".*", "$1");
    Path blob = blob("altered", layer);
    byte[] bytes = Files.readAllBytes(blob);
    bytes[bytes.length / 2] ^= 1;
    Files.write(blob, bytes);
    assertThat(refused("integrity", 13, NAME, image).err()).contains(image);
    Files.delete(blob);
    refused("integrity", 13, NAME, image);
    Tools.ok("mkfifo", blob.toString());
    refused("integrity", 13, NAME, image);
    Tools.ok("ln", "-sf", blob("signed", layer).toString(), blob.toString());
    refused("integrity", 13, NAME, image);
    Files.delete(blob);
    Files.copy(blob("signed", layer), blob);
    passes(image, NAME);
    Files.write(blob("altered", digest), new byte[] {'{', '}'});
    refused("integrity", 13, NAME, image);
  }

  @Test
  void otherFormsOfImagesInFilesAreJudgedTheSame() throws Exception {
    rkt.ok("image", "export", "--format=docker-archive", digest, stick + "/docker.tar");
    passes("docker-archive:" + stick + "/docker.tar", "--image-name=example.com/it/open");
    refused("trust", 12, NAME, "docker-archive:" + stick + "/docker.tar");
    Path plain = Files.createDirectory(stick.resolve("plain"));
    Files.copy(blob("bare", digest), plain.resolve("manifest.json"));
    Tools.ok("sh", "-c", "cp " + stick + "/bare/blobs/sha256/* " + plain);
    passes("dir:" + plain, "--image-name=example.com/it/open");
    refused("trust", 12, NAME, "dir:" + plain);
    refused("not-found", 10, NAME, "oci:" + stick + "/none");
    refused("not-found", 10, NAME, "oci-archive:" + stick + "/none.tar");
    refused("not-found", 10, NAME, signed + ":none");
    refused("not-found", 10, NAME, "--arch=arm64", signed);
    refused("usage", 2, NAME, "--arch=no arch", signed);
    refused("usage", 2, NAME, "oci:");
  }

  @Test
  void theVerdictSaysWhereTheImageIsAndSoDoesTheRecord() throws Exception {
    Result result = verify("--format=json", NAME, signed, bare).run();
    assertThat(result.status()).isEqualTo(12);
    assertThat(result.lines().get(0))
        .contains("\"place\":\"" + signed + "\"")
        .contains("\"image\":\"" + digest + "\"")
        .contains("\"name\":\"example.com/it/cosigned\"")
        .contains("\"accepted\":true");
    assertThat(result.lines().get(1)).contains("\"accepted\":false,\"rule\":\"policy\"");
    assertThat(rkt.ok("audit", "log", "--event=verdict", "--format=json").out())
        .contains("\"file\":\"" + signed + "\"")
        .contains("\"purpose\":\"verify\"");
    rkt.ok("audit", "verify");
  }
}
