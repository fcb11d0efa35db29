package rkt.tests.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import rkt.spec.Digest;
import rkt.spec.SpecException;
import rkt.spec.image.OciManifest;

/**
 * A registry in this process that has what Debian's has not: the referrers API of OCI distribution
 * 1.1, and the signature extension of OpenShift. It keeps one repository, {@code team/app}.
 */
final class KeepingRegistry implements AutoCloseable {
  static final String REPOSITORY = "team/app";

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Manifest(String type, byte[] bytes) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  private final Map<String, Manifest> manifests = new ConcurrentHashMap<>();

  /** What the extension was given, one JSON object each. */
  final List<String> signatures = new CopyOnWriteArrayList<>();

  /** Whether it answers what refers to an image; else with nothing. */
  volatile boolean tellsReferrers = true;

  /** Whether it says that it has the extension. */
  volatile boolean keepsSignatures = true;

  KeepingRegistry() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** {@code docker://HOST/team/app:TAG}. */
  String reference(String tag) {
    return "docker://" + host() + "/" + REPOSITORY + ":" + tag;
  }

  /** The tags that there are. */
  List<String> tags() {
    List<String> tags = new ArrayList<>(manifests.keySet());
    tags.removeIf(tag -> tag.startsWith("sha256:"));
    return tags;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (keepsSignatures) {
        exchange.getResponseHeaders().set("X-Registry-Supports-Signatures", "1");
      }
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath();
      String rest = path.substring(path.lastIndexOf('/') + 1);
      if (path.startsWith("/extensions/v2/" + REPOSITORY + "/signatures/")) {
        extension(exchange, body);
      } else if (path.startsWith("/v2/" + REPOSITORY + "/blobs/")) {
        blob(exchange, rest, body);
      } else if (path.startsWith("/v2/" + REPOSITORY + "/manifests/")) {
        manifest(exchange, rest, body);
      } else if (path.startsWith("/v2/" + REPOSITORY + "/referrers/")) {
        answer(exchange, 200, OciImage.INDEX, referrers(rest).getBytes(UTF_8));
      } else {
        answer(exchange, 404, "text/plain", null);
      }
    } catch (SpecException e) {
      throw new IOException(e);
    }
  }

  private void extension(HttpExchange exchange, byte[] body) throws IOException {
    if (exchange.getRequestMethod().equals("PUT")) {
      signatures.add(new String(body, UTF_8));
      answer(exchange, 201, "text/plain", null);
    } else {
      String list = "{\"signatures\":[" + String.join(",", signatures) + "]}";
      answer(exchange, 200, "application/json", list.getBytes(UTF_8));
    }
  }

  private void blob(HttpExchange exchange, String digest, byte[] body) throws IOException {
    switch (exchange.getRequestMethod()) {
      case "POST" -> {
        exchange.getResponseHeaders().set("Location", "/v2/" + REPOSITORY + "/blobs/uploads/one");
        answer(exchange, 202, "text/plain", null);
      }
      case "PUT" -> {
        blobs.put("sha256:" + OciImage.sha256(body), body);
        answer(exchange, 201, "text/plain", null);
      }
      default -> {
        byte[] found = blobs.get(digest);
        answer(exchange, found == null ? 404 : 200, "application/octet-stream", found);
      }
    }
  }

  private void manifest(HttpExchange exchange, String reference, byte[] body)
      throws IOException, SpecException {
    if (!exchange.getRequestMethod().equals("PUT")) {
      Manifest found = manifests.get(reference);
      if (found == null) {
        answer(exchange, 404, "text/plain", null);
      } else {
        answer(exchange, 200, found.type(), found.bytes());
      }
      return;
    }
    Manifest made = new Manifest(exchange.getRequestHeaders().getFirst("Content-Type"), body);
    manifests.put(reference, made);
    manifests.put("sha256:" + OciImage.sha256(body), made);
    Optional<Digest> subject = subject(made);
    if (subject.isPresent()) {
      exchange.getResponseHeaders().set("OCI-Subject", subject.get().toString());
    }
    answer(exchange, 201, "text/plain", null);
  }

  private static Optional<Digest> subject(Manifest manifest) throws SpecException {
    return OciManifest.parse(manifest.bytes(), manifest.type(), "a manifest")
        .subject()
        .map(it -> it.digest());
  }

  private String referrers(String digest) throws SpecException {
    List<String> found = new ArrayList<>();
    for (Map.Entry<String, Manifest> entry : manifests.entrySet()) {
      Manifest manifest = entry.getValue();
      boolean refers =
          entry.getKey().startsWith("sha256:")
              && subject(manifest).map(Digest::toString).equals(Optional.of(digest));
      if (refers && tellsReferrers) {
        String type =
            OciManifest.parse(manifest.bytes(), manifest.type(), "a manifest").artifactType();
        found.add(
            "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d,\"artifactType\":\"%s\"}"
                .formatted(manifest.type(), entry.getKey(), manifest.bytes().length, type));
      }
    }
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
        .formatted(OciImage.INDEX, String.join(",", found));
  }

  private static void answer(HttpExchange exchange, int status, String type, byte @Nullable [] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (body != null && head) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
    }
    exchange.sendResponseHeaders(status, body == null || head ? -1 : body.length);
    if (body != null && !head) {
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(body);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
