package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What policies and the trust store of the moment make of each start. spec/policy.md */
@Tag("privileged")
final class PolicyIT extends PodTests {
  private static final String NAME = "example.com/it/busybox";

  private Path key;

  @BeforeAll
  void signWithAKeyOfCosign() throws Exception {
    Path pair = rkt.home().resolve("release");
    Path passphrase = Files.writeString(rkt.home().resolve("passphrase"), "secret");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    rkt.ok("image", "generate-key", "--passphrase-file=" + passphrase, pair.toString());
    rkt.ok("image", "sign", "--key=" + pair + ".key", "--passphrase-file=" + passphrase, image);
    key = Path.of(pair + ".pub");
  }

  @AfterEach
  void withoutPolicy() throws Exception {
    Files.deleteIfExists(file());
  }

  private Path file() {
    return rkt.home().resolve("local/policy.d/example.com/it/policy.json");
  }

  private void policy(String requirement) throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(
        file(), "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}");
  }

  private String byKey() {
    return "{\"type\":\"cosign\",\"keys\":[{\"file\":\"" + key + "\"}]}";
  }

  private String fingerprint() throws Exception {
    String keys = rkt.ok("trust", "list", "--format=json").out();
    return keys.replaceAll("(?s).*?\"fingerprint\":\"([0-9a-f]+)\".*", "$1");
  }

  @Test
  void aPolicyThatRefusesStopsTheNextStartAndIsNamed() throws Exception {
    policy("{\"type\":\"reject\"}");
    Result refused = sh("echo ran");
    assertThat(refused.status()).isEqualTo(254);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).startsWith("trust: image " + NAME).contains(file().toString());
    assertThat(rkt.ok("audit", "log", "--event=verdict", "--format=json").out())
        .contains("\"rule\":\"rejected\"")
        .contains("\"policy\":\"" + file() + "\"");
    policy("{\"type\":\"openpgp\",\"maxage\":\"1d\"}");
    assertThat(sh("echo ran").err()).startsWith("trust: ").contains("maxage");
    Files.delete(file());
    assertThat(out("echo ran")).isEqualTo("ran\n");
  }

  @Test
  void aStartIsVouchedForByAKeyOfCosignAndItsPodsAreFoundByIt() throws Exception {
    policy(byKey());
    String signer;
    try (Pod pod = pod("sleep 1000")) {
      String status = rkt.ok("status", "--format=json", pod.uuid()).out();
      signer = status.replaceAll("(?s).*\"signer\":\"([0-9a-f]+)\".*", "$1");
      assertThat(signer).matches("[0-9a-f]{64}");
      assertThat(rkt.ok("audit", "affected", "--key=" + signer).out()).contains(pod.uuid());
      assertThat(rkt.ok("audit", "affected", "--key=" + fingerprint()).out())
          .doesNotContain(pod.uuid());
      assertThat(rkt.ok("audit", "affected", "--identity=nobody").out()).isEmpty();
    }
    policy("{\"type\":\"all-of\",\"of\":[{\"type\":\"openpgp\"}," + byKey() + "]}");
    try (Pod pod = pod("sleep 1000")) {
      for (String each : new String[] {signer, fingerprint()}) {
        assertThat(rkt.ok("audit", "affected", "--key=" + each).out()).contains(pod.uuid());
      }
    }
  }

  @Test
  void aKeyThatIsMaskedOrTakenOutOfThePolicyStopsTheNextStart() throws Exception {
    String openpgp = fingerprint();
    rkt.ok("trust", "remove", "--prefix=example.com/it", openpgp);
    try {
      assertThat(sh("true").err()).startsWith("trust: ");
      policy(byKey());
      assertThat(sh("true").status()).isZero();
      policy("{\"type\":\"openpgp\"}");
      assertThat(sh("true").status()).isEqualTo(254);
      policy("{\"type\":\"accept-unsigned\"}");
      assertThat(sh("true").status()).isZero();
      assertThat(rkt.ok("audit", "log", "--event=verdict", "--format=json").out())
          .contains("\"bypassed\":false,\"rule\":\"accept-unsigned\"");
    } finally {
      Images.trust(rkt);
    }
    rkt.ok("trust", "mask", "--prefix=example.com/it", openpgp);
    try {
      Files.deleteIfExists(file());
      assertThat(sh("true").status()).isEqualTo(254);
    } finally {
      rkt.ok("trust", "mask", "--undo", "--prefix=example.com/it", openpgp);
      Images.trust(rkt);
    }
    assertThat(sh("true").status()).isZero();
  }

  @Test
  void rktVerifyTellsTheWholeVerdict() throws Exception {
    policy("{\"type\":\"any-of\",\"of\":[{\"type\":\"reject\"}," + byKey() + "]}");
    Result verdict = rkt.tool("rkt-verify", "--format=json", image).run();
    assertThat(verdict.status()).isZero();
    assertThat(verdict.out())
        .contains("\"accepted\":true,\"rule\":\"valid\"")
        .contains("\"policy\":{\"file\":\"" + file() + "\"")
        .contains("{\"requirement\":\"reject\",\"asks\":\"nothing\",\"met\":false");
    policy("{\"type\":\"reject\"}");
    Result refused = rkt.tool("rkt-verify", image).run();
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).contains("trust: ");
  }

  @Test
  void anAciThatWasLetInUnseenDoesNotChooseThePolicyThatLetsItRun() throws Exception {
    try (Rkt other = Rkt.fresh()) {
      Path aci = Images.busybox().exec("/bin/true").make();
      Files.deleteIfExists(Path.of(aci + ".asc"));
      Path policy = other.home().resolve("local/policy.d/example.com/policy.json");
      Files.createDirectories(policy.getParent());
      Files.writeString(
          policy,
          "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":{\"type\":\"accept-unsigned\"}}");
      String id = other.ok("--insecure-options=image", "fetch", aci.toString()).out().strip();
      other.refuses("trust", "run", "--net=none", id);
      other.ok("--insecure-options=image", "run", "--net=none", id);
      assertThat(other.ok("fetch", "--image-name=" + NAME, aci.toString()).out().strip())
          .isEqualTo(id);
      other.ok("run", "--net=none", id);
    }
  }
}
