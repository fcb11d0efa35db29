package rkt.fetch.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.HttpsURLConnection;
import rkt.fetch.transport.FetchException;

/**
 * GET and HEAD, as we trust them: at most five redirects, which we follow ourselves, never from
 * https to http; Authorization only for the origin that was asked, gone for good after the first
 * step elsewhere; every wait bounded; no compression that nobody asked for. docs/fetching.md#http
 *
 * <p>May be used by several threads at once.
 */
public final class Http implements AutoCloseable {
  private static final int MAX_REDIRECTS = 5;
  private static final String AUTHORIZATION = "Authorization";
  private static final Upload NOTHING = new Upload(-1, InputStream.nullInputStream());

  /** Above this a body is not kept in memory to be sent again. */
  private static final int LARGE = 1 << 20;

  private static final int PIECE = 64 << 10;

  /**
   * What a request carries.
   *
   * @param length negative for no body at all
   */
  private record Upload(long length, InputStream body) {}

  private final HttpOptions options;
  private final Proxies proxies;
  private final Tls tls;
  private final ScheduledExecutorService watchdog;

  public Http(HttpOptions options) {
    this.options = options;
    this.proxies = new Proxies(options.surroundings().environment());
    this.tls = new Tls(options.insecureTls(), options.surroundings());
    ScheduledThreadPoolExecutor timers =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "rkt-http-watchdog");
              thread.setDaemon(true);
              return thread;
            });
    timers.setRemoveOnCancelPolicy(true);
    this.watchdog = timers;
  }

  /** What this was made with. */
  public HttpOptions options() {
    return options;
  }

  /** GETs {@code uri}, following redirects. */
  public Answer get(URI uri, Map<String, String> headers) throws IOException, FetchException {
    return follow("GET", uri, headers);
  }

  /** Asks for the headers of {@code uri} alone, following redirects. */
  public Answer head(URI uri, Map<String, String> headers) throws IOException, FetchException {
    return follow("HEAD", uri, headers);
  }

  private Answer follow(String method, URI uri, Map<String, String> headers)
      throws IOException, FetchException {
    Map<String, String> current = new LinkedHashMap<>(headers);
    URI at = uri;
    for (int hop = 0; ; hop++) {
      Answer answer = ask(method, at, current, NOTHING);
      if (!isRedirect(answer.status())) {
        return answer;
      }
      answer.close();
      if (hop == MAX_REDIRECTS) {
        throw FetchException.network(
            uri.getHost() + " redirects more than " + MAX_REDIRECTS + " times", (String) null);
      }
      URI next = target(at, answer);
      if (!Origin.of(next).equals(Origin.of(at))) {
        current.remove(AUTHORIZATION);
      }
      at = next;
    }
  }

  /** GETs {@code uri}; a redirect is an answer like any other. */
  public Answer once(URI uri, Map<String, String> headers) throws IOException, FetchException {
    return ask("GET", uri, headers, NOTHING);
  }

  /** Sends a form; a redirect is an answer like any other. */
  public Answer post(URI uri, String form) throws IOException, FetchException {
    return ask(
        "POST",
        uri,
        Map.of("Content-Type", "application/x-www-form-urlencoded"),
        upload(form.getBytes(StandardCharsets.UTF_8)));
  }

  private static Upload upload(byte[] bytes) {
    return new Upload(bytes.length, new ByteArrayInputStream(bytes));
  }

  /**
   * Sends a body; a redirect is an answer like any other.
   *
   * @param length of the body, exactly
   */
  public Answer send(
      String method, URI uri, Map<String, String> headers, long length, InputStream body)
      throws IOException, FetchException {
    boolean empty = method.equals("GET") || method.equals("HEAD");
    return ask(method, uri, headers, empty ? NOTHING : new Upload(length, body));
  }

  /** Writes the body in pieces, none of which may take longer than an answer's. */
  private void write(HttpURLConnection connection, Upload upload) throws IOException {
    connection.setDoOutput(true);
    if (upload.length() > LARGE) {
      connection.setFixedLengthStreamingMode(upload.length());
    }
    byte[] piece = new byte[PIECE];
    long left = upload.length();
    try (OutputStream out = connection.getOutputStream()) {
      while (left > 0) {
        int read = upload.body().read(piece, 0, (int) Math.min(piece.length, left));
        if (read < 0) {
          throw new IOException("the file that is sent became shorter");
        }
        ScheduledFuture<?> timer =
            watchdog.schedule(
                connection::disconnect,
                options.patience().idle().toMillis(),
                TimeUnit.MILLISECONDS);
        try {
          out.write(piece, 0, read);
        } finally {
          timer.cancel(false);
        }
        left -= read;
      }
    }
  }

  private Answer ask(String method, URI uri, Map<String, String> headers, Upload upload)
      throws IOException, FetchException {
    Proxies.Route route = proxies.of(uri);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection(route.proxy());
    if (connection instanceof HttpsURLConnection secure) {
      tls.apply(secure, Origin.of(uri));
    }
    connection.setRequestMethod(method);
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setConnectTimeout(Math.toIntExact(options.patience().connect().toMillis()));
    connection.setReadTimeout(Math.toIntExact(options.patience().idle().toMillis()));
    connection.setRequestProperty("User-Agent", "rkt");
    connection.setRequestProperty("Accept-Encoding", "identity");
    connection.setRequestProperty("Accept", "*/*");
    headers.forEach(connection::setRequestProperty);
    route.introduce(connection);
    int status;
    try {
      if (upload.length() >= 0) {
        write(connection, upload);
      }
      status = status(connection, uri);
    } catch (ConnectException | UnknownHostException e) {
      throw route.failure(e);
    }
    String encoding = connection.getHeaderField("Content-Encoding");
    if ((status == 200 || status == 206) && encoding != null && !encoding.equals("identity")) {
      connection.disconnect();
      throw FetchException.network(
          uri.getHost() + " sent the body in the encoding " + encoding, (String) null);
    }
    InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream();
    return new Answer(
        uri,
        connection,
        status,
        new BodyStream(
            body == null ? InputStream.nullInputStream() : body,
            method.equals("HEAD") ? 0 : connection.getContentLengthLong(),
            options.patience()));
  }

  /** The read timeout starts anew with each byte, so a header that trickles needs a watchdog. */
  private int status(HttpURLConnection connection, URI uri) throws IOException {
    AtomicBoolean late = new AtomicBoolean();
    long limit = options.patience().connect().plus(options.patience().header()).toMillis();
    ScheduledFuture<?> timer =
        watchdog.schedule(
            () -> {
              late.set(true);
              connection.disconnect();
            },
            limit,
            TimeUnit.MILLISECONDS);
    try {
      int status = connection.getResponseCode();
      if (late.get()) {
        throw new IOException("half a header"); // which the JDK takes for a whole one
      }
      if (status < 100) {
        throw new BodyStream.StallException(uri.getHost() + " did not answer in HTTP");
      }
      return status;
    } catch (IOException e) {
      if (late.get()) {
        throw new BodyStream.StallException(
            uri.getHost() + " took more than " + limit / 1000 + " seconds to answer");
      }
      throw e;
    } finally {
      timer.cancel(false);
    }
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private static URI target(URI from, Answer answer) throws FetchException {
    Optional<String> location = answer.header("Location");
    URI target;
    try {
      target = from.resolve(new URI(location.orElse("")));
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw FetchException.network(from.getHost() + " redirects to something that is no URL", e);
    }
    String scheme = String.valueOf(target.getScheme());
    if (location.isEmpty()
        || target.getHost() == null
        || target.getUserInfo() != null
        || !(scheme.equalsIgnoreCase("https") || scheme.equalsIgnoreCase("http"))) {
      throw FetchException.network(
          from.getHost() + " redirects to something that is not followed", (String) null);
    }
    if (Origin.of(from).scheme().equals("https") && !scheme.equalsIgnoreCase("https")) {
      throw FetchException.network(
          from.getHost() + " redirects from https to http, which is never followed", (String) null);
    }
    return target;
  }

  @Override
  public void close() {
    watchdog.shutdownNow();
  }
}
