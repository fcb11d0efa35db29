package rkt.verify.openpgp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import rkt.spec.Digest;
import rkt.verify.Gpg;
import rkt.verify.claim.Claim;
import rkt.verify.claim.Signer;
import rkt.verify.claim.Statement;

/** Messages that the real gpg signed, and others that it would not make. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class SimpleSigningTest {
  private static final Instant NOW = Instant.parse("2025-06-01T00:00:00Z");
  private static final String DIGEST = "sha256:" + "ab".repeat(32);
  private static final String PAYLOAD =
      """
      {"critical":{"identity":{"docker-reference":"example.com/app:1"},\
      "image":{"docker-manifest-digest":"%s"},"type":"atomic container signature"},\
      "optional":{"creator":"somebody 1.0","timestamp":1748649600,"more":[1,{}]}}\
      """
          .formatted(DIGEST);

  private Gpg gpg;
  private String alice;
  private KeyFacts trusted;
  private KeyFacts stranger;

  @BeforeAll
  void keys() throws Exception {
    gpg = new Gpg().at("2025-05-31 00:00:00");
    alice = gpg.key("alice@example.com", "ed25519", "sign", "2025-12-31");
    trusted = KeyFacts.parse(gpg.export(alice), "alice");
    stranger =
        KeyFacts.parse(gpg.export(gpg.key("eve@example.com", "rsa2048", "sign", "never")), "eve");
  }

  @AfterAll
  void close() throws Exception {
    gpg.close();
  }

  private byte[] signed(String payload, String... options) {
    List<String> words = new ArrayList<>(List.of(options));
    words.addAll(List.of("--local-user", alice, "--sign"));
    return gpg.run(payload.getBytes(UTF_8), words.toArray(String[]::new));
  }

  private SimpleSigning.Checked check(byte[] message, KeyFacts... certificates) {
    return check(message, NOW, certificates);
  }

  private static SimpleSigning.Checked check(
      byte[] message, Instant now, KeyFacts... certificates) {
    Statement statement = new Statement(Statement.Kind.OPENPGP_MESSAGE, message, Map.of());
    return SimpleSigning.check(statement, List.of(certificates), now);
  }

  private void refused(Rule rule, byte[] message) {
    SimpleSigning.Checked checked = check(message, stranger, trusted);
    assertThat(checked.rule()).as(checked.why()).isEqualTo(rule);
    assertThat(checked.claim()).isEmpty();
    assertThat(checked.why()).isNotEmpty();
  }

  @Test
  void aMessageHoldsWhateverWayGpgPackedIt() {
    for (String[] options :
        List.of(
            new String[] {},
            new String[] {"--compress-algo", "none"},
            new String[] {"--compress-algo", "zlib"},
            new String[] {"--digest-algo", "SHA512"})) {
      SimpleSigning.Checked checked = check(signed(PAYLOAD, options), stranger, trusted);
      assertThat(checked.rule()).as(checked.why()).isEqualTo(Rule.VALID);
      Claim claim = checked.claim().orElseThrow();
      assertThat(claim.subject()).isEqualTo(Digest.parse(DIGEST));
      assertThat(claim.reference()).isEqualTo("example.com/app:1");
      assertThat(claim.attestation()).isNull();
      assertThat(claim.timeProven()).isFalse();
      assertThat(claim.signedAt()).isBetween(NOW.minusSeconds(86400), NOW);
      assertThat(claim.signer())
          .isEqualTo(new Signer.OpenPgp(alice, alice, new Signer.Strength("ed25519", 256)));
    }
    // Longer than gpg's buffer: the literal comes in parts.
    String padded = PAYLOAD.replace("\"more\"", " ".repeat(40_000) + "\"more\"");
    assertThat(check(signed(padded, "--compress-algo", "none"), trusted).rule())
        .isEqualTo(Rule.VALID);
  }

  @Test
  void theRulesOfAllSignaturesHoldHereToo() {
    byte[] message = signed(PAYLOAD);
    assertThat(check(message, stranger).rule()).isEqualTo(Rule.UNKNOWN_KEY);
    assertThat(check(message).rule()).isEqualTo(Rule.UNKNOWN_KEY);
    assertThat(check(message, Instant.parse("2026-01-02T00:00:00Z"), trusted).rule())
        .isEqualTo(Rule.KEY_EXPIRED);
    assertThat(check(message, Instant.parse("2025-05-30T00:00:00Z"), trusted).rule())
        .isEqualTo(Rule.TIME);
    refused(Rule.HASH, signed(PAYLOAD, "--digest-algo", "SHA1"));
    refused(Rule.CRITICAL, signed(PAYLOAD, "--sig-notation", "!crit@example.com=1"));
    byte[] text = signed(PAYLOAD, "--textmode", "--compress-algo", "none");
    assertThat(check(text, trusted).claim()).isEmpty();
  }

  @Test
  void noChangedByteOfAMessageHolds() {
    byte[] message = signed(PAYLOAD, "--compress-algo", "none");
    for (int i = 0; i < message.length; i++) {
      byte[] changed = message.clone();
      changed[i] ^= 4;
      SimpleSigning.Checked checked = check(changed, trusted);
      // Of what is not signed, only the literal's name and date change nothing.
      boolean idle =
          checked.claim().isPresent() && checked.claim().equals(check(message, trusted).claim());
      assertThat(idle || checked.claim().isEmpty()).as("byte %d: %s", i, checked).isTrue();
      if (idle) {
        assertThat(i).isLessThan(message.length - PAYLOAD.length());
      }
    }
    for (int length = 0; length < message.length; length++) {
      assertThat(check(Arrays.copyOf(message, length), trusted).claim()).isEmpty();
    }
    assertThat(check(Arrays.copyOf(message, message.length + 1), trusted).claim()).isEmpty();
  }

  @Test
  void whatIsSignedMustBeAnImagesSignatureAndNothingMore() {
    for (String[] change :
        new String[][] {
          {
            "\"type\":\"atomic container signature\"",
            "\"type\":\"cosign container image signature\""
          },
          {"\"critical\":{", "\"critical\":{\"extra\":1,"},
          {"{\"critical\"", "{\"other\":{},\"critical\""},
          {"\"docker-reference\":", "\"docker-reference\":\"a\",\"docker-reference\":"},
          {"\"docker-reference\"", "\"Docker-Reference\""},
          {"\"example.com/app:1\"", "\"\""},
          {"\"example.com/app:1\"", "7"},
          {"sha256:ab", "sha256:AB"},
          {"sha256:", "md5:"},
          {"\"image\":{", "\"image\":{\"tag\":\"1\","},
          {"\"optional\":{", "\"optional\":[{"},
        }) {
      String payload = PAYLOAD.replace(change[0], change[1]);
      assertThat(payload).isNotEqualTo(PAYLOAD);
      refused(Rule.MALFORMED, signed(payload));
    }
    refused(Rule.MALFORMED, signed("not JSON"));
    refused(Rule.MALFORMED, signed(PAYLOAD + PAYLOAD));
  }

  @Test
  void otherMessagesAreNotRead() throws Exception {
    byte[] plain = signed(PAYLOAD, "--compress-algo", "none");
    refused(Rule.MALFORMED, new byte[0]);
    refused(Rule.MALFORMED, PAYLOAD.getBytes(UTF_8));
    refused(Rule.MALFORMED, signed(PAYLOAD, "--armor"));
    refused(Rule.MALFORMED, gpg.run(PAYLOAD.getBytes(UTF_8), "-u", alice, "--clear-sign"));
    refused(Rule.MALFORMED, gpg.run(PAYLOAD.getBytes(UTF_8), "-u", alice, "--detach-sign"));
    refused(Rule.MALFORMED, gpg.run(PAYLOAD.getBytes(UTF_8), "--store"));
    refused(Rule.MALFORMED, signed(PAYLOAD, "-u", "eve@example.com"));
    refused(Rule.MALFORMED, join(plain, plain));
    refused(Rule.MALFORMED, signed(PAYLOAD, "--compress-algo", "bzip2"));
    refused(Rule.MALFORMED, join(compressed(plain), new byte[] {0}));
    refused(Rule.MALFORMED, compressed(compressed(plain)));
    assertThat(check(compressed(plain), trusted).rule()).isEqualTo(Rule.VALID);
    refused(Rule.LIMIT, compressed(new byte[64 << 20]));
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }

  /** A packet of compressed data without a length, as gpg writes it. */
  private static byte[] compressed(byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0xa3);
    out.write(1);
    try (Deflater deflater = new Deflater(9, true)) {
      deflater.setInput(content);
      deflater.finish();
      byte[] buffer = new byte[1 << 16];
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
    }
    return out.toByteArray();
  }
}
