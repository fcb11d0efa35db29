package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rkt.fetch.transport.Surroundings;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.ImageId;
import rkt.spec.image.MediaType;
import rkt.spec.store.Store;

/** Where logins are found, and to whom they are shown. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class LoginTest {
  private static final String SECRET = "hunter2-the-secret";

  @TempDir Path home;
  private FakeRegistry registry;
  private Store store;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void start() throws Exception {
    registry = new FakeRegistry();
    store = Store.at(home.resolve("data"));
    store.begin().close();
    environment.put("HOME", home.toString());
    environment.put("PATH", Objects.requireNonNull(System.getenv("PATH")));
    registry.guard("/v2/app/manifests/1", basic(SECRET), "Basic realm=\"registry\"");
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  private static String basic(String password) {
    String pair = "user:" + password;
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  private static String auths(String key, String password) {
    String auth = basic(password).substring("Basic ".length());
    return "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(key, auth);
  }

  private void write(String file, String text) throws IOException {
    Path path = home.resolve(file);
    Files.createDirectories(Objects.requireNonNull(path.getParent()));
    Files.writeString(path, text);
  }

  @Test
  void theFilesAreAskedInTheUsualOrder() throws Exception {
    String host = registry.authority();
    environment.put("XDG_RUNTIME_DIR", home.resolve("run").toString());
    List<String> places =
        List.of(
            ".dockercfg",
            ".docker/config.json",
            ".config/containers/auth.json",
            "run/containers/auth.json",
            "demanded.json");
    for (String place : places) {
      String text = auths(host, "of-" + place.replaceAll("[^a-z]", ""));
      boolean legacy = place.equals(".dockercfg");
      write(place, legacy ? text.substring("{\"auths\":".length(), text.length() - 1) : text);
      if (place.equals("demanded.json")) {
        environment.put("REGISTRY_AUTH_FILE", home.resolve(place).toString());
      }
      registry.log.clear();
      refused(ErrorClass.NETWORK);
      assertThat(registry.log)
          .as(place)
          .contains("/v2/app/manifests/1 " + basic("of-" + place.replaceAll("[^a-z]", "")));
    }
    Files.delete(home.resolve("demanded.json"));
    assertThat(refused(ErrorClass.USAGE)).hasMessageContaining("REGISTRY_AUTH_FILE");
  }

  @Test
  void theEntryWithMostOfTheNameWins() throws Exception {
    String host = registry.authority();
    String right = auths(host + "/app", SECRET);
    String inner = right.substring("{\"auths\":{".length(), right.length() - 2);
    String wrong = auths(host, "wrong");
    write(".docker/config.json", wrong.substring(0, wrong.length() - 2) + "," + inner + "}}");
    assertThat(fetch()).isNotNull();
    write(".docker/config.json", auths(host + "/ap", SECRET));
    refused(ErrorClass.NETWORK);
    write(".docker/config.json", auths("https://" + host + "/v2/", SECRET));
    assertThat(fetch()).isNotNull();
  }

  @Test
  void aHelperIsAskedForThisHostAndBelieved() throws Exception {
    helper(
        "good",
        "read server; [ \"$1 $server\" = \"get "
            + registry.authority()
            + "\" ] || exit 9\n"
            + "echo '{\"ServerURL\":\"x\",\"Username\":\"user\",\"Secret\":\""
            + SECRET
            + "\"}'");
    write(
        ".docker/config.json",
        "{\"credHelpers\":{\"%s\":\"good\"}}".formatted(registry.authority()));
    assertThat(fetch()).isNotNull();
    write(".docker/config.json", "{\"credsStore\":\"good\"}");
    assertThat(fetch()).isNotNull();
    write(".docker/config.json", "{\"credHelpers\":{\"other.example.com\":\"good\"}}");
    refused(ErrorClass.NETWORK);
  }

  @Test
  void aHelperThatFailsEndsTheFetchWithoutTellingWhatItSaid() throws Exception {
    write(
        ".docker/config.json",
        "{\"credsStore\":\"bad\",\"auths\":{\"%s\":{}}}".formatted(registry.authority()));
    for (String script :
        List.of(
            "echo " + SECRET + "; exit 1",
            "echo '{\"Secret\":" + SECRET + "}'",
            "echo " + SECRET + " >&2; kill -9 $$",
            "echo '[]'")) {
      helper("bad", script);
      registry.log.clear();
      refused(ErrorClass.NETWORK);
      assertThat(registry.log).as(script).isEmpty();
    }
    write(".docker/config.json", "{\"credsStore\":\"not-installed\"}");
    refused(ErrorClass.NETWORK);
    write(".docker/config.json", "{\"credsStore\":\"../../bin/sh\"}");
    refused(ErrorClass.USAGE);
  }

  @Test
  void aHelperWithoutALoginLeavesTheFilesToBeAsked() throws Exception {
    helper("none", "echo 'credentials not found in native keychain'; exit 1");
    String text = auths(registry.authority(), SECRET);
    write(".docker/config.json", "{\"credsStore\":\"none\"," + text.substring(1));
    assertThat(fetch()).isNotNull();
  }

  @Test
  void anIdentityTokenIsExchangedAndNeverSentToTheRegistry() throws Exception {
    List<String> forms = new ArrayList<>();
    registry.on(
        "/token",
        exchange -> {
          forms.add(
              exchange.getRequestMethod()
                  + " "
                  + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          FakeRegistry.answer(
              exchange, 200, Fixtures.utf8("{\"access_token\":\"t0ken\"}"), "application/json");
        });
    registry.serve("/v2/app/manifests/1", registry.manifest, MediaType.OCI_MANIFEST);
    registry.guard(
        "/v2/app/manifests/1",
        "Bearer t0ken",
        "Bearer realm=\"http://" + registry.authority() + "/token\",service=\"s\"");
    write(
        ".docker/config.json",
        "{\"auths\":{\"%s\":{\"identitytoken\":\"%s\"}}}".formatted(registry.authority(), SECRET));
    assertThat(fetch()).isNotNull();
    assertThat(forms)
        .singleElement()
        .asString()
        .startsWith("POST grant_type=refresh_token&")
        .contains("refresh_token=" + SECRET, "service=s");
    assertThat(registry.log).noneMatch(line -> line.contains(SECRET));
  }

  @Test
  void rktsOwnLoginsComeFirst() throws Exception {
    write(".docker/config.json", auths(registry.authority(), "wrong"));
    write(
        "local/auth.d/registry.json",
        """
        {"rktKind":"dockerAuth","rktVersion":"v1","registries":["%s"],
         "credentials":{"user":"user","password":"%s"}}\
        """
            .formatted(registry.authority(), SECRET));
    write("local/auth.d/notes.txt", "not read");
    write(
        "system/auth.d/registry.json",
        """
        {"rktKind":"dockerAuth","rktVersion":"v1","registries":["%s"],
         "credentials":{"user":"user","password":"wrong"}}\
        """
            .formatted(registry.authority()));
    assertThat(fetch()).isNotNull();
  }

  @Test
  void aWebServerGetsTheLoginOfItsDomainAndNoOtherDoes() throws Exception {
    write(
        "local/auth.d/web.json",
        """
        {"rktKind":"auth","rktVersion":"v1","domains":["%s"],"type":"oauth",
         "credentials":{"token":"%s"}}\
        """
            .formatted(registry.authority(), SECRET));
    registry.serve("/app.aci", Fixtures.aci(), "text/plain");
    registry.guard("/app.aci", "Bearer " + SECRET, "Bearer");
    try (FakeRegistry other = new FakeRegistry()) {
      other.on("/app.aci", FakeRegistry.redirect("http://" + registry.authority() + "/app.aci"));
      refused("http://" + other.authority() + "/app.aci", ErrorClass.NETWORK);
      assertThat(other.log).allMatch(line -> line.endsWith(" -"));
      assertThat(fetch("http://" + registry.authority() + "/app.aci")).isNotNull();
      registry.on("/app.aci", FakeRegistry.redirect("http://" + other.authority() + "/x.aci"));
      other.serve("/x.aci", Fixtures.aci(), "text/plain");
      assertThat(fetch("http://" + registry.authority() + "/app.aci")).isNotNull();
      assertThat(other.log).allMatch(line -> line.endsWith(" -"));
    }
  }

  @Test
  void requestsToAWebServerAreSignedWithAKeyOfAmazons() throws Exception {
    write(
        "local/auth.d/web.json",
        """
        {"rktKind":"auth","rktVersion":"v1","domains":["%s"],"type":"aws",
         "credentials":{"accessKeyID":"AKID","secretAccessKey":"%s","awsRegion":"eu-west-1"}}\
        """
            .formatted(registry.authority(), SECRET));
    registry.serve("/app.aci", Fixtures.aci(), "text/plain");
    assertThat(fetch("http://" + registry.authority() + "/app.aci")).isNotNull();
    assertThat(registry.log)
        .isNotEmpty()
        .allMatch(line -> line.contains(" AWS4-HMAC-SHA256 Credential=AKID/"))
        .allMatch(line -> line.contains("/eu-west-1/s3/aws4_request,"))
        .noneMatch(line -> line.contains(SECRET));
    write(
        "local/auth.d/second.json",
        """
        {"rktKind":"auth","rktVersion":"v1","domains":["%s"],"type":"oauth",
         "credentials":{"token":"%s"}}\
        """
            .formatted(registry.authority(), SECRET));
    refused("http://" + registry.authority() + "/app.aci", ErrorClass.USAGE);
  }

  @Test
  void noLoginLeavesThisMachineInTheClear() throws Exception {
    environment.put("HTTP_PROXY", "http://" + registry.authority());
    write(".docker/config.json", auths("origin.test", SECRET));
    assertThat(refused("docker://origin.test/app:1", ErrorClass.NETWORK).fix())
        .contains("by https alone");
    write("local/auth.d/oauth.json", rktAuth("oauth", "\"token\":\"%s\""));
    registry.guard("/v2/app/manifests/1", "Bearer " + SECRET, "Basic realm=\"registry\"");
    registry.serve("/app.aci", Fixtures.aci(), "text/plain");
    registry.guard("/app.aci", "Bearer " + SECRET, "Bearer");
    assertThat(refused("http://origin.test/app.aci", ErrorClass.NETWORK).fix())
        .contains("by https alone");
    write(
        "local/auth.d/oauth.json",
        rktAuth("aws", "\"accessKeyID\":\"AKID\",\"secretAccessKey\":\"%s\""));
    refused("http://origin.test/app.aci", ErrorClass.NETWORK);
    refused("origin.test/app:1", ErrorClass.NOT_FOUND);
    assertThat(registry.log).isNotEmpty().allMatch(line -> line.endsWith(" -"));
  }

  private static String rktAuth(String type, String credentials) {
    return """
    {"rktKind":"auth","rktVersion":"v1","domains":["origin.test"],"type":"%s","credentials":{%s}}\
    """
        .formatted(type, credentials.formatted(SECRET));
  }

  @Test
  void aBrokenFileOfLoginsIsNamedAndNotQuoted() throws Exception {
    for (String text :
        List.of(SECRET, "{\"auths\":" + SECRET, "{\"auths\":{\"x\":\"" + SECRET + "\"")) {
      write(".docker/config.json", text);
      assertThat(refused(ErrorClass.USAGE)).hasMessageContaining("config.json");
    }
    Files.delete(home.resolve(".docker/config.json"));
    for (String text :
        List.of(
            "{\"rktKind\":\"auth\",\"rktVersion\":\"v2\",\"credentials\":{}}",
            "{\"rktKind\":\"auth\",\"rktVersion\":\"v1\",\"type\":\"kerberos\",\"credentials\":{}}",
            "{\"rktKind\":\"other\",\"rktVersion\":\"v1\",\"credentials\":{}}",
            "{" + SECRET)) {
      write("local/auth.d/x.json", text);
      assertThat(refused(ErrorClass.USAGE)).hasMessageContaining("x.json");
    }
  }

  @Test
  void aForeignLayersUrlIsNeverAsked() throws Exception {
    try (FakeRegistry evil = new FakeRegistry()) {
      evil.guard("/v2/app/manifests/1", basic(SECRET), "Basic realm=\"give me the password\"");
      String manifest = new String(registry.manifest, StandardCharsets.UTF_8);
      int end = manifest.lastIndexOf("}]");
      byte[] foreign =
          Fixtures.utf8(
              manifest.substring(0, end)
                  + ",\"urls\":[\"http://"
                  + evil.authority()
                  + "/v2/app/manifests/1\"]}]}");
      registry.serve("/v2/app/manifests/1", foreign, MediaType.OCI_MANIFEST);
      registry.guard("/v2/app/manifests/1", basic(SECRET), "Basic realm=\"registry\"");
      write(".docker/config.json", auths(registry.authority(), SECRET));
      assertThat(fetch()).isNotNull();
      registry.on(
          FakeRegistry.blob(registry.layer),
          exchange -> FakeRegistry.answer(exchange, 404, new byte[0], "text/plain"));
      store = Store.at(home.resolve("other"));
      refused(ErrorClass.NOT_FOUND);
      assertThat(evil.log).isEmpty();
    }
  }

  private void helper(String name, String script) throws IOException {
    Path bin = Files.createDirectories(home.resolve("bin"));
    Path file = bin.resolve("docker-credential-" + name);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    String path = Objects.requireNonNull(System.getenv("PATH"));
    environment.put("PATH", bin + ":" + path);
  }

  private Fetcher fetcher() {
    return new Fetcher(
        store,
        FetchOptions.of(environment)
            .withSurroundings(
                new Surroundings(
                    environment,
                    home.resolve("etc"),
                    List.of(home.resolve("system"), home.resolve("local"))))
            .withInsecure(true, false)
            .withPatience(Fixtures.BRISK));
  }

  private ImageId fetch() throws Exception {
    return fetch(registry.reference());
  }

  private ImageId fetch(String text) throws Exception {
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(text, home))) {
      fetched.commit(false, Map.of());
      return fetched.image().id();
    }
  }

  private RktException refused(ErrorClass expected) throws Exception {
    return refused(registry.reference(), expected);
  }

  private RktException refused(String text, ErrorClass expected) throws Exception {
    try (Fetched fetched = fetcher().fetch(ImageRef.parse(text, home))) {
      throw new AssertionError("was fetched: " + fetched.image());
    } catch (RktException e) {
      assertThat(e.errorClass()).as(e.getMessage()).isEqualTo(expected);
      StringBuilder all = new StringBuilder(e.getMessage() + e.fix());
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        all.append(cause);
      }
      assertThat(all.toString()).doesNotContain(SECRET).doesNotContain("t0ken");
      return e;
    }
  }
}
