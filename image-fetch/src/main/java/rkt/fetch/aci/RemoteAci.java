package rkt.fetch.aci;

import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import rkt.fetch.auth.Logins;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Freshness;
import rkt.fetch.http.Http;
import rkt.fetch.http.Origin;
import rkt.fetch.http.Resumable;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.fetch.transport.Progress;
import rkt.spec.RktException;
import rkt.spec.store.Blob;
import rkt.spec.store.Transaction;

/** An ACI on a web server. Belongs to one thread. */
public final class RemoteAci implements AciSource {
  /** What a server says that signs a file when somebody fetches it. */
  private static final int ACCEPTED = 202;

  private final Http http;
  private final Logins logins;
  private final URI url;
  private final URI signatureUrl;
  private @Nullable Freshness freshness;
  private boolean isSignatureLate;

  /**
   * @param signatureUrl where the detached signature is
   */
  public RemoteAci(Http http, Logins logins, URI url, URI signatureUrl) {
    this.http = http;
    this.logins = logins;
    this.url = url;
    this.signatureUrl = signatureUrl;
  }

  /** An ACI with its signature beside it. */
  public RemoteAci(Http http, Logins logins, URI url) {
    this(http, logins, url, beside(url));
  }

  private static URI beside(URI url) {
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    return url.resolve(url.getRawPath() + ".asc" + query);
  }

  @Override
  public Blob file(Transaction transaction, Progress progress, long limit) throws RktException {
    Retry retry = retry();
    return retry.run(() -> {
      try (Resumable body = new Resumable(this::part, retry, false)) {
        if (body.answer().length() > limit) {
          throw FetchException.integrity(
              url + " has " + body.answer().length() + " bytes and may have " + limit, null);
        }
        freshness = Freshness.of(body.answer());
        body.tell(progress.started(what(), body.answer().length()));
        return transaction.add(body, limit);
      }
    });
  }

  private Answer part(Map<String, String> headers) throws IOException, RktException {
    Answer answer = inspected(http.get(url, with("GET", url, headers)));
    boolean part = answer.status() == 206 && headers.containsKey("Range");
    if (!part) {
      try {
        require(answer, url);
      } catch (FetchException e) {
        answer.close();
        throw e;
      }
    }
    return answer;
  }

  @Override
  public Optional<byte[]> signature() throws RktException {
    return retry()
        .run(() -> {
          try (Answer answer = get(signatureUrl)) {
            if (isMissing(answer)) {
              return Optional.empty();
            }
            if (answer.status() == ACCEPTED) {
              isSignatureLate = true;
              return Optional.empty();
            }
            require(answer, signatureUrl);
            return Optional.of(answer.bytes(MAX_SIGNATURE_BYTES));
          }
        });
  }

  @Override
  public Optional<byte[]> lateSignature() throws RktException {
    if (!isSignatureLate) {
      return Optional.empty();
    }
    Optional<byte[]> signature = signature();
    if (signature.isEmpty()) {
      throw FetchException.network(
          signatureUrl.getHost() + " still has no signature at " + signatureUrl + ", and said so",
          "fetch the image again later");
    }
    return signature;
  }

  /** A document of at most {@code limit} bytes at {@code uri}, on the same terms. */
  public byte[] document(URI uri, int limit) throws RktException {
    return retry()
        .run(() -> {
          try (Answer answer = get(uri)) {
            require(answer, uri);
            return answer.bytes(limit);
          }
        });
  }

  @Override
  public Optional<Freshness> freshness() {
    return Optional.ofNullable(freshness);
  }

  /**
   * Asks whether the file is still the one that the server called {@code mark}; what it says about
   * later ones if it is, empty if not.
   */
  public Optional<Freshness> unchanged(String mark) throws RktException {
    return retry()
        .run(() -> {
          try (Answer answer =
              inspected(http.head(url, with("HEAD", url, Map.of("If-None-Match", mark))))) {
            boolean same =
                answer.status() == 304
                    || (answer.status() == 200 && answer.header("ETag").orElse("").equals(mark));
            return same ? Optional.of(Freshness.of(answer)) : Optional.empty();
          }
        });
  }

  /** Whether the server says that it has no such file. */
  public boolean isAbsent() throws RktException {
    return retry()
        .run(() -> {
          try (Answer answer = inspected(http.head(url, with("HEAD", url, Map.of())))) {
            return isMissing(answer);
          }
        });
  }

  private static boolean isMissing(Answer answer) {
    return answer.status() == 404 || answer.status() == 410;
  }

  private Answer get(URI uri) throws IOException, RktException {
    return inspected(http.get(uri, with("GET", uri, Map.of())));
  }

  private Map<String, String> with(String method, URI uri, Map<String, String> headers)
      throws RktException {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.putAll(logins.headers(method, uri, http.options().insecureTls()));
    return all;
  }

  private static Answer inspected(Answer answer) throws IOException {
    try {
      Retry.inspect(answer);
    } catch (Retry.TryAgain e) {
      answer.close();
      throw e;
    }
    return answer;
  }

  private void require(Answer answer, URI uri) throws FetchException {
    if (isMissing(answer)) {
      throw FetchException.notFound("no such image: " + uri, null);
    }
    if (answer.status() != 200) {
      boolean login = answer.status() == 401 || answer.status() == 403;
      throw FetchException.network(
          uri.getHost() + " answered " + answer.status() + " for " + uri,
          login ? login(Origin.of(uri)) : null);
    }
  }

  private String login(Origin origin) {
    boolean isProven = origin.scheme().equals("https") && !http.options().insecureTls();
    return isProven || origin.isLoopback()
        ? "a login for " + origin.authority() + " goes into /etc/rkt/auth.d"
        : "logins are sent by https alone, and not with --insecure-options=tls";
  }

  private Retry retry() {
    return new Retry(http.options().patience(), url.getAuthority());
  }

  @Override
  public String what() {
    return url.toString();
  }
}
