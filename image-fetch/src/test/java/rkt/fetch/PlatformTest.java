package rkt.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rkt.spec.Digest;
import rkt.spec.ErrorClass;
import rkt.spec.RktException;
import rkt.spec.image.MediaType;
import rkt.spec.store.Store;

/** Which of several images is fetched: for this machine, for another, by labels. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class PlatformTest {
  private static final String TEMPLATE =
      "http://files.example.com/files/{name}-{version}-{os}-{arch}.{ext}";

  @TempDir Path directory;
  private FakeRegistry server;
  private Store store;

  @BeforeEach
  void start() throws Exception {
    server = new FakeRegistry();
    store = Store.at(directory.resolve("data"));
    store.begin().close();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** Serves an image whose config states this platform; returns its entry in an index. */
  private String served(String os, String arch, String variant, String listed) {
    byte[] config =
        Fixtures.utf8(
            """
            {"os":"%s","architecture":"%s","variant":"%s","config":{"Cmd":["/bin/app"]},
             "rootfs":{"type":"layers","diff_ids":["%s"]}}\
            """
                .formatted(os, arch, variant, Digest.sha256(server.layer)));
    byte[] manifest =
        Fixtures.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s",
             "config":{"mediaType":"%s","digest":"%s","size":%d},
             "layers":[{"mediaType":"%s","digest":"%s","size":%d}]}\
            """
                .formatted(
                    MediaType.OCI_MANIFEST,
                    MediaType.OCI_CONFIG,
                    Digest.sha256(config),
                    config.length,
                    MediaType.OCI_LAYER,
                    Digest.sha256(server.layer),
                    server.layer.length));
    Digest digest = Digest.sha256(manifest);
    server.serve(FakeRegistry.blob(config), config, "application/octet-stream");
    server.serve("/v2/app/manifests/" + digest, manifest, MediaType.OCI_MANIFEST);
    return """
    {"mediaType":"%s","digest":"%s","size":%d,"platform":{%s}}\
    """
        .formatted(MediaType.OCI_MANIFEST, digest, manifest.length, listed);
  }

  private static String listed(String os, String arch, String variant) {
    String platform = "\"os\":\"" + os + "\",\"architecture\":\"" + arch + "\"";
    return variant.isEmpty() ? platform : platform + ",\"variant\":\"" + variant + "\"";
  }

  private void index(List<String> entries) {
    server.serve(
        "/v2/app/manifests/1",
        Fixtures.utf8(
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
                .formatted(MediaType.OCI_INDEX, String.join(",", entries))),
        MediaType.OCI_INDEX);
  }

  @Test
  void anIndexIsAskedForTheOsTheProcessorAndItsVariant() throws Exception {
    Map<String, String> entries = new LinkedHashMap<>();
    for (String platform :
        List.of(
            "windows/amd64/",
            "linux/amd64/",
            "linux/amd64/v3",
            "linux/arm/v6",
            "linux/arm/v7",
            "linux/arm64/v8",
            "linux/386/")) {
      String[] parts = platform.split("/", -1);
      entries.put(
          platform, served(parts[0], parts[1], parts[2], listed(parts[0], parts[1], parts[2])));
    }
    index(new ArrayList<>(entries.values()));
    assertThat(fetched("linux", "amd64", "")).isEqualTo(digest(entries.get("linux/amd64/")));
    assertThat(fetched("", "x86_64", "v3")).isEqualTo(digest(entries.get("linux/amd64/v3")));
    assertThat(fetched("", "x86_64", "v2")).isEqualTo(digest(entries.get("linux/amd64/")));
    assertThat(fetched("", "arm", "v6")).isEqualTo(digest(entries.get("linux/arm/v6")));
    assertThat(fetched("linux", "arm", "v7")).isEqualTo(digest(entries.get("linux/arm/v7")));
    assertThat(fetched("", "armv7l", "")).isEqualTo(digest(entries.get("linux/arm/v7")));
    assertThat(fetched("", "armv6l", "")).isEqualTo(digest(entries.get("linux/arm/v6")));
    assertThat(fetched("", "aarch64", "")).isEqualTo(digest(entries.get("linux/arm64/v8")));
    assertThat(fetched("", "i386", "")).isEqualTo(digest(entries.get("linux/386/")));
    assertThat(fetched("windows", "amd64", "")).isEqualTo(digest(entries.get("windows/amd64/")));
    refused(server.reference(), "", "s390x", "", ErrorClass.NOT_FOUND);
    refused(server.reference(), "", "arm", "v5", ErrorClass.NOT_FOUND);
    refused(server.reference(), "windows", "arm64", "", ErrorClass.NOT_FOUND);
  }

  @Test
  void whatAnIndexSaysMustBeWhatTheImageIs() {
    index(List.of(served("linux", "amd64", "", listed("linux", "arm64", "v8"))));
    assertThat(refused(server.reference(), "", "arm64", "", ErrorClass.NOT_FOUND))
        .hasMessageEndingWith(" is made for linux/amd64, not for linux/arm64/v8");
  }

  private static String digest(@Nullable String entry) {
    return Objects.requireNonNull(entry).replaceFirst("(?s).*\"digest\":\"([^\"]+)\".*", "$1");
  }

  private String fetched(String os, String arch, String variant) throws Exception {
    try (Fetched fetched = fetch(server.reference(), os, arch, variant)) {
      return fetched.image().id().toString();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "example.com/app:1.0.0, '', example.com/app-1.0.0-linux-amd64",
    "example.com/app:1.0.0, aarch64, example.com/app-1.0.0-linux-aarch64",
    "example.com/app:1.0.0, armv7l, example.com/app-1.0.0-linux-armv7l",
    "example.com/app, '', example.com/app-latest-linux-amd64",
    "'example.com/app,version=2,os=freebsd', '', example.com/app-2-freebsd-amd64",
    "'example.com/app:2,arch=i386', '', example.com/app-2-linux-i386",
  })
  void aTemplateIsFilledWithThePlatformAndTheLabelsOfTheReference(
      String reference, String arch, String file) {
    page();
    refused(reference, "", arch.isEmpty() ? "amd64" : arch, "", ErrorClass.NOT_FOUND);
    assertThat(server.log).contains("/files/" + file + ".aci -", "/files/" + file + ".aci.asc -");
  }

  @Test
  void anAciMustBeMadeForWhatItIsFetchedFor() throws Exception {
    page();
    for (String arch : List.of("amd64", "aarch64")) {
      server.serve(
          "/files/example.com/app-1.0.0-linux-" + arch + ".aci", Fixtures.aci(), "text/plain");
    }
    try (Fetched fetched =
        fetch("example.com/app,version=1.0.0,arch=amd64", "linux", "amd64", "")) {
      assertThat(fetched.image().name()).hasToString("example.com/app");
      fetched.commit(false, Map.of());
    }
    assertThat(store.find("example.com/app:1.0.0")).isPresent();
    assertThat(refused("example.com/app:1.0.0", "", "arm64", "", ErrorClass.USAGE).fix())
        .contains("--os=linux --arch=amd64");
    refused("example.com/app:1.0.0,arch=aarch64", "", "amd64", "", ErrorClass.TRUST);
  }

  private void page() {
    server.serve(
        "/app",
        Fixtures.utf8(
            "<html><head><meta name=\"ac-discovery\" content=\"example.com/app "
                + TEMPLATE
                + "\"></head></html>"),
        "text/html");
  }

  private Fetched fetch(String text, String os, String arch, String variant) throws RktException {
    FetchOptions options =
        FetchOptions.of(Map.of("http_proxy", "http://" + server.authority()))
            .withInsecure(true, false)
            .withPatience(Fixtures.BRISK)
            .withPlatform(os, arch, variant);
    return new Fetcher(store, options).fetch(ImageRef.parse(text, directory));
  }

  /** An ACI is parsed only once its signature has held: here, when it is asked for. */
  private RktException refused(
      String text, String os, String arch, String variant, ErrorClass expected) {
    List<RktException> caught = new ArrayList<>();
    assertThatThrownBy(
            () -> {
              try (Fetched fetched = fetch(text, os, arch, variant)) {
                assertThat(fetched.image()).isNull();
              }
            })
        .isInstanceOfSatisfying(RktException.class, caught::add);
    assertThat(caught.getFirst().errorClass())
        .as(caught.getFirst().getMessage())
        .isEqualTo(expected);
    return caught.getFirst();
  }
}
