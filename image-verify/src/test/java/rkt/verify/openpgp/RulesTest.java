package rkt.verify.openpgp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.Digest;
import rkt.verify.Gpg;

/** Every rule, with keys and signatures that gpg made on chosen days. */
class RulesTest {
  private static final byte[] DATA = "signed bytes\r\n".getBytes(StandardCharsets.UTF_8);

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
  @ValueSource(strings = {"rsa2048", "rsa4096", "nistp256", "nistp384", "nistp521", "ed25519"})
  void everyAcceptedAlgorithmVerifies(String algorithm) throws Exception {
    String key = gpg.key("a", algorithm, "sign", "never");
    gpg.at("2024-02-01 00:00:00");
    // gpg uses no hash that is shorter than the curve.
    List<String> hashes =
        switch (algorithm) {
          case "nistp384" -> List.of("SHA384", "SHA512");
          case "nistp521" -> List.of("SHA512");
          default -> List.of("SHA256", "SHA384", "SHA512");
        };
    for (String hash : hashes) {
      byte[] signature = gpg.sign(DATA, key, "--digest-algo", hash);
      assertThat(judge(signature, key, "2024-03-01T00:00:00Z")).as(hash).isEqualTo(Rule.VALID);
      assertThat(judge(signature, key, "2024-03-01T00:00:00Z", "other bytes"))
          .isEqualTo(Rule.BAD_SIGNATURE);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dsa2048", "rsa1024", "brainpoolP256r1", "secp256k1"})
  void otherAlgorithmsAndShortKeysAreRefused(String algorithm) throws Exception {
    String key = gpg.key("a", algorithm, "sign", "never");
    byte[] signature = gpg.sign(DATA, key);
    assertThat(judge(signature, key, "2024-03-01T00:00:00Z")).isEqualTo(Rule.ALGORITHM);
  }

  @ParameterizedTest
  @ValueSource(strings = {"SHA1", "RIPEMD160", "SHA224"})
  void otherHashesAreRefused(String hash) throws Exception {
    String key = gpg.key("a", "rsa2048", "sign", "never");
    byte[] signature = gpg.sign(DATA, key, "--digest-algo", hash, "--allow-weak-digest-algos");
    assertThat(judge(signature, key, "2024-03-01T00:00:00Z")).isEqualTo(Rule.HASH);
  }

  @Test
  void aTextModeSignatureIsRefused() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    assertThat(judge(gpg.sign(DATA, key, "--textmode"), key, "2024-03-01T00:00:00Z"))
        .isEqualTo(Rule.TYPE);
  }

  @Test
  void aSignatureFromTheFutureIsRefusedBeyondFiveMinutes() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    byte[] signature = gpg.at("2024-06-01 12:00:00").sign(DATA, key);
    assertThat(judge(signature, key, "2024-06-01T11:56:00Z")).isEqualTo(Rule.VALID);
    assertThat(judge(signature, key, "2024-06-01T11:54:00Z")).isEqualTo(Rule.TIME);
    assertThat(judge(signature, key, "2014-06-01T12:00:00Z")).isEqualTo(Rule.TIME);
  }

  @Test
  void aSignatureOlderThanItsKeyIsRefused() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    byte[] signature =
        gpg.at("2023-12-01 00:00:00")
            .sign(DATA, key, "--ignore-time-conflict", "--ignore-valid-from");
    assertThat(judge(signature, key, "2024-03-01T00:00:00Z")).isEqualTo(Rule.TIME);
  }

  @Test
  void anExpiredSignatureIsRefused() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    byte[] signature = gpg.sign(DATA, key, "--default-sig-expire", "10d");
    assertThat(judge(signature, key, "2024-01-05T00:00:00Z")).isEqualTo(Rule.VALID);
    assertThat(judge(signature, key, "2024-01-12T00:00:00Z")).isEqualTo(Rule.SIGNATURE_EXPIRED);
  }

  @Test
  void anExpiredKeyIsRefusedEvenForWhatItSignedBefore() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "30d");
    byte[] signature = gpg.at("2024-01-10 00:00:00").sign(DATA, key);
    assertThat(judge(signature, key, "2024-01-20T00:00:00Z")).isEqualTo(Rule.VALID);
    assertThat(judge(signature, key, "2024-02-20T00:00:00Z")).isEqualTo(Rule.KEY_EXPIRED);
  }

  @Test
  void aKeyThatWasExtendedCountsAgainWithOlderSignatures() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "30d");
    byte[] signature = gpg.at("2024-01-10 00:00:00").sign(DATA, key);
    gpg.at("2024-01-25 00:00:00").run("--quick-set-expire", key, "2y");
    assertThat(judge(signature, key, "2024-06-20T00:00:00Z")).isEqualTo(Rule.VALID);
    assertThat(judge(signature, key, "2027-06-20T00:00:00Z")).isEqualTo(Rule.KEY_EXPIRED);
  }

  @Test
  void aCompromisedKeyKillsAllSignaturesAndARetiredOneOnlyLaterOnes() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    byte[] before = gpg.at("2024-02-01 00:00:00").sign(DATA, key);
    byte[] after = gpg.at("2024-06-01 00:00:00").sign(DATA, key);
    gpg.at("2024-05-01 00:00:00");
    byte[] plain = gpg.export(key);
    byte[] hard = revoked(key, "1");
    byte[] soft = revoked(key, "3");
    byte[] noReason = revoked(key, "0");
    String now = "2024-07-01T00:00:00Z";
    assertThat(judge(before, plain, now)).isEqualTo(Rule.VALID);
    assertThat(judge(after, plain, now)).isEqualTo(Rule.VALID);
    assertThat(judge(before, hard, now)).isEqualTo(Rule.KEY_REVOKED);
    assertThat(judge(after, hard, now)).isEqualTo(Rule.KEY_REVOKED);
    assertThat(judge(before, noReason, now)).isEqualTo(Rule.KEY_REVOKED);
    assertThat(judge(before, soft, now)).isEqualTo(Rule.VALID);
    assertThat(judge(after, soft, now)).isEqualTo(Rule.KEY_REVOKED);
  }

  @Test
  void aSubkeySignsIfItIsBoundConfirmedAndAlive() throws Exception {
    String key = gpg.key("a", "ed25519", "cert", "never");
    gpg.run("--quick-add-key", key, "ed25519", "sign", "60d");
    String subkey = gpg.fingerprints(key).get(1);
    byte[] signature = gpg.at("2024-01-10 00:00:00").sign(DATA, subkey + "!");
    assertThat(judge(signature, key, "2024-02-01T00:00:00Z")).isEqualTo(Rule.VALID);
    assertThat(judge(signature, key, "2024-04-01T00:00:00Z")).isEqualTo(Rule.KEY_EXPIRED);
    gpg.at("2024-01-20 00:00:00");
    byte[] commands = "key 1\nrevkey\ny\n1\n\ny\nsave\n".getBytes(StandardCharsets.UTF_8);
    gpg.run(commands, "--no-batch", "--command-fd", "0", "--edit-key", key);
    assertThat(judge(signature, key, "2024-02-01T00:00:00Z")).isEqualTo(Rule.KEY_REVOKED);
  }

  @Test
  void aSubkeyThatMayOnlyAuthenticateIsNotASigner() throws Exception {
    String key = gpg.key("a", "ed25519", "cert", "never");
    gpg.run("--quick-add-key", key, "ed25519", "auth", "never");
    KeyFacts facts = KeyFacts.parse(gpg.export(key), "key");
    assertThat(Rules.state(facts, Instant.parse("2024-02-01T00:00:00Z")).rule())
        .isEqualTo(Rule.KEY_USAGE);
  }

  @Test
  void aCriticalNotationIsRefusedAndAnOrdinaryOneIsNot() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    byte[] critical = gpg.sign(DATA, key, "--sig-notation", "!crit@example.com=1");
    byte[] ordinary = gpg.sign(DATA, key, "--sig-notation", "note@example.com=1");
    assertThat(judge(critical, key, "2024-02-01T00:00:00Z")).isEqualTo(Rule.CRITICAL);
    assertThat(judge(ordinary, key, "2024-02-01T00:00:00Z")).isEqualTo(Rule.VALID);
  }

  @Test
  void aKeyWhoseSelfSignaturesUseSha1IsRefused() throws Exception {
    gpg.run("--cert-digest-algo", "SHA1", "--quick-generate-key", "a", "rsa2048", "sign", "never");
    String key = gpg.fingerprints("a").get(0);
    byte[] signature = gpg.sign(DATA, key, "--digest-algo", "SHA256");
    assertThat(judge(signature, key, "2024-02-01T00:00:00Z")).isEqualTo(Rule.KEY_UNBOUND);
  }

  @Test
  void aKeyWhoseOnlyUserIdWasRevokedIsRefused() throws Exception {
    String key = gpg.key("only", "ed25519", "sign", "never");
    byte[] signature = gpg.at("2024-01-10 00:00:00").sign(DATA, key);
    gpg.run("--quick-add-uid", key, "second");
    gpg.at("2024-03-01 00:00:00").run("--quick-revoke-uid", key, "only");
    assertThat(judge(signature, key, "2024-04-01T00:00:00Z")).isEqualTo(Rule.VALID);
    gpg.run("--expert", "--quick-add-uid", key, "third");
    byte[] all = gpg.export(key);
    List<KeyFacts.UserId> ids = KeyFacts.parse(all, "key").userIds();
    assertThat(ids).extracting(KeyFacts.UserId::text).contains("only", "second", "third");
    KeyFacts facts = KeyFacts.parse(all, "key");
    List<KeyFacts.UserId> revoked = ids.stream().filter(id -> id.text().equals("only")).toList();
    KeyFacts alone = new KeyFacts(facts.source(), revoked, facts.components());
    assertThat(Rules.state(alone, Instant.parse("2024-04-01T00:00:00Z")).rule())
        .isEqualTo(Rule.KEY_UNBOUND);
  }

  @Test
  void moreThan32SignaturesAreRefusedFast() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    byte[] one = gpg.run(gpg.sign(DATA, key), "--dearmor");
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    for (int i = 0; i < 32; i++) {
      many.writeBytes(one);
    }
    assertThat(Evidence.collect(many.toByteArray(), DATA).signatures()).hasSize(32);
    for (int i = 32; i < 10_000; i++) {
      many.writeBytes(one);
    }
    long start = System.nanoTime();
    assertThat(ruleOf(many.toByteArray())).isEqualTo(Rule.LIMIT);
    assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
  }

  @Test
  void clearSignedAndInlineMessagesAreRefused() throws Exception {
    String key = gpg.key("a", "ed25519", "sign", "never");
    byte[] clear = gpg.run(DATA, "--local-user", key, "--clearsign");
    byte[] inline = gpg.run(DATA, "--local-user", key, "--sign");
    byte[] armored = gpg.run(DATA, "--local-user", key, "--armor", "--sign");
    assertThat(ruleOf(clear)).isEqualTo(Rule.MALFORMED);
    assertThat(ruleOf(inline)).isEqualTo(Rule.MALFORMED);
    assertThat(ruleOf(armored)).isEqualTo(Rule.MALFORMED);
    assertThat(ruleOf(gpg.export(key))).isEqualTo(Rule.MALFORMED);
  }

  private byte[] revoked(String key, String reason) {
    byte[] answers = ("y\n" + reason + "\n\ny\n").getBytes(StandardCharsets.UTF_8);
    byte[] certificate = gpg.run(answers, "--no-batch", "--command-fd", "0", "--gen-revoke", key);
    byte[] plain = gpg.run(gpg.export(key), "--dearmor");
    byte[] revocation = gpg.run(certificate, "--dearmor");
    // A revocation belongs right after the primary key, which is the first packet.
    int end = 3 + ((plain[1] & 0xff) << 8) + (plain[2] & 0xff);
    if ((plain[0] & 3) == 0) {
      end = 2 + (plain[1] & 0xff);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(plain, 0, end);
    out.writeBytes(revocation);
    out.write(plain, end, plain.length - end);
    return out.toByteArray();
  }

  private Rule judge(byte[] signature, String key, String now) throws Exception {
    return judge(signature, gpg.export(key), now);
  }

  private Rule judge(byte[] signature, String key, String now, String data) throws Exception {
    return judge(signature, data.getBytes(StandardCharsets.UTF_8), gpg.export(key), now);
  }

  private static Rule judge(byte[] signature, byte[] key, String now) throws Exception {
    return judge(signature, DATA, key, now);
  }

  /**
   * The judgement, which is the same of what can be kept and of what is hashed to be judged now.
   */
  private static Rule judge(byte[] signature, byte[] data, byte[] key, String now)
      throws Exception {
    Rule rule = judge(Evidence.collect(signature, data), key, now);
    DocumentHashes hashes = DocumentHashes.start(signature);
    assertThat(hashes.read(new ByteArrayInputStream(data), data.length)).isEqualTo(data.length);
    Evidence once = hashes.evidence();
    assertThat(once.subject()).isEqualTo(Digest.sha256(data));
    KeyFacts facts = KeyFacts.parse(key, "key");
    assertThat(judge(once.signatures().get(0), facts, now)).isEqualTo(rule);
    if (rule != Rule.HASH && rule != Rule.VERSION) {
      assertThatThrownBy(once::toJson).isInstanceOf(IllegalStateException.class);
    }
    return rule;
  }

  /** The judgement, which the written forms of evidence, key and minimal key must not change. */
  private static Rule judge(Evidence collected, byte[] key, String now) throws Exception {
    Evidence evidence = Evidence.fromJson(collected.toJson(), "evidence");
    assertThat(evidence).isEqualTo(collected);
    KeyFacts facts = KeyFacts.parse(key, "key");
    assertThat(KeyFacts.fromJson(facts.toJson())).contains(facts);
    KeyFacts minimal = KeyFacts.parse(KeyFacts.minimal(key, "key"), "key");
    assertThat(minimal.components()).isEqualTo(facts.components());
    assertThat(minimal.userIds()).isEqualTo(facts.userIds());
    return judge(evidence.signatures().get(0), facts, now);
  }

  private static Rule judge(SignatureFacts signature, KeyFacts facts, String now) {
    for (KeyFacts.Component component : facts.components()) {
      if (signature.claims(component)) {
        return Rules.judge(signature, facts, component, Instant.parse(now)).rule();
      }
    }
    return Rules.unknown(signature).rule();
  }

  private static Rule ruleOf(byte[] signature) {
    try {
      Evidence.collect(signature, DATA);
      return Rule.VALID;
    } catch (TrustException e) {
      return e.rule();
    }
  }
}
