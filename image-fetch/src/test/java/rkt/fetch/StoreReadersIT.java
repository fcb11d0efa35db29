package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rkt.spec.ImageName;
import rkt.spec.store.Store;

/** Other people's tools read our store. */
@Tag("privileged")
final class StoreReadersIT {
  @TempDir Path directory;
  private Path layout;

  @BeforeEach
  void fill() throws Exception {
    Store store = Store.at(directory.resolve("data"));
    layout = directory.resolve("data/store");
    FetchOptions options =
        FetchOptions.of(Map.of()).withImageName(new ImageName("example.com/oci"));
    Path vector = Path.of("../spec/vectors/store/layouts/accept-plain").toAbsolutePath();
    Path aci = Files.write(directory.resolve("app.aci"), Fixtures.aci());
    Files.writeString(directory.resolve("app.aci.asc"), "a signature");
    for (ImageRef reference :
        List.of(new ImageRef.OciLayout(vector, "1", Optional.empty()), new ImageRef.AciFile(aci))) {
      try (Fetched fetched = new Fetcher(store, options).fetch(reference)) {
        fetched.commit(false, Map.of());
      }
    }
  }

  @Test
  void skopeoInspectsAnOciImage() throws Exception {
    Tool.Result result =
        Tool.run(List.of("skopeo", "inspect", "oci:" + layout + ":example.com/oci:1"));
    assertThat(result.status()).as(result.output()).isZero();
    assertThat(result.output()).contains("\"Architecture\": \"amd64\"");
  }

  @Test
  void skopeoReadsTheManifestOfAnAci() throws Exception {
    String image = "oci:" + layout + ":example.com/app:1.0.0";
    Tool.Result result = Tool.run(List.of("skopeo", "inspect", "--raw", image));
    assertThat(result.status()).as(result.output()).isZero();
    assertThat(result.output()).contains("\"artifactType\":\"application/vnd.appc.image.v1\"");
  }

  @Test
  void umociListsEveryReference() throws Exception {
    Tool.Result result = Tool.run(List.of("umoci", "list", "--layout", layout.toString()));
    assertThat(result.status()).as(result.output()).isZero();
    assertThat(result.output().lines())
        .containsExactlyInAnyOrder("example.com/oci:1", "example.com/app:1.0.0");
  }
}
