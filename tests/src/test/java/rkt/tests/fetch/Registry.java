package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Debian's docker-registry on a free port of 127.0.0.1. */
final class Registry implements AutoCloseable {
  private final Process process;
  private final Path directory;
  private final int port;
  private final String credentials;

  private Registry(Process process, Path directory, int port, String credentials) {
    this.process = process;
    this.directory = directory;
    this.port = port;
    this.credentials = credentials;
  }

  /** Plain http, for anybody. */
  static Registry plain(Path directory) throws IOException, InterruptedException {
    return start(directory, null, "");
  }

  /**
   * With TLS if there is a certificate, and for {@code user:password} only if that is not empty.
   */
  static Registry start(Path directory, @Nullable Pki pki, String credentials)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    int port = Tools.freePort();
    StringBuilder config = new StringBuilder("version: 0.1\n");
    config.append("storage:\n  filesystem:\n    rootdirectory: " + directory + "/data\n");
    config.append("http:\n  addr: 127.0.0.1:" + port + "\n");
    if (pki != null) {
      config.append(
          "  tls:\n    certificate: " + pki.certificate() + "\n    key: " + pki.key() + "\n");
    }
    if (!credentials.isEmpty()) {
      String[] pair = credentials.split(":", -1);
      String line = Tools.ok("htpasswd", "-nbB", pair[0], pair[1]).out().strip();
      Files.writeString(directory.resolve("htpasswd"), line + "\n");
      config.append("auth:\n  htpasswd:\n    realm: test\n    path: " + directory + "/htpasswd\n");
    }
    Path file = directory.resolve("config.yml");
    Files.writeString(file, config);
    Process process =
        Tools.server(directory.resolve("log"), port, "docker-registry", "serve", file.toString());
    return new Registry(process, directory, port, credentials);
  }

  String host() {
    return "127.0.0.1:" + port;
  }

  /** {@code docker://HOST/NAME}. */
  String reference(String name) {
    return "docker://" + host() + "/" + name;
  }

  /** Copies an image or an index, as it is, with skopeo. */
  void push(Path layout, String tag, String name) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("skopeo", "--insecure-policy", "copy", "-q"));
    command.addAll(List.of("--all", "--preserve-digests"));
    command.add("--dest-tls-verify=false");
    if (!credentials.isEmpty()) {
      command.add("--dest-creds=" + credentials);
    }
    command.addAll(List.of("oci:" + layout + ":" + tag, reference(name)));
    Tools.ok(command.toArray(new String[0]));
  }

  /** Uploads a blob by the registry's own interface. */
  void putBlob(String repository, byte[] bytes) throws IOException, InterruptedException {
    String repo = "http://" + host() + "/v2/" + repository;
    HttpResponse<String> begun =
        send(
            HttpRequest.newBuilder(URI.create(repo + "/blobs/uploads/"))
                .POST(BodyPublishers.noBody()),
            202);
    String place = begun.headers().firstValue("Location").orElseThrow();
    String end = place + (place.contains("?") ? "&" : "?") + "digest=sha256:";
    URI target = URI.create(repo).resolve(end + OciImage.sha256(bytes));
    send(
        HttpRequest.newBuilder(target)
            .header("Content-Type", "application/octet-stream")
            .PUT(BodyPublishers.ofByteArray(bytes)),
        201);
  }

  /** Uploads a manifest or an index, whose blobs are there, under a tag or its digest. */
  void putManifest(String repository, String reference, String mediaType, byte[] bytes)
      throws IOException, InterruptedException {
    URI target = URI.create("http://" + host() + "/v2/" + repository + "/manifests/" + reference);
    send(
        HttpRequest.newBuilder(target)
            .header("Content-Type", mediaType)
            .PUT(BodyPublishers.ofByteArray(bytes)),
        201);
  }

  private static HttpResponse<String> send(HttpRequest.Builder request, int status)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as("%s: %s", response, response.body()).isEqualTo(status);
      return response;
    }
  }

  /** What the server has written of its requests. */
  String log() throws IOException {
    return Files.readString(directory.resolve("log"));
  }

  @Override
  public void close() {
    Tools.stop(process, true);
  }
}
