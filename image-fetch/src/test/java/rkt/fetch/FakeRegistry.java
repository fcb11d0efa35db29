package rkt.fetch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import rkt.spec.Digest;
import rkt.spec.image.MediaType;

/** A registry in this process that serves one image, and misbehaves where it is told to. */
public final class FakeRegistry implements AutoCloseable {
  /** What a misbehaving path does instead. */
  public interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Handler> handlers = new ConcurrentHashMap<>();

  /** Each request: its path, a space, and its Authorization header or "-". */
  public final List<String> log = new CopyOnWriteArrayList<>();

  public final byte[] layer;
  public final byte[] config;
  public final byte[] manifest;

  public FakeRegistry() throws IOException {
    this(Fixtures.utf8("a layer, which no fetch looks into"));
  }

  public FakeRegistry(byte[] layer) throws IOException {
    this.layer = layer;
    config =
        Fixtures.utf8(
            """
            {"os":"linux","architecture":"amd64","config":{"Cmd":["/bin/app"]},
             "rootfs":{"type":"layers","diff_ids":["%s"]}}\
            """
                .formatted(Digest.sha256(layer)));
    manifest = manifest(layer.length);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
    serve("/v2/app/manifests/1", manifest, MediaType.OCI_MANIFEST);
    serve("/v2/app/manifests/" + Digest.sha256(manifest), manifest, MediaType.OCI_MANIFEST);
    serve(blob(config), config, "application/octet-stream");
    serve(blob(layer), layer, "application/octet-stream");
  }

  /** The manifest, claiming that the layer has {@code size} bytes. */
  public byte[] manifest(long size) {
    return Fixtures.utf8(
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
                Digest.sha256(layer),
                size));
  }

  public static String blob(byte[] bytes) {
    return "/v2/app/blobs/" + Digest.sha256(bytes);
  }

  public String authority() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  public String reference() {
    return "docker://" + authority() + "/app:1";
  }

  public void on(String path, Handler handler) {
    handlers.put(path, handler);
  }

  public void serve(String path, byte[] body, String type) {
    on(path, exchange -> answer(exchange, 200, body, type));
  }

  public static void answer(HttpExchange exchange, int status, byte[] body, String type)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head || body.length == 0 ? -1 : body.length);
    if (!head && body.length > 0) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  /** Sends elsewhere. */
  public static Handler redirect(String target) {
    return exchange -> {
      exchange.getResponseHeaders().set("Location", target);
      answer(exchange, 307, new byte[0], "text/plain");
    };
  }

  /** Serves an OpenPGP signature that refers to the image. */
  public void refer(byte[] signature) {
    Digest subject = Digest.sha256(manifest);
    byte[] artifact =
        Fixtures.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s","artifactType":"%s",
             "config":{"mediaType":"%s","digest":"%s","size":2},
             "layers":[{"mediaType":"%s","digest":"%s","size":%d}],
             "subject":{"mediaType":"%s","digest":"%s","size":%d}}\
            """
                .formatted(
                    MediaType.OCI_MANIFEST,
                    MediaType.PGP_SIGNATURE,
                    MediaType.OCI_EMPTY,
                    Digest.sha256(Fixtures.utf8("{}")),
                    MediaType.PGP_SIGNATURE,
                    Digest.sha256(signature),
                    signature.length,
                    MediaType.OCI_MANIFEST,
                    subject,
                    manifest.length));
    byte[] index =
        Fixtures.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s","manifests":[
             {"mediaType":"%s","artifactType":"%s","digest":"%s","size":%d}]}\
            """
                .formatted(
                    MediaType.OCI_INDEX,
                    MediaType.OCI_MANIFEST,
                    MediaType.PGP_SIGNATURE,
                    Digest.sha256(artifact),
                    artifact.length));
    serve("/v2/app/referrers/" + subject, index, MediaType.OCI_INDEX);
    serve("/v2/app/manifests/" + Digest.sha256(artifact), artifact, MediaType.OCI_MANIFEST);
    serve(blob(signature), signature, "application/octet-stream");
  }

  /** Wants {@code authorization}; without it, answers with {@code challenge}. */
  public void guard(String path, String authorization, String challenge) {
    Handler inner = Objects.requireNonNull(handlers.get(path));
    on(
        path,
        exchange -> {
          if (authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            inner.handle(exchange);
          } else {
            exchange.getResponseHeaders().set("WWW-Authenticate", challenge);
            answer(exchange, 401, new byte[0], "text/plain");
          }
        });
  }

  /** Fails every fifth time. */
  public void flaky(String path) {
    Handler inner = Objects.requireNonNull(handlers.get(path));
    AtomicInteger calls = new AtomicInteger();
    on(
        path,
        exchange -> {
          if (calls.incrementAndGet() % 5 == 0) {
            answer(exchange, 503, new byte[0], "text/plain");
          } else {
            inner.handle(exchange);
          }
        });
  }

  public long requests(String path) {
    return log.stream().filter(line -> line.startsWith(path + " ")).count();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    log.add(path + " " + (authorization == null ? "-" : authorization));
    Handler handler = handlers.get(path);
    try {
      if (handler == null) {
        answer(exchange, 404, new byte[0], "text/plain");
      } else {
        handler.handle(exchange);
      }
    } finally {
      exchange.close();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
