package rkt.fetch.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The answer to a request, its body not yet read. */
public final class Answer implements AutoCloseable {
  private final URI uri;
  private final HttpURLConnection connection;
  private final int status;
  private final InputStream body;

  Answer(URI uri, HttpURLConnection connection, int status, InputStream body) {
    this.uri = uri;
    this.connection = connection;
    this.status = status;
    this.body = body;
  }

  /** Where the answer came from, after all redirects. */
  public URI uri() {
    return uri;
  }

  public int status() {
    return status;
  }

  /** The media type without its parameters, in lower case; empty if there is none. */
  public String contentType() {
    String type = connection.getHeaderField("Content-Type");
    if (type == null) {
      return "";
    }
    int semicolon = type.indexOf(';');
    return (semicolon < 0 ? type : type.substring(0, semicolon)).trim().toLowerCase(Locale.ROOT);
  }

  /** The values of a header, in order. */
  public List<String> headers(String name) {
    for (Map.Entry<String, List<String>> header : connection.getHeaderFields().entrySet()) {
      if (name.equalsIgnoreCase(header.getKey())) {
        return List.copyOf(header.getValue());
      }
    }
    return List.of();
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(connection.getHeaderField(name));
  }

  /** How long the body says that it is; -1 if it does not say. */
  public long length() {
    return connection.getContentLengthLong();
  }

  /** The body: it stalls no longer than allowed, and a cut is an error, not an end. */
  public InputStream body() {
    return body;
  }

  /** The whole body, if it has no more than {@code limit} bytes. */
  public byte[] bytes(int limit) throws IOException {
    byte[] bytes = body.readNBytes(limit + 1);
    if (bytes.length > limit) {
      throw new OversizeException(uri, limit);
    }
    return bytes;
  }

  /**
   * Gives the connection up; a body that was read to its end, or is here to be, leaves it for the
   * next request.
   */
  @Override
  public void close() {
    if (!hasEnded()) {
      connection.disconnect();
    }
  }

  private boolean hasEnded() {
    try {
      return body instanceof BodyStream stream && stream.ends();
    } catch (IOException e) {
      return false;
    }
  }

  /** A document that is longer than any honest one. */
  public static final class OversizeException extends IOException {
    OversizeException(URI uri, int limit) {
      super("the answer of " + uri.getHost() + " is longer than " + limit + " bytes");
    }
  }
}
