package rkt.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;

/** Keys that are shown, masked and added without asking; policies that are explained. */
class TrustCommandsTest {
  private static final Path FIXTURES = Path.of("src/main/training").toAbsolutePath();
  private static final Path VECTORS = Path.of("../spec/vectors/trust").toAbsolutePath();
  private static final String NOBODY = "0123456789abcdef0123456789abcdef01234567";

  @TempDir Path directory;
  private Cli cli;
  private String fingerprint;

  @BeforeEach
  void cli() {
    cli = new Cli(directory);
    fingerprint = cli.rkt("trust", "--root", key("ed25519.asc")).out().strip();
  }

  private static String key(String name) {
    return FIXTURES.resolve(name).toString();
  }

  private String fetched() {
    Cli.Result result = cli.rkt("fetch", key("image.aci"));
    assertThat(result.status()).as(result.err()).isZero();
    return result.out().strip();
  }

  private Path policy(String prefix, String requirement) throws IOException {
    Path file = directory.resolve("local/policy.d").resolve(prefix).resolve("policy.json");
    Files.createDirectories(file.getParent());
    return Files.writeString(
        file, "{\"rktKind\":\"policy\",\"rktVersion\":\"v1\",\"require\":" + requirement + "}");
  }

  @Test
  void aKeyIsAddedWithoutAskingOnlyIfItIsTheOneThatWasMeant() {
    cli.rkt("trust", "remove", "--root", fingerprint);
    Cli.Result other = cli.rkt("trust", "--root", "--fingerprint=" + NOBODY, key("ed25519.asc"));
    assertThat(other.status()).isEqualTo(254);
    assertThat(other.err()).startsWith("usage: ").contains(fingerprint).contains(NOBODY);
    // One of two that is another: neither is trusted.
    String both = "--fingerprint=" + fingerprint;
    assertThat(cli.rkt("trust", "--root", both, key("ed25519.asc"), key("rsa3072.asc")).status())
        .isEqualTo(254);
    assertThat(cli.rkt("trust", "list", "--format=json").out()).isEmpty();

    String grouped = fingerprint.substring(0, 20) + " " + fingerprint.substring(20);
    Cli.Result right =
        cli.rkt(
            "trust",
            "--root",
            "--fingerprint=" + grouped.toUpperCase(Locale.ROOT),
            key("ed25519.asc"));
    assertThat(right.out()).isEqualTo(fingerprint + "\n");
  }

  @Test
  void nothingIsTrustedThatIsNotRecorded() throws Exception {
    cli.rkt("trust", "remove", "--root", fingerprint);
    List<String> before = trustRecords();
    assertThat(before).hasSize(2);
    assertThat(before.getFirst())
        .contains("\"action\":\"add\",\"scope\":\"root\",\"key\":\"" + fingerprint + "\"");

    // Each key is looked at before any is trusted: what is none leaves neither a key nor a record.
    Path broken = Files.writeString(directory.resolve("broken.asc"), "no key");
    for (String[] keys :
        new String[][] {
          {broken.toString()},
          {key("ed25519.asc"), broken.toString()},
          {key("ed25519.asc"), directory.resolve("absent.asc").toString()}
        }) {
      List<String> words = new ArrayList<>(List.of("trust", "--prefix=example.com"));
      words.addAll(List.of(keys));
      assertThat(cli.rkt(words.toArray(new String[0])).status()).isEqualTo(254);
    }
    assertThat(trustRecords()).isEqualTo(before);
    assertThat(cli.rkt("trust", "list", "--format=json").out()).isEmpty();

    Path audit = cli.data().resolve("audit");
    Path kept = Files.move(audit, directory.resolve("audit"));
    Files.writeString(audit, "in the way");
    Cli.Result unrecorded = cli.rkt("trust", "--prefix=example.com", key("ed25519.asc"));
    assertThat(unrecorded.status()).isEqualTo(254);
    assertThat(unrecorded.out()).isEmpty();
    Files.delete(audit);
    Files.move(kept, audit);
    assertThat(cli.rkt("trust", "list", "--format=json").out()).isEmpty();
    assertThat(cli.rkt("trust", "--prefix=example.com", key("ed25519.asc")).out())
        .isEqualTo(fingerprint + "\n");
    assertThat(trustRecords()).hasSize(3);
    assertThat(trustRecords().getLast()).contains("\"scope\":\"example.com\"");
  }

  private List<String> trustRecords() {
    return cli.rkt("audit", "log", "--event=trust", "--format=json").out().lines().toList();
  }

  @Test
  void anImageOfAnotherNameThanDiscoveryWasAskedForIsRefusedAndRecorded() throws Exception {
    Map<String, byte[]> served = new HashMap<>();
    served.put("/image.aci", Files.readAllBytes(Path.of(key("image.aci"))));
    served.put("/image.aci.asc", Files.readAllBytes(Path.of(key("image.aci.asc"))));
    served.put("/cut.aci", Arrays.copyOf(served.get("/image.aci"), 100));
    served.put("/cut.aci.asc", served.get("/image.aci.asc"));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          String page =
              "<html><head><meta name=\"ac-discovery\" content=\"example.org"
                  + " http://files.example.org/%s.{ext}\"></head></html>"
                      .formatted(path.equals("/cut") ? "cut" : "image");
          byte[] body = served.getOrDefault(path, page.getBytes(StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    try {
      String proxy = "http://127.0.0.1:" + server.getAddress().getPort();
      cli.withEnvironment(Map.of("http_proxy", proxy));
      String[] words = {"--insecure-options=http", "fetch", "example.org/other:1,colour=red"};
      Cli.Result refused = cli.rkt(words);
      assertThat(refused.status()).isEqualTo(254);
      assertThat(refused.err())
          .contains("trust: http://files.example.org/image.aci is example.com/")
          .contains(", and not example.org/other:1,colour=red");
      List<String> verdicts = verdicts();
      String signed = Digest.sha256(served.get("/image.aci")).toString();
      assertThat(verdicts).hasSize(1);
      assertThat(verdicts.getFirst())
          .contains("\"accepted\":false", "\"rule\":\"other-prefix\"", signed);
      assertThat(cli.rkt("image", "list", "--no-legend").out()).isEmpty();

      // With nobody to judge there is no other verdict, but the name is no less another one.
      Cli.Result bypassed =
          cli.rkt("--insecure-options=http,image", "fetch", "example.org/other:1,colour=red");
      assertThat(bypassed.err()).contains("trust: ");
      assertThat(verdicts()).hasSize(2);
      assertThat(verdicts().getLast()).contains("\"accepted\":false", "\"rule\":\"other-prefix\"");

      // What could not be read was not judged by its name.
      assertThat(cli.rkt("--insecure-options=http,image", "fetch", "example.org/cut").err())
          .contains("integrity: ");
      assertThat(verdicts()).hasSize(2);
    } finally {
      server.stop(0);
    }
  }

  private List<String> verdicts() throws Exception {
    String log = cli.rkt("audit", "log", "--event=verdict", "--format=json").out();
    Schemas.check("audit-record", log);
    return log.lines().toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0123456789abcdef", "x", "0123456789abcdef0123456789abcdef0123456789"})
  void onlyAWholeFingerprintWillDo(String fingerprint) {
    Cli.Result result =
        cli.rkt("trust", "--root", "--fingerprint=" + fingerprint, key("rsa3072.asc"));
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).startsWith("usage: ");
  }

  @Test
  void aKeyFromAWebServerComesByHttps() {
    Cli.Result result =
        cli.rkt("trust", "--root", "--fingerprint=" + fingerprint, "http://127.0.0.1:1/key.asc");
    assertThat(result.status()).isEqualTo(254);
    assertThat(result.err()).contains("https");
  }

  @Test
  void aKeyIsShownWithItsEndAndItsSubkeys() throws Exception {
    cli.rkt("trust", "--prefix=a.example.com", VECTORS.resolve("key-expired/key.asc").toString());
    cli.rkt("trust", "--prefix=b.example.com", VECTORS.resolve("revoked-1/key.asc").toString());
    Cli.Result list = cli.rkt("trust", "list");
    assertThat(list.out())
        .contains("EXPIRES")
        .contains("key-expired")
        .contains("key-revoked")
        .contains("never");
    String json = cli.rkt("trust", "list", "--format=json").out();
    String expired =
        json.lines().filter(line -> line.contains("\"key-expired\"")).findFirst().get();
    assertThat(expired).contains("\"expires\":\"20");
    Schemas.check("trust-list", expired + "\n");

    Cli.Result shown = cli.rkt("trust", "show", fingerprint.substring(24));
    assertThat(shown.out())
        .startsWith("key " + fingerprint + "\n  trusted for: root\n")
        .contains("\n  expires: never\n  state: valid\n  primary key " + fingerprint);
    Cli.Result one = cli.rkt("trust", "show", "--format=json", fingerprint);
    assertThat(one.out()).contains("\"keys\":[{\"fingerprint\":\"" + fingerprint + "\"");
    Schemas.check("trust-list", one.out());
    assertThat(cli.rkt("trust", "show", NOBODY).err()).startsWith("not-found: ");
  }

  @Test
  void aMaskedKeyIsNotTrustedUntilTheMaskIsTakenAway() throws Exception {
    Path system = directory.resolve("system/trustedkeys/root.d");
    Files.createDirectories(system);
    Path local = directory.resolve("local/trustedkeys/root.d").resolve(fingerprint);
    Files.move(local, system.resolve(fingerprint));
    String id = fetched();

    assertThat(cli.rkt("trust", "mask", "--root", fingerprint).out()).isEqualTo(fingerprint + "\n");
    assertThat(local).isEmptyFile();
    assertThat(cli.rkt("trust", "list", "--format=json").out()).isEmpty();
    assertThat(cli.rkt("trust", "policy", "check", id).status()).isEqualTo(254);
    Cli.Result masked = cli.rkt("trust", "list", "--masked", "--format=json");
    assertThat(masked.out()).contains("\"masked\":true,\"hides\":true}");
    Schemas.check("trust-mask", masked.out());
    assertThat(cli.rkt("trust", "show", fingerprint).out()).startsWith("masked " + fingerprint);

    assertThat(cli.rkt("trust", "mask", "--undo", "--root", fingerprint).status()).isZero();
    assertThat(cli.rkt("trust", "policy", "check", id).status()).isZero();
    assertThat(cli.rkt("trust", "mask", "--undo", "--root", fingerprint).err())
        .startsWith("not-found: ");
    String log = cli.rkt("audit", "log", "--event=trust", "--format=json").out();
    assertThat(log).contains("\"action\":\"mask\"").contains("\"action\":\"unmask\"");
    Schemas.check("audit-record", log);
  }

  @Test
  void aMaskedKeyIsTrustedAgainOnlyByWhoeverMeansIt() throws Exception {
    cli.rkt("trust", "mask", "--root", fingerprint);
    byte[] bytes = Files.readAllBytes(Path.of(key("ed25519.asc")));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/key.asc",
        exchange -> {
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    try {
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/key.asc";
      String[] unseen = {
        "--insecure-options=pubkey",
        "trust",
        "--prefix=example.com",
        "--skip-fingerprint-review",
        url
      };
      Cli.Result masked = cli.rkt(unseen);
      assertThat(masked.status()).isEqualTo(254);
      assertThat(masked.err())
          .contains("which is masked for root\n")
          .contains("\n  fix: rkt trust mask --undo --root " + fingerprint);
      assertThat(cli.rkt("trust", "list", "--format=json").out()).isEmpty();
      Cli.Result meant =
          cli.rkt(
              "--insecure-options=pubkey",
              "trust",
              "--prefix=example.com",
              "--fingerprint=" + fingerprint,
              url);
      assertThat(meant.out()).isEqualTo(fingerprint + "\n");
      cli.rkt("trust", "remove", "--prefix=example.com", fingerprint);
      cli.rkt("trust", "mask", "--undo", "--root", fingerprint);
      assertThat(cli.rkt(unseen).out()).isEqualTo(fingerprint + "\n");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aKeyOfTheAdministratorIsMaskedInItsPlace() {
    cli.rkt("trust", "mask", "--root", fingerprint);
    assertThat(cli.rkt("trust", "list", "--format=json").out()).isEmpty();
    assertThat(cli.rkt("trust", "list", "--masked").out()).contains("which nobody trusts there");
  }

  @Test
  void whatIsAskedOfANameIsToldWithoutAnyImage() throws Exception {
    Cli.Result none = cli.rkt("trust", "policy", "check", "example.org/app");
    assertThat(none)
        .isEqualTo(
            new Cli.Result(
                0,
                """
                example.org/app: not in the store
                policy: none; a key that is trusted for the name must have signed it
                  openpgp: signed by an OpenPGP key that is trusted for the name
                """,
                ""));
    Path file = policy("example.org", "{\"type\":\"any-of\",\"of\":[{\"type\":\"reject\"}]}");
    assertThat(cli.rkt("trust", "policy", "check", "docker://example.org/app:1").out())
        .isEqualTo(
            """
            example.org/app: not in the store
            policy: %s, for example.org, local
              any-of: 1 of 1
                reject: nothing
            """
                .formatted(file));
    Cli.Result json = cli.rkt("trust", "policy", "check", "--format=json", "example.org/app");
    Schemas.check("policy-check", json.out());
    assertThat(json.out()).contains("\"scope\":\"example.org\"");
    Files.writeString(file, "{}");
    Cli.Result broken = cli.rkt("trust", "policy", "check", "example.org/app");
    assertThat(broken.status()).isEqualTo(254);
    assertThat(broken.err()).startsWith("trust: the policy cannot be used: " + file);
    assertThat(cli.rkt("trust", "policy", "check", "./absent.aci").err()).startsWith("usage: ");
  }

  @Test
  void aVerdictIsExplainedRuleByRule() throws Exception {
    String id = fetched();
    Path file =
        policy(
            "example.com",
            "{\"type\":\"all-of\",\"of\":[{\"type\":\"openpgp\"},{\"type\":\"openpgp\","
                + "\"fingerprints\":[\""
                + NOBODY
                + "\"]}]}");
    Cli.Result refused = cli.rkt("trust", "policy", "check", id);
    assertThat(refused.status()).isEqualTo(254);
    assertThat(refused.out())
        .contains(
            "(" + id + "): refused, rule policy\npolicy: " + file + ", for example.com, local")
        .contains("\n  no   all-of: 2 of 2 - 1 of 2 is met\n    yes  openpgp: signed by")
        .contains("\n    no   openpgp: signed by one of the OpenPGP keys " + NOBODY);
    assertThat(refused.err()).startsWith("trust: ").contains(file.toString());
    Cli.Result json = cli.rkt("trust", "policy", "check", "--format=json", id);
    Schemas.check("policy-check", json.out());
    assertThat(json.out()).contains("\"rule\":\"policy\"").contains("\"met\":false");

    policy("example.com", "{\"type\":\"openpgp\"}");
    assertThat(cli.rkt("trust", "policy", "check", id).status()).isZero();
  }

  @Test
  void aPolicyDecidesWhatIsFetchedAndTheAuditLogNamesIt() throws Exception {
    Path file = policy("example.com", "{\"type\":\"reject\"}");
    Cli.Result refused = cli.rkt("fetch", key("image.aci"));
    assertThat(refused.status()).isEqualTo(254);
    assertThat(refused.err()).contains("\ntrust: ").contains(file.toString());
    policy("example.com", "{\"type\":\"accept-unsigned\"}");
    cli.rkt("trust", "remove", "--root", fingerprint);
    Cli.Result nameless = cli.rkt("fetch", key("image.aci"));
    assertThat(nameless.err()).contains("\ntrust: ");
    Cli.Result accepted = cli.rkt("fetch", "--image-name=example.com/training", key("image.aci"));
    assertThat(accepted.status()).as(accepted.err()).isZero();
    String log = cli.rkt("audit", "log", "--event=verdict", "--format=json").out();
    assertThat(log.lines().toList()).hasSize(3);
    assertThat(log.lines().findFirst().orElseThrow())
        .contains("\"accepted\":false,\"bypassed\":false,\"rule\":\"rejected\"")
        .contains("\"policy\":\"" + file + "\"");
    assertThat(log.lines().skip(2).findFirst().orElseThrow())
        .contains("\"accepted\":true,\"bypassed\":false,\"rule\":\"accept-unsigned\"")
        .contains("\"policy\":\"" + file + "\"");
    Schemas.check("audit-record", log);
  }
}
