package rkt.fetch.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rkt.spec.ImageName;

/** What a page of discovery may lead to. */
final class TemplateTest {
  private static final ImageName NAME = new ImageName("example.com/app");
  private static final Map<String, String> LABELS = Map.of("version", "1.0", "os", "linux");

  @Test
  void variablesStandForNameLabelsAndExtension() {
    assertThat(new Template("https://{name}-{version}-{os}.{ext}").render(NAME, LABELS, "aci"))
        .contains(URI.create("https://example.com/app-1.0-linux.aci"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///etc/{name}",
        "ftp://example.com/{name}.{ext}",
        "magnet:?xt=urn:btih:{name}",
        "jar:https://example.com/x.jar!/{name}",
        "//example.com/{name}",
        "/{name}.{ext}",
        "{name}.{ext}",
        "https:{name}",
        "https:///{name}",
        "https://user:password@example.com/{name}.{ext}",
        "https://example.com/{arch}/{name}",
        "https://example.com/{name",
        "https://example.com/ {name}",
      })
  void whatIsNoPlainWebAddressOrLacksALabelIsNoPlace(String text) {
    assertThat(new Template(text).render(NAME, LABELS, "aci")).isEmpty();
  }
}
