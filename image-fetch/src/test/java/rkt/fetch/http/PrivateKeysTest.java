package rkt.fetch.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.fetch.transport.FetchException;

/** Keys as openssl writes them. */
final class PrivateKeysTest {
  @TempDir Path directory;

  private String openssl(String words) throws Exception {
    Path out = directory.resolve("out");
    List<String> line = List.of(("openssl " + words + " -out " + out).split(" ", -1));
    Process process =
        new ProcessBuilder(line).directory(directory.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    return Files.readString(out);
  }

  private static PrivateKey read(String text) throws FetchException {
    return PrivateKeys.read(text, Path.of("/etc/x.key"));
  }

  @Test
  void anRsaKeyIsTheSameInItsOldForm() throws Exception {
    String key = openssl("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    Files.writeString(directory.resolve("key"), key);
    String old = openssl("rsa -traditional -in key");
    assertThat(old).startsWith("-----BEGIN RSA PRIVATE KEY-----");
    assertThat(read(old)).isEqualTo(read(key));
    assertThat(read(old).getAlgorithm()).isEqualTo("RSA");
  }

  @ParameterizedTest
  @ValueSource(strings = {"prime256v1", "secp384r1", "secp521r1"})
  void anEcKeyIsTheSameInItsOldForm(String curve) throws Exception {
    String old = openssl("ecparam -genkey -name " + curve);
    assertThat(old).contains("-----BEGIN EC PARAMETERS-----", "-----BEGIN EC PRIVATE KEY-----");
    Files.writeString(directory.resolve("key"), old);
    String key = openssl("pkcs8 -topk8 -nocrypt -in key");
    assertThat(read(old).getEncoded()).isNotEmpty();
    assertThat(((java.security.interfaces.ECPrivateKey) read(old)).getS())
        .isEqualTo(((java.security.interfaces.ECPrivateKey) read(key)).getS());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-----BEGIN EC PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMIP/////\n-----END EC PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----",
      })
  void whatIsNoKeyIsRefusedWithoutAPieceOfIt(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(FetchException.class)
        .hasMessageContaining("/etc/x.key")
        .hasMessageNotContaining("AAAA");
  }
}
