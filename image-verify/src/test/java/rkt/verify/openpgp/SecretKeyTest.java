package rkt.verify.openpgp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.SpecException;
import rkt.verify.Gpg;

/** Keys that gpg exported, and signatures by them that gpg verifies. */
class SecretKeyTest {
  private static final byte[] DATA = "to be signed\n".getBytes(UTF_8);
  private static final Instant NOW = Instant.parse("2024-02-01T00:00:00Z");
  private static final PassphraseSource NONE =
      () -> {
        throw new AssertionError("asked for a passphrase");
      };

  @TempDir Path dir;
  private Gpg gpg;

  @BeforeEach
  void open() throws Exception {
    gpg = new Gpg().at("2024-01-01 00:00:00");
  }

  @AfterEach
  void close() throws Exception {
    gpg.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rsa2048", "nistp256", "nistp384", "nistp521", "ed25519"})
  void gpgAndOurRulesAcceptWhatItSigns(String algorithm) throws Exception {
    String id = gpg.key("a", algorithm, "sign", "never");
    SecretKey key = SecretKey.read(exported(id), "key", NONE, NOW);
    assertThat(key.signingKey()).isEqualTo(id);
    byte[] signature = key.sign(new ByteArrayInputStream(DATA), NOW);
    assertThat(new String(signature, UTF_8)).startsWith("-----BEGIN PGP SIGNATURE-----\n\n");
    gpg.at("2024-02-02 00:00:00");
    gpg.run("--verify", write("sig", signature), write("data", DATA));
    assertThat(rule(signature, key)).isEqualTo(Rule.VALID);
    assertThat(gpg.run(key.message(DATA, NOW), "--decrypt")).isEqualTo(DATA);
  }

  @Test
  void aLockedKeyOpensWithItsPassphraseOnlyArmoredOrNot() throws Exception {
    String pass = "pass w\u00f6rd";
    gpg.run("--passphrase", pass, "--quick-generate-key", "a", "ed25519", "sign", "never");
    String id = gpg.fingerprints("a").get(0);
    byte[] armored = gpg.run("--passphrase", pass, "--armor", "--export-secret-keys", id);
    byte[] binary = gpg.run("--passphrase", pass, "--export-secret-keys", id);
    byte[] given = pass.getBytes(UTF_8);
    SecretKey key = SecretKey.read(armored, "key", () -> given, NOW);
    assertThat(given).as("cleared").containsOnly(0);
    assertThat(rule(key.sign(new ByteArrayInputStream(DATA), NOW), key)).isEqualTo(Rule.VALID);
    assertThat(SecretKey.read(binary, "key", () -> pass.getBytes(UTF_8), NOW).signingKey())
        .isEqualTo(id);
    assertThatThrownBy(() -> SecretKey.read(binary, "key", () -> "wrong".getBytes(UTF_8), NOW))
        .isInstanceOf(SpecException.class)
        .hasMessage("the passphrase does not open key");
  }

  @Test
  void theNewestSubkeyThatMaySignNowSigns() throws Exception {
    String id = gpg.key("a", "ed25519", "cert", "never");
    gpg.run("--quick-add-key", id, "ed25519", "sign", "never");
    gpg.at("2024-01-02 00:00:00").run("--quick-add-key", id, "rsa2048", "sign", "60d");
    gpg.run("--quick-add-key", id, "cv25519", "encr", "never");
    List<String> keys = gpg.fingerprints(id);
    byte[] file = exported(id);
    assertThat(SecretKey.read(file, "key", NONE, NOW).signingKey()).isEqualTo(keys.get(2));
    SecretKey later = SecretKey.read(file, "key", NONE, Instant.parse("2024-06-01T00:00:00Z"));
    assertThat(later.signingKey()).isEqualTo(keys.get(1));
    byte[] subkeys = gpg.run("--export-secret-subkeys", id);
    SecretKey without = SecretKey.read(subkeys, "key", NONE, NOW);
    assertThat(without.signingKey()).isEqualTo(keys.get(2));
    assertThat(rule(without.sign(new ByteArrayInputStream(DATA), NOW), without))
        .isEqualTo(Rule.VALID);
  }

  @Test
  void aKeyThatMayNotSignNowIsRefusedWithTheReason() throws Exception {
    String old = gpg.key("old", "ed25519", "sign", "10d");
    String weak = gpg.key("weak", "rsa1024", "sign", "never");
    String certifies = gpg.key("certifies", "ed25519", "cert", "never");
    refuses(exported(old), Rule.KEY_EXPIRED);
    refuses(exported(weak), Rule.ALGORITHM);
    refuses(exported(certifies), Rule.KEY_USAGE);
    gpg.run("--quick-add-key", certifies, "cv25519", "encr", "never");
    byte[] subkeys = gpg.run("--export-secret-subkeys", certifies);
    refuses(subkeys, Rule.ALGORITHM);
  }

  @Test
  void publicKeysTwoKeysAndRubbishAreNoSecretKey() throws Exception {
    String a = gpg.key("a", "ed25519", "sign", "never");
    String b = gpg.key("b", "ed25519", "sign", "never");
    refuses(gpg.export(a), Rule.MALFORMED);
    refuses(gpg.run("--export", a), Rule.MALFORMED);
    refuses(gpg.run("--export-secret-keys", a, b), Rule.MALFORMED);
    refuses(DATA, Rule.MALFORMED);
    refuses(new byte[0], Rule.MALFORMED);
    byte[] cut = gpg.run("--export-secret-keys", a);
    refuses(Arrays.copyOf(cut, 30), Rule.MALFORMED);
  }

  @Test
  void joinedSignaturesAreEachJudged() throws Exception {
    String a = gpg.key("a", "ed25519", "sign", "never");
    SecretKey key = SecretKey.read(exported(a), "key", NONE, NOW);
    byte[] first = gpg.sign(DATA, gpg.key("b", "rsa2048", "sign", "never"));
    byte[] both = DetachedSignatures.join(first, key.sign(new ByteArrayInputStream(DATA), NOW));
    List<DetachedSignatures.Finding> findings =
        DetachedSignatures.read(both)
            .judge(new ByteArrayInputStream(DATA), List.of(key.certificate()), NOW);
    assertThat(findings)
        .extracting(DetachedSignatures.Finding::rule)
        .containsExactly(Rule.UNKNOWN_KEY, Rule.VALID);
    byte[] rescued = DetachedSignatures.join(DATA, key.sign(new ByteArrayInputStream(DATA), NOW));
    assertThat(rule(rescued, key)).isEqualTo(Rule.VALID);
  }

  private byte[] exported(String id) {
    return gpg.run("--armor", "--export-secret-keys", id);
  }

  private static void refuses(byte[] file, Rule rule) {
    assertThatThrownBy(() -> SecretKey.read(file, "key", NONE, NOW))
        .isInstanceOfSatisfying(
            TrustException.class,
            e -> {
              assertThat(e.rule()).isEqualTo(rule);
              assertThat(e.fix()).isNotNull();
            });
  }

  private static Rule rule(byte[] signature, SecretKey key) throws Exception {
    return DetachedSignatures.read(signature)
        .judge(new ByteArrayInputStream(DATA), List.of(key.certificate()), NOW)
        .get(0)
        .rule();
  }

  private String write(String name, byte[] bytes) throws Exception {
    return Files.write(dir.resolve(name), bytes).toString();
  }
}
