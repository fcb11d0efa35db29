package rkt.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackgroundDigestTest {
  private final MessageDigest first = Digest.Algorithm.SHA256.start();
  private final MessageDigest second = Digest.Algorithm.SHA512.start();

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static Digest sha512(byte[] bytes) {
    MessageDigest digest = Digest.Algorithm.SHA512.start();
    digest.update(bytes);
    return Digest.of(Digest.Algorithm.SHA512, digest);
  }

  private void assertHashed(byte[] bytes) {
    assertThat(Digest.of(Digest.Algorithm.SHA256, first)).isEqualTo(Digest.sha256(bytes));
    assertThat(Digest.of(Digest.Algorithm.SHA512, second)).isEqualTo(sha512(bytes));
  }

  @Test
  void everyDigestGetsEveryByteInOrderWhateverTheLength() throws Exception {
    int block = 256 << 10;
    for (int length : new int[] {0, 1, block - 1, block, block + 1, 4 * block, 11 * block + 3}) {
      byte[] bytes = bytes(length);
      try (BackgroundDigest hashed = new BackgroundDigest(List.of(first, second))) {
        InputStream in = new ByteArrayInputStream(bytes);
        while (hashed.writeFrom(in) >= 0) {}
        hashed.finish();
      }
      assertHashed(bytes);
    }
  }

  @Test
  void theBufferOfTheCallerMayBeUsedAgainAtOnce() throws Exception {
    byte[] bytes = bytes(3_000_000);
    byte[] buffer = new byte[70_000];
    try (BackgroundDigest hashed = new BackgroundDigest(List.of(first, second))) {
      for (int done = 0; done < bytes.length; ) {
        int part = Math.min(buffer.length - 5, bytes.length - done);
        System.arraycopy(bytes, done, buffer, 5, part);
        hashed.write(buffer, 5, part);
        Arrays.fill(buffer, (byte) 0);
        done += part;
      }
      hashed.finish();
      hashed.finish();
    }
    assertHashed(bytes);
  }

  @Test
  void aDigestThatFailsDoesNotKeepTheWriterWaiting() throws Exception {
    MessageDigest broken =
        new MessageDigest("broken") {
          @Override
          protected void engineUpdate(byte input) {}

          @Override
          protected void engineUpdate(byte[] input, int offset, int length) {
            throw new IllegalArgumentException("broken");
          }

          @Override
          protected byte[] engineDigest() {
            return new byte[0];
          }

          @Override
          protected void engineReset() {}
        };
    byte[] bytes = bytes(3_000_000);
    try (BackgroundDigest hashed = new BackgroundDigest(List.of(first, broken))) {
      assertThatThrownBy(() -> hashed.write(bytes, 0, bytes.length))
          .isInstanceOf(IllegalStateException.class)
          .hasRootCauseMessage("broken");
    }
  }
}
