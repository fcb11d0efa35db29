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
import rkt.tests.Call;
import rkt.tests.Result;
import rkt.tests.Rkt;
import rkt.tests.Running;

/** Images of a registry that Debian ships, put there by skopeo. */
@Tag("privileged")
@TestInstance(Lifecycle.PER_CLASS)
class RegistryIT {
  private static final String HTTP = "--insecure-options=http";
  private static final String SECRET = "hunter2-secret";

  private Rkt rkt;
  private Gpg gpg;
  private Path layout;
  private String digest;
  private Path signature;
  private Path key;
  private Registry registry;

  @BeforeAll
  void open() throws Exception {
    rkt = Rkt.fresh();
    gpg = new Gpg(rkt.home().resolve("gnupg"));
    key = gpg.key("registry@example.com");
    registry = Registry.plain(rkt.home().resolve("registry"));
    layout = rkt.home().resolve("layout");
    digest = OciImage.ordinary().write(layout, "1");
    signature = gpg.sign("registry@example.com", manifest(layout, digest));
    registry.push(layout, "1", "team/app:1");
    rkt.ok("trust", "--prefix=" + registry.host() + "/team", key.toString());
  }

  @AfterAll
  void close() throws Exception {
    registry.close();
    gpg.close();
    rkt.close();
  }

  /** The same configuration with an empty store. */
  private Rkt empty() throws Exception {
    return rkt.withData(Files.createTempDirectory(rkt.home(), "data-"));
  }

  private static Path manifest(Path layout, String digest) {
    return OciImage.blob(layout, digest.substring("sha256:".length()));
  }

  private String signed() {
    return "--signature=" + signature;
  }

  @Test
  void aSignedImageIsFetchedByTagAndRun() throws Exception {
    Rkt here = empty();
    Result fetched = here.ok(HTTP, "fetch", signed(), registry.reference("team/app:1"));
    assertThat(fetched.out()).isEqualTo(digest + "\n");

    Result run = here.ok("run", "--net=none", registry.reference("team/app:1"));
    assertThat(run.out()).isEqualTo("words:usual words\n");
    Result given =
        here.call(
                "run",
                "--net=none",
                digest,
                "--",
                "do",
                "cat /etc/motd /full/new /links/two; ls /full /links /data/vol;"
                    + " stat -c %h /links/one; ls -d /gone 2>&1; id -u; id -g; pwd;"
                    + " echo $COLOR $SECRET; exit 7")
            .run();
    assertThat(given.status()).as("%s", given).isEqualTo(7);
    assertThat(given.out())
        .isEqualTo(
            "words:do cat /etc/motd /full/new /links/two; ls /full /links /data/vol;"
                + " stat -c %h /links/one; ls -d /gone 2>&1; id -u; id -g; pwd;"
                + " echo $COLOR $SECRET; exit 7\n"
                + "uppermiddlelinked/data/vol:\n\n/full:\nnew\n\n/links:\none\ntwo\n2\n"
                + "ls: /gone: No such file or directory\n1234\n1235\n/not/there/yet\nblue\n");
    Result other =
        here.ok("run", "--net=none", "--exec=/bin/echo", "--user=0", digest, "--", "one");
    assertThat(other.out()).isEqualTo("one\n");
    assertThat(here.ok("run", "--net=none", "--exec=/bin/echo", digest).out()).isEqualTo("\n");
    here.assertNothingIsLeftAfterGc();
  }

  @Test
  void theAppIsStoppedByTheSignalThatItsImageNames() throws Exception {
    Rkt here = empty();
    here.ok(HTTP, "fetch", signed(), registry.reference("team/app:1"));
    String script = "trap 'exit 42' USR1; echo ready; while :; do sleep 0.05; done";
    try (Running pod = here.pod("ready\n", "run", "--net=none", digest, "--", "do", script)) {
      here.ok("stop", here.uuids().getFirst());
      assertThat(pod.await().status()).isEqualTo(42);
    }
    here.assertNothingIsLeftAfterGc();
  }

  @Test
  void whatIsHereIsSaidAndNotDownloadedAgain() throws Exception {
    Rkt here = empty();
    Result first = here.ok(HTTP, "fetch", signed(), registry.reference("team/app:1"));
    assertThat(first.err()).doesNotContain("here already");
    int before = blobRequests();

    Result second = here.ok(HTTP, "fetch", signed(), registry.reference("team/app:1"));
    assertThat(second.out()).isEqualTo(first.out());
    assertThat(second.err().lines().filter(line -> line.endsWith("here already"))).hasSize(3);
    assertThat(blobRequests() - before).isZero();
  }

  @Test
  void whatIsHereIsFoundByFiveQuestionsOfOneJava() throws Exception {
    Rkt here = empty();
    String[] words = {"--insecure-options=image,http", "fetch", registry.reference("team/app:1")};
    assertThat(javas(here, words)).as("one to look, one with both compilers to fetch").isEqualTo(2);
    long before = requests();
    assertThat(javas(here, words)).isEqualTo(1);
    assertThat(requests() - before).as("tag, referrers, their tag, .sig, .att").isEqualTo(5);
  }

  /** How many programs of Java a command is, one after the other. */
  private static long javas(Rkt here, String... words) throws Exception {
    Path trace = Files.createTempFile(here.home(), "trace-", "");
    Call call =
        here.call(words).under("strace", "-f", "-qq", "-e", "trace=execve", "-o", trace.toString());
    assertThat(call.run().status()).isZero();
    try (var lines = Files.lines(trace)) {
      return lines.filter(l -> l.contains("/bin/java\"") && l.endsWith(" = 0")).count();
    }
  }

  private long requests() throws Exception {
    return registry.log().lines().filter(l -> l.contains(" /v2/team/app/")).count();
  }

  private int blobRequests() throws Exception {
    return (int)
        registry
            .log()
            .lines()
            .filter(l -> l.contains("GET /v2/team/app/blobs") && l.contains("HTTP/1.1\" 200"))
            .count();
  }

  @Test
  void byDigest() throws Exception {
    Rkt here = empty();
    String reference = registry.reference("team/app@" + digest);
    assertThat(here.ok(HTTP, "fetch", signed(), reference).out()).isEqualTo(digest + "\n");
    here.ok("run", "--net=none", reference);

    Tools.refuses(
        here, "not-found", HTTP, "fetch", registry.reference("team/app@sha256:" + "0".repeat(64)));
    Tools.refuses(here, "not-found", HTTP, "fetch", registry.reference("team/app:2"));
    Tools.refuses(here, "not-found", HTTP, "fetch", registry.reference("team/none:1"));
  }

  @Test
  void theImageOfThisMachineOutOfAnIndex() throws Exception {
    Path both = rkt.home().resolve("both");
    OciImage other = OciImage.of(new OciImage.Tar().file("other", "")).architecture("arm64");
    OciImage.writeAll(both, "1", List.of(other, OciImage.ordinary()));
    registry.push(both, "1", "team/both:1");
    Rkt here = empty();

    Result fetched = here.ok(HTTP, "fetch", signed(), registry.reference("team/both:1"));
    assertThat(fetched.out()).isEqualTo(digest + "\n");

    OciImage.writeAll(both, "2", List.of(other));
    registry.push(both, "2", "team/both:2");
    assertThat(
            Tools.refuses(here, "not-found", HTTP, "fetch", registry.reference("team/both:2"))
                .err())
        .contains("linux/arm64");
  }

  @Test
  void layersOfZstd() throws Exception {
    Path zstd = rkt.home().resolve("zstd");
    String id = OciImage.ordinary().zstd(rkt.home()).write(zstd, "1");
    registry.push(zstd, "1", "team/zstd:1");
    Path asc = gpg.sign("registry@example.com", manifest(zstd, id));
    Rkt here = empty();

    here.ok(HTTP, "fetch", "--signature=" + asc, registry.reference("team/zstd:1"));
    assertThat(here.ok("run", "--net=none", id).out()).isEqualTo("words:usual words\n");
  }

  @Test
  void anUnsignedImageIsRefusedWithTheWayOut() throws Exception {
    Rkt here = empty();
    Result refused = Tools.refuses(here, "trust", HTTP, "fetch", registry.reference("team/app:1"));
    assertThat(refused.err()).contains("  fix: ").contains("--signature");
    Tools.refuses(here, "trust", HTTP, "run", registry.reference("team/app:1"));
  }

  @Test
  void aSignatureCountsForItsManifestAndItsPrefixOnly() throws Exception {
    registry.push(layout, "1", "other/app:1");
    registry.push(layout, "1", "teams/app:1");
    Rkt here = empty();
    for (String name : List.of("other/app:1", "teams/app:1")) {
      Tools.refuses(here, "trust", HTTP, "fetch", signed(), registry.reference(name));
    }
    Path changed = rkt.home().resolve("changed");
    OciImage.ordinary().set("User", "\"0\"").write(changed, "1");
    registry.push(changed, "1", "team/changed:1");
    Tools.refuses(here, "trust", HTTP, "fetch", signed(), registry.reference("team/changed:1"));
  }

  @Test
  void aTagThatMovesIsFollowedAsThePolicySays() throws Exception {
    Path old = rkt.home().resolve("old");
    String oldId = OciImage.ordinary().set("Cmd", "[\"old\"]").write(old, "1");
    Path young = rkt.home().resolve("young");
    String youngId = OciImage.ordinary().set("Cmd", "[\"young\"]").write(young, "1");
    String oldSignature = "--signature=" + gpg.sign("registry@example.com", manifest(old, oldId));
    String youngSignature =
        "--signature=" + gpg.sign("registry@example.com", manifest(young, youngId));
    String reference = registry.reference("team/moving:1");
    Rkt here = empty();
    Tools.refuses(here, "not-found", HTTP, "fetch", "--pull-policy=never", oldSignature, reference);

    registry.push(old, "1", "team/moving:1");
    assertThat(here.ok(HTTP, "fetch", "--pull-policy=new", oldSignature, reference).out())
        .isEqualTo(oldId + "\n");
    registry.push(young, "1", "team/moving:1");
    for (String policy : List.of("new", "never")) {
      assertThat(here.ok(HTTP, "fetch", "--pull-policy=" + policy, reference).out())
          .isEqualTo(oldId + "\n");
    }
    assertThat(here.ok("run", "--net=none", reference).out()).isEqualTo("words:old\n");
    Tools.refuses(here, "trust", HTTP, "fetch", oldSignature, reference);
    assertThat(here.ok("run", "--net=none", reference).out()).isEqualTo("words:old\n");

    assertThat(here.ok(HTTP, "fetch", youngSignature, reference).out()).isEqualTo(youngId + "\n");
    assertThat(here.ok("run", "--net=none", reference).out()).isEqualTo("words:young\n");
    assertThat(here.ok("run", "--net=none", oldId).out()).isEqualTo("words:old\n");
  }

  @Test
  void plainHttpOnlyWhenToldSo() throws Exception {
    assertThat(
            Tools.refuses(empty(), "network", "fetch", signed(), registry.reference("team/app:1"))
                .err())
        .contains("  fix: ")
        .contains(HTTP);
  }

  @Test
  void passwordsAreTakenFromDockersConfigAndNeverShown() throws Exception {
    try (Registry closed = Registry.start(rkt.home().resolve("closed"), null, "joe:" + SECRET)) {
      closed.push(layout, "1", "team/app:1");
      String reference = closed.reference("team/app:1");
      Rkt here = empty();
      String[] words = {HTTP + ",image", "--debug", "fetch", reference};
      Path none = Files.createDirectory(rkt.home().resolve("no-config"));
      assertRefused(here, call(here, none, words));
      assertRefused(here, call(here, config(closed.host(), "joe:wrong-" + SECRET), words));
      assertRefused(here, call(here, config("127.0.0.1:1", "joe:" + SECRET), words));

      Result fetched = call(here, config(closed.host(), "joe:" + SECRET), words).run();
      assertThat(fetched.status()).as("%s", fetched).isZero();
      assertThat(fetched.out()).isEqualTo(digest + "\n");
      assertNoSecret(fetched);
    }
  }

  private static Call call(Rkt rkt, Path config, String... words) {
    return rkt.call(words).env("DOCKER_CONFIG", config.toString());
  }

  private static void assertRefused(Rkt rkt, Call call) throws Exception {
    Result refused = call.run();
    assertThat(refused.status()).as("%s", refused).isEqualTo(254);
    assertThat(refused.err()).as("%s", refused).containsPattern("(?m)^network: ");
    assertNoSecret(refused);
    assertThat(rkt.listing().keySet()).noneMatch(name -> name.startsWith("images/"));
  }

  private static void assertNoSecret(Result result) {
    String pair = Base64.getEncoder().encodeToString(("joe:" + SECRET).getBytes(UTF_8));
    assertThat(result.toString())
        .doesNotContain(SECRET)
        .doesNotContain(pair)
        .doesNotContain("Authorization");
  }

  private Path config(String host, String pair) throws Exception {
    Path directory = Files.createTempDirectory(rkt.home(), "docker-");
    Files.writeString(
        directory.resolve("config.json"),
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
            .formatted(host, Base64.getEncoder().encodeToString(pair.getBytes(UTF_8))));
    return directory;
  }

  @Test
  void aServerIsBelievedIfTheChosenAuthorityVouchesForIt() throws Exception {
    Pki pki = Pki.make(rkt.home().resolve("pki"));
    Pki foreign = Pki.make(rkt.home().resolve("pki-foreign"));
    try (Registry secure = Registry.start(rkt.home().resolve("secure"), pki, "joe:" + SECRET)) {
      secure.push(layout, "1", "team/app:1");
      int pushed = secure.log().length();
      String[] words = {"--insecure-options=image", "fetch", secure.reference("team/app:1")};
      Path config = config(secure.host(), "joe:" + SECRET);
      Rkt here = empty();
      assertThat(Tools.refuses(here, "network", 254, call(here, config, words)).err())
          .contains("  fix: SSL_CERT_FILE=");
      Tools.refuses(
          here,
          "network",
          254,
          call(here, config, words).env("SSL_CERT_FILE", foreign.authority().toString()));
      Tools.refuses(here, "network", HTTP, "fetch", secure.reference("team/app:1"));
      assertThat(secure.log().substring(pushed)).doesNotContain("auth.user.name=joe");

      Result fetched =
          call(here, config, words).env("SSL_CERT_FILE", pki.authority().toString()).run();
      assertThat(fetched.status()).as("%s", fetched).isZero();
      String[] anyone = {"--insecure-options=image,tls", "fetch", secure.reference("team/app:1")};
      fetched = call(empty(), config, anyone).run();
      assertThat(fetched.status()).as("%s", fetched).isZero();
      assertOnlyProvenRegistriesAreToldALogin(secure, pki);
    }
  }

  /** The registry is reached under a name that could be anybody's. */
  private void assertOnlyProvenRegistriesAreToldALogin(Registry secure, Pki pki) throws Exception {
    int port = Integer.parseInt(secure.host().substring(secure.host().indexOf(':') + 1));
    Path config = config("origin.test", "joe:" + SECRET);
    try (FakeProxy proxy = new FakeProxy("proxy:pass", port)) {
      String through = "http://proxy:pass@127.0.0.1:" + proxy.port();
      int before = secure.log().length();
      Rkt here = empty();
      String[] anyone = {
        "--insecure-options=image,tls", "fetch", "docker://origin.test/team/app:1"
      };
      Result refused =
          Tools.refuses(
              here, "network", 254, call(here, config, anyone).env("HTTPS_PROXY", through));
      assertThat(refused.err()).contains("wants a login").contains("certificate is not checked");
      assertThat(secure.log().substring(before)).doesNotContain("auth.user.name=joe");
      Result fetched =
          call(here, config, "--insecure-options=image", "fetch", "docker://origin.test/team/app:1")
              .env("HTTPS_PROXY", through)
              .env("SSL_CERT_FILE", pki.authority().toString())
              .run();
      assertThat(fetched.status()).as("%s", fetched).isZero();
    }
  }
}
