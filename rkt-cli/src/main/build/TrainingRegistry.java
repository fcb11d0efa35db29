import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A registry that the training fetches from and pushes to, on loopback, with one image, {@code
 * training:1}: by https, with a certificate of its own and a token for everybody, or by plain http.
 * In the process of the build, so that nothing of it gets into a cache.
 */
final class TrainingRegistry implements AutoCloseable {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
  private static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
  private static final String PASSWORD = "of no use";

  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> documents = new ConcurrentHashMap<>();
  private final Map<String, String> types = new ConcurrentHashMap<>();

  private TrainingRegistry(HttpServer server, Image image) throws NoSuchAlgorithmException {
    this.server = server;
    addImage(image.layer(), image.diff());
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /**
   * What it has.
   *
   * @param layer a gzipped tar
   * @param diff the digest of the tar
   */
  record Image(byte[] layer, String diff) {}

  /** Starts one that speaks https; its certificate is written to {@code certificate}. */
  static TrainingRegistry secure(Image image, Path certificate) throws Exception {
    HttpsServer server = HttpsServer.create(ANY_PORT, 0);
    server.setHttpsConfigurator(new HttpsConfigurator(identity(certificate)));
    return new TrainingRegistry(server, image);
  }

  /** Starts one that speaks plain http. */
  static TrainingRegistry plain(Image image) throws Exception {
    return new TrainingRegistry(HttpServer.create(ANY_PORT, 0), image);
  }

  /** Host and port. */
  String address() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** A key that is forgotten with this process, and its certificate. */
  private static SSLContext identity(Path certificate) throws Exception {
    Path file = certificate.resolveSibling("registry.p12");
    var keytool =
        List.of(
            Path.of(System.getProperty("java.home"), "bin/keytool").toString(),
            "-genkeypair",
            "-keystore",
            file.toString(),
            "-storepass",
            PASSWORD,
            "-alias",
            "registry",
            "-keyalg",
            "EC",
            "-groupname",
            "secp256r1",
            "-dname",
            "CN=127.0.0.1",
            "-ext",
            "SAN=ip:127.0.0.1",
            "-validity",
            "2");
    Process made = new ProcessBuilder(keytool).redirectErrorStream(true).start();
    String printed = new String(made.getInputStream().readAllBytes());
    if (made.waitFor() != 0) {
      throw new IllegalStateException("keytool: " + printed);
    }
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    Files.delete(file);
    Files.writeString(
        certificate,
        "-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder().encodeToString(keys.getCertificate("registry").getEncoded())
            + "\n-----END CERTIFICATE-----\n");
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  private void addImage(byte[] layer, String diff) throws NoSuchAlgorithmException {
    byte[] config =
        ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/nothing\"]},"
                + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                + diff
                + "\"]}}")
            .getBytes();
    byte[] manifest =
        ("{\"schemaVersion\":2,\"mediaType\":\""
                + MANIFEST
                + "\",\"config\":"
                + descriptor(CONFIG, config)
                + ",\"layers\":["
                + descriptor(LAYER, layer)
                + "]}")
            .getBytes();
    add("blobs/" + digest(config), config, CONFIG);
    add("blobs/" + digest(layer), layer, LAYER);
    add("manifests/" + digest(manifest), manifest, MANIFEST);
    add("manifests/1", manifest, MANIFEST);
  }

  private void add(String path, byte[] bytes, String type) {
    documents.put("/v2/training/" + path, bytes);
    types.put("/v2/training/" + path, type);
  }

  private static String descriptor(String type, byte[] bytes) throws NoSuchAlgorithmException {
    return "{\"mediaType\":\""
        + type
        + "\",\"digest\":\""
        + digest(bytes)
        + "\",\"size\":"
        + bytes.length
        + "}";
  }

  private static String digest(byte[] bytes) throws NoSuchAlgorithmException {
    return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath();
      if (path.equals("/token")) {
        send(exchange, 200, "application/json", "{\"token\":\"training\"}".getBytes());
      } else if (exchange instanceof HttpsExchange
          && !exchange.getRequestHeaders().containsKey("Authorization")) {
        String realm = "https://" + address() + "/token";
        exchange
            .getResponseHeaders()
            .set("WWW-Authenticate", "Bearer realm=\"" + realm + "\",service=\"training\"");
        send(exchange, 401, "application/json", "{}".getBytes());
      } else {
        answer(exchange, path, body);
      }
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
  }

  private void answer(HttpExchange exchange, String path, byte[] body)
      throws IOException, NoSuchAlgorithmException {
    switch (exchange.getRequestMethod()) {
      case "POST" -> {
        exchange.getResponseHeaders().set("Location", "/v2/training/upload/1");
        send(exchange, 202, "", new byte[0]);
      }
      case "PUT" -> {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        for (String name : namesOf(path, body)) {
          add(name, body, type);
        }
        send(exchange, 201, "", new byte[0]);
      }
      default -> {
        byte[] found = documents.get(path);
        if (found == null) {
          send(exchange, 404, "application/json", "{\"errors\":[]}".getBytes());
        } else {
          exchange.getResponseHeaders().set("Docker-Content-Digest", digest(found));
          send(exchange, 200, types.get(path), found);
        }
      }
    }
  }

  private static List<String> namesOf(String path, byte[] body) throws NoSuchAlgorithmException {
    if (path.contains("/upload/")) {
      return List.of("blobs/" + digest(body));
    }
    var names = new ArrayList<>(List.of("manifests/" + digest(body)));
    names.add(path.substring("/v2/training/".length()));
    return names;
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
    }
    exchange.sendResponseHeaders(status, head || body.length == 0 ? -1 : body.length);
    if (!head && body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }
}
