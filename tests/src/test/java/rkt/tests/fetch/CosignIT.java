package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** Images that start because a policy names the key that signed them. spec/policy.md */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class CosignIT {
  private Rkt rkt;
  private String digest;
  private Path passphrase;
  private Path key;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    Path home = rkt.home();
    passphrase = Files.writeString(home.resolve("passphrase"), "correct horse\n");
    Files.setPosixFilePermissions(passphrase, PosixFilePermissions.fromString("rw-------"));
    key = home.resolve("cosign");
    rkt.ok("image", "generate-key", "--passphrase-file=" + passphrase, key.toString());
    digest = image("app");
    sign(digest);
    String pem = Files.readString(Path.of(key + ".pub")).replace("\n", "\\n");
    policy("{\"type\":\"cosign\",\"keys\":[{\"pem\":\"" + pem + "\"}]}");
  }

  @AfterAll
  void close() throws Exception {
    rkt.close();
  }

  private void policy(String requirement) throws Exception {
    policy("example.com", requirement);
  }

  private void policy(String prefix, String requirement) throws Exception {
    Path file = rkt.home().resolve("local/policy.d/" + prefix + "/policy.json");
    Files.createDirectories(file.getParent());
    Files.writeString(
        file, "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}");
  }

  private void sign(String image) throws Exception {
    rkt.ok("image", "sign", "--key=" + key + ".key", "--passphrase-file=" + passphrase, image);
  }

  /** The same image by this name, whatever it was called before. */
  private String image(String name) throws Exception {
    Path layout = rkt.home().resolve("layout-" + name);
    String made = OciImage.ordinary().write(layout, "1");
    rkt.ok(
        "--insecure-options=image",
        "fetch",
        "--image-name=example.com/it/" + name,
        "oci:" + layout + ":1");
    return made;
  }

  @Test
  void anImageThatThePinnedKeySignedStartsWhereThereIsNoNetworkAtAll() throws Exception {
    Result run = rkt.call("run", "--net=none", digest).under("unshare", "--net").run();
    assertThat(run.status()).as("%s", run).isZero();
    assertThat(run.out()).isEqualTo("words:usual words\n");
    Result verify = rkt.tool("rkt-verify", digest).under("unshare", "--net").run();
    assertThat(verify.status()).as("%s", verify).isZero();
  }

  @Test
  void theSameImageUnderAnotherNameIsAReplayAndDoesNotStart() throws Exception {
    try {
      image("replay");
      rkt.refuses("trust", "run", "--net=none", "example.com/it/replay");
    } finally {
      image("app");
    }
    assertThat(rkt.ok("run", "--net=none", "example.com/it/app").out())
        .isEqualTo("words:usual words\n");
  }

  @Test
  void theNameThatIsAskedForDecidesWhateverItWasLastFetchedBy() throws Exception {
    image("asked");
    policy("example.com/it/lax", "{\"type\":\"accept-unsigned\"}");
    image("lax");
    assertThat(rkt.ok("run", "--net=none", "example.com/it/lax").out())
        .isEqualTo("words:usual words\n");
    rkt.refuses("trust", "run", "--net=none", "example.com/it/asked");
    rkt.refuses("trust", "run", "--net=none", "example.com/it/lax", "example.com/it/asked");
    assertThat(rkt.call("trust", "policy", "check", "example.com/it/asked").run().status())
        .isEqualTo(254);
    Result verify = rkt.tool("rkt-verify", "example.com/it/asked", "example.com/it/lax").run();
    assertThat(verify.out()).isEqualTo(digest + "\n");
    assertThat(verify.err()).contains("example.com/it/asked");
    rkt.ok("run", "--net=none", "example.com/it/lax", "--name=lax", "example.com/it/app");
    assertThat(rkt.ok("audit", "log", "--event=verdict", "--format=json").out().lines())
        .as("a verdict for each name of the last pod")
        .filteredOn(
            line -> line.contains("\"purpose\":\"run\"") && line.contains("\"accepted\":true"))
        .satisfies(lines ->
            assertThat(lines.subList(lines.size() - 2, lines.size()))
                .anyMatch(line -> line.contains("\"name\":\"example.com/it/lax\""))
                .anyMatch(line -> line.contains("\"name\":\"example.com/it/app\"")));
    image("app");
  }
}
