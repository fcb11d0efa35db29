package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import rkt.tests.Images;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** Images pushed to Debian's docker-registry, which wants a password. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class PushIT {
  private static final String LOGIN = "user:secret-word";

  private Rkt rkt;
  private Gpg gpg;
  private Registry registry;
  private String digest;
  private Path signature;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    registry = Registry.start(rkt.home().resolve("registry"), null, LOGIN);
    Path layout = rkt.home().resolve("layout");
    digest = OciImage.ordinary().write(layout, "1");
    rkt.ok("trust", "--prefix=" + registry.host(), gpg.key("it@example.com").toString());
    Path manifest = OciImage.blob(layout, digest.substring("sha256:".length()));
    signature = gpg.sign("it@example.com", manifest);
    String name = "--image-name=" + registry.host() + "/team/app";
    rkt.ok("fetch", name, "--signature=" + signature, "oci:" + layout + ":1");
  }

  @AfterAll
  void close() throws Exception {
    registry.close();
    gpg.close();
    rkt.close();
  }

  private Path config(String login) throws Exception {
    Path directory = Files.createTempDirectory(rkt.home(), "docker-");
    String auth = Base64.getEncoder().encodeToString(login.getBytes(UTF_8));
    Files.writeString(
        directory.resolve("config.json"),
        "{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"" + auth + "\"}}}");
    return directory;
  }

  private Result push(String login, String... words) throws Exception {
    String[] line = new String[words.length + 3];
    line[0] = "--insecure-options=http";
    line[1] = "image";
    line[2] = "push";
    System.arraycopy(words, 0, line, 3, words.length);
    return rkt.call(line).env("DOCKER_CONFIG", config(login).toString()).run();
  }

  private String raw(String name) throws Exception {
    return Tools.ok(
            "skopeo",
            "inspect",
            "--raw",
            "--tls-verify=false",
            "--creds=" + LOGIN,
            registry.reference(name))
        .out();
  }

  @Test
  void anImageAndItsSignatureArriveAndComeBack() throws Exception {
    Result pushed = push(LOGIN, digest, registry.reference("team/app:2"));
    assertThat(pushed.status()).as("%s", pushed).isZero();
    assertThat(pushed.out()).isEqualTo(digest + "\n");
    assertThat("sha256:" + OciImage.sha256(raw("team/app:2").getBytes(UTF_8))).isEqualTo(digest);
    String referrers = raw("team/app:" + digest.replace(':', '-'));
    assertThat(referrers).contains("\"artifactType\":\"application/pgp-signature\"");

    Result again = push(LOGIN, digest, registry.reference("team/app:3"));
    assertThat(again.err()).contains("here already");
    Result quiet = push(LOGIN, "--quiet", digest, registry.reference("team/app:3"));
    assertThat(quiet.out()).as("%s", quiet).isEqualTo(digest + "\n");
    assertThat(quiet.err()).isEmpty();
    assertThat(push(LOGIN, digest, "docker://127.0.0.1:1/team/app:3").err())
        .startsWith("network: cannot push to 127.0.0.1:1: ");

    Rkt other = rkt.withData(rkt.home().resolve("data-other"));
    Result fetched =
        other
            .call(
                "--insecure-options=http",
                "fetch",
                "--signature=" + signature,
                registry.reference("team/app:2"))
            .env("DOCKER_CONFIG", config(LOGIN).toString())
            .run();
    assertThat(fetched.out()).as("%s", fetched).isEqualTo(digest + "\n");
    assertThat(other.ok("run", "--net=none", digest).out()).isEqualTo("words:usual words\n");
    other.assertNothingIsLeftAfterGc();
  }

  @Test
  void aPushGoesToTheRegistryThatIsNamedOnTheTermsOfTheConfiguration() throws Exception {
    Path conf = rkt.home().resolve("registries.conf");
    String table =
        """
        [[registry]]
        prefix = "REGISTRY"
        location = "127.0.0.1:1"
        SETTING
        [[registry.mirror]]
        location = "127.0.0.1:1"
        """
            .replace("REGISTRY", registry.host());
    for (String setting : List.of("blocked = true", "insecure = false", "insecure = true")) {
      Files.writeString(conf, table.replace("SETTING", setting));
      Result result =
          rkt.call("image", "push", digest, registry.reference("team/configured:1"))
              .env("DOCKER_CONFIG", config(LOGIN).toString())
              .env("CONTAINERS_REGISTRIES_CONF", conf.toString())
              .run();
      boolean goes = setting.equals("insecure = true");
      assertThat(result.status()).as("%s: %s", setting, result).isEqualTo(goes ? 0 : 254);
      assertThat(result.err()).doesNotContain("127.0.0.1:1/");
    }
    assertThat(raw("team/configured:1")).contains("layers");
  }

  @Test
  void anAciArrivesAsAnArtifactAndComesBackWithItsSignature() throws Exception {
    byte[] large = new byte[6 << 20];
    new java.util.Random(1).nextBytes(large);
    Path made =
        Images.busybox().exec("/bin/sh", "-c", "echo pushed").file("large", 0644, large).make();
    Images.trust(rkt);
    String id = Images.fetch(rkt, made);
    Result pushed = push(LOGIN, id, registry.reference("team/aci:1"));
    assertThat(pushed.status()).as("%s", pushed).isZero();
    assertThat(raw("team/aci:1"))
        .contains("\"artifactType\":\"application/vnd.appc.image.v1\"")
        .contains(OciImage.sha256(Files.readAllBytes(made)));

    Rkt other = rkt.withData(rkt.home().resolve("data-aci"));
    Result fetched = fetch(other, "team/aci:1");
    assertThat(fetched.out()).as("%s", fetched).isEqualTo(id + "\n");
    assertThat(fetched.err()).doesNotContain("here already");
    Result current = fetch(other, "team/aci:1");
    assertThat(current.out()).as("%s", current).isEqualTo(id + "\n");
    assertThat(current.err()).as("nothing has changed").isEmpty();
    assertThat(other.ok("run", "--net=none", registry.reference("team/aci:1")).out())
        .isEqualTo("pushed\n");
    assertThat(other.ok("image", "list", "--no-legend", "--fields=name,reference").out())
        .startsWith("example.com/it/busybox ")
        .contains(registry.host() + "/team/aci:1");
    other.assertNothingIsLeftAfterGc();

    // A store is a layout, and so is what skopeo makes of a registry.
    Tools.ok(
        "skopeo",
        "--insecure-policy",
        "copy",
        "-q",
        "--src-tls-verify=false",
        "--src-creds=" + LOGIN,
        registry.reference("team/aci:1"),
        "oci:" + rkt.home().resolve("copied") + ":1");
    Rkt third = rkt.withData(rkt.home().resolve("data-third"));
    String stored = "oci:" + other.data().resolve("store") + ":example.com/it/busybox:latest";
    assertThat(third.ok("fetch", stored).out()).isEqualTo(id + "\n");
    String copied = "oci:" + rkt.home().resolve("copied") + ":1";
    assertThat(third.ok("--insecure-options=image", "fetch", copied).out()).isEqualTo(id + "\n");
    assertThat(third.ok("run", "--net=none", "example.com/it/busybox").out()).isEqualTo("pushed\n");

    // Where it lies proves nothing.
    try (Rkt stranger = Rkt.fresh()) {
      Result refused =
          Tools.refuses(
              stranger,
              "trust",
              254,
              stranger
                  .call("--insecure-options=http", "fetch", registry.reference("team/aci:1"))
                  .env("DOCKER_CONFIG", config(LOGIN).toString()));
      assertThat(refused.err()).contains("not trusted");
    }
  }

  private Result fetch(Rkt here, String name) throws Exception {
    return here.call("--insecure-options=http", "fetch", registry.reference(name))
        .env("DOCKER_CONFIG", config(LOGIN).toString())
        .run();
  }

  @Test
  void aWrongPasswordIsRefusedAndNotShown() throws Exception {
    Result refused = push("user:wrong-word", digest, registry.reference("team/app:4"));
    assertThat(refused.status()).isEqualTo(254);
    Tools.assertError("network", refused);
    assertThat(refused.toString()).doesNotContain("wrong-word");
    Result usage = push(LOGIN, digest, "oci:/somewhere");
    Tools.assertError("usage", usage);
  }
}
