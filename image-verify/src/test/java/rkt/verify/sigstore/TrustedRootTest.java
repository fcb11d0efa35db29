package rkt.verify.sigstore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.SpecException;

/** The trusted root of the public instance, and what is not one. */
class TrustedRootTest {
  private static final Path PUBLIC = Path.of("../spec/vectors/sigstore/public-good");

  @Test
  void thePublicRootIsRead() throws Exception {
    TrustedRoot root = TrustedRoot.parse(Files.readAllBytes(file()), "trusted_root.json");
    assertThat(root.logs())
        .extracting(TrustedLog::name)
        .containsExactly("https://rekor.sigstore.dev", "https://log2025-1.rekor.sigstore.dev");
    assertThat(root.logs())
        .extracting(log -> log.key().strength().algorithm())
        .containsExactly("ecdsa", "ed25519");
    assertThat(root.certificateLogs()).hasSize(2);
    assertThat(root.certificateAuthorities())
        .extracting(authority -> authority.chain().size())
        .isEqualTo(List.of(1, 2));
    assertThat(root.timestampAuthorities()).hasSize(1);
    Validity first = root.certificateAuthorities().get(0).validity();
    Instant end = Instant.parse("2022-12-31T23:59:59.999Z");
    assertThat(first.covers(end)).isTrue();
    assertThat(first.covers(end.plusMillis(1))).isFalse();
    assertThat(first.covers(first.start())).isTrue();
    assertThat(first.covers(first.start().minusMillis(1))).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "MFkwEwYH|MFkwEwYI",
        "MFkwEwYH|%%%%%%%%",
        "\"start\": \"2021-01-12T11:53:27Z\"|\"begin\": \"2021-01-12T11:53:27Z\"",
        "\"start\": \"2021-01-12T11:53:27Z\"|\"start\": \"yesterday\"",
        "\"start\": \"2021-01-12T11:53:27Z\"|\"start\": null",
        "MIIB+DCCAX6g|MIIB+DCCAX6h",
        "\"keyId\"|\"keyid\"",
        "\"certChain\": {|\"certChain\": null, \"x\": {",
        "\"rawBytes\"|\"raw\"",
        "version=0.1|version=7",
      })
  void aRootOfWhichOnePartCannotBeUsedIsRefusedAsAWhole(String part, String instead)
      throws Exception {
    String root = Files.readString(file());
    assertThat(root).contains(part);
    byte[] changed = root.replace(part, instead).getBytes(UTF_8);
    assertThatThrownBy(() -> TrustedRoot.parse(changed, "trusted_root.json"))
        .isInstanceOf(SpecException.class)
        .hasMessageStartingWith("trusted_root.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[]",
        "{\"signed\":{\"_type\":\"targets\",\"targets\":{\"../../x\":{\"length\":1}}},\"signatures\":[]}",
        "{\"mediaType\":\"../../x\"}"
      })
  void updateMetadataWithATargetLikeDotDotSlashXIsRefusedInsteadOfFollowed(String document) {
    assertThatThrownBy(() -> TrustedRoot.parse(document.getBytes(UTF_8), "root.json"))
        .isInstanceOf(SpecException.class)
        .hasMessageStartingWith("root.json");
  }

  private static Path file() {
    return PUBLIC.resolve("trusted_root.json");
  }
}
