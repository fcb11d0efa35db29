package rkt.verify.openpgp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArmorTest {
  private static final String BEGIN = "-----BEGIN PGP SIGNATURE-----\n";
  private static final String END = "-----END PGP SIGNATURE-----\n";
  private static final String BODY = "aGVsbG8gd29ybGQ=\n";

  @ParameterizedTest
  @ValueSource(
      strings = {
        BEGIN + "\n" + BODY + END,
        BEGIN + "\n" + BODY + "=vCu5\n" + END,
        BEGIN + "Version: GnuPG v1\nComment: x\n\n" + BODY + END,
        "\n \t\n" + BEGIN + "\n" + BODY + END + "\n\n",
        "-----BEGIN PGP SIGNATURE-----\r\n\r\naGVsbG8gd29ybGQ=\r\n-----END PGP SIGNATURE-----\r\n",
        BEGIN + "\n" + BODY + "-----END PGP SIGNATURE-----"
      })
  void plainArmorIsRead(String text) throws Exception {
    if (text.contains("=vCu5")) {
      text = text.replace("vCu5", crc());
    }
    assertThat(decode(text)).isEqualTo("hello world".getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x\n" + BEGIN + "\n" + BODY + END,
        BEGIN + "\n" + BODY + END + "x\n",
        BEGIN + "\n" + BODY + END + BEGIN + "\n" + BODY + END,
        BEGIN + "\n" + BODY,
        BEGIN + "\n" + BODY + "=AAAA\n" + END,
        BEGIN + "\n" + BODY + "=AA\n" + END,
        BEGIN + "\n" + "=AAAA\n" + BODY + END,
        BEGIN + "X-Evil: 1\n\n" + BODY + END,
        BEGIN + "Version:\n\n" + BODY + END,
        BEGIN + BODY + END,
        BEGIN + "\n\f" + BODY + END,
        BEGIN + "\f\n\n" + BODY + END,
        BEGIN + "Comment: a\u000bb\n\n" + BODY + END,
        BEGIN + "Comment: é\n\n" + BODY + END,
        BEGIN + "Comment: a\rVersion: b\n\n" + BODY + END,
        BEGIN + "\naGVs bG8=\n" + END,
        BEGIN + "\naGVsbG8\u0000=\n" + END,
        BEGIN + "\n\n" + BODY + END,
        "-----BEGIN PGP SIGNATURE----- \n\n" + BODY + END,
        "- " + BEGIN + "\n" + BODY + END,
        "-----BEGIN PGP MESSAGE-----\n\n" + BODY + "-----END PGP MESSAGE-----\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nx\n" + BEGIN + "\n" + BODY + END
      })
  void everythingElseIsRefused(String text) {
    assertThatThrownBy(() -> decode(text)).isInstanceOf(TrustException.class);
  }

  @Test
  void aHugeCommentIsRefusedFast() {
    byte[] text = new byte[100 << 20];
    Arrays.fill(text, (byte) 'c');
    System.arraycopy(BEGIN.getBytes(StandardCharsets.US_ASCII), 0, text, 0, BEGIN.length());
    long start = System.nanoTime();
    assertThatThrownBy(() -> Evidence.collect(text, new byte[0]))
        .isInstanceOf(TrustException.class);
    assertThatThrownBy(() -> Armor.decode(text, "PGP SIGNATURE", "x"))
        .isInstanceOf(TrustException.class);
    assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
  }

  @Test
  void randomBytesAreRefusedWithoutAStackTrace() {
    java.util.Random random = new java.util.Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && i % 2 == 0) {
        bytes[0] = (byte) (i % 4 == 0 ? 0xC2 : 0x88);
      }
      try {
        Evidence evidence = Evidence.collect(bytes, bytes);
        evidence.signatures().forEach(s -> assertThat(Rules.unknown(s).isValid()).isFalse());
      } catch (TrustException e) {
        assertThat(e.getMessage()).isNotEmpty();
        assertThat(e.fix()).isNotNull();
      }
      assertThatThrownBy(() -> KeyFacts.parse(bytes, "key")).isInstanceOf(TrustException.class);
    }
  }

  private static byte[] decode(String text) throws TrustException {
    return Armor.decode(text.getBytes(StandardCharsets.UTF_8), "PGP SIGNATURE", "the file");
  }

  private static String crc() {
    var crc = new org.bouncycastle.bcpg.FastCRC24();
    for (byte b : "hello world".getBytes(StandardCharsets.UTF_8)) {
      crc.update(b);
    }
    int v = crc.getValue();
    return java.util.Base64.getEncoder()
        .encodeToString(new byte[] {(byte) (v >> 16), (byte) (v >> 8), (byte) v});
  }
}
