package rkt.fetch.aci;

import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Http;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.spec.RktException;
import rkt.spec.store.Blob;
import rkt.spec.store.Transaction;

/** An ACI on a web server. */
public final class RemoteAci implements AciSource {
  private final Http http;
  private final URI url;

  public RemoteAci(Http http, URI url) {
    this.http = http;
    this.url = url;
  }

  @Override
  public Blob file(Transaction transaction) throws RktException {
    return retry()
        .run(() -> {
          try (Answer answer = get(url)) {
            require(answer, url);
            return transaction.add(answer.body(), MAX_BYTES);
          }
        });
  }

  @Override
  public Optional<byte[]> signature() throws RktException {
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    URI beside = url.resolve(url.getRawPath() + ".asc" + query);
    return retry()
        .run(() -> {
          try (Answer answer = get(beside)) {
            if (answer.status() == 404 || answer.status() == 410) {
              return Optional.empty();
            }
            require(answer, beside);
            return Optional.of(answer.bytes(MAX_SIGNATURE_BYTES));
          }
        });
  }

  private Answer get(URI uri) throws IOException, RktException {
    Answer answer = http.get(uri, Map.of());
    try {
      Retry.inspect(answer);
    } catch (Retry.TryAgain e) {
      answer.close();
      throw e;
    }
    return answer;
  }

  private static void require(Answer answer, URI uri) throws FetchException {
    if (answer.status() == 404 || answer.status() == 410) {
      throw FetchException.notFound("no such image: " + uri, null);
    }
    if (answer.status() != 200) {
      throw FetchException.network(
          uri.getHost() + " answered " + answer.status() + " for " + uri, (String) null);
    }
  }

  private Retry retry() {
    return new Retry(http.options().patience(), url.getAuthority());
  }

  @Override
  public String what() {
    return url.toString();
  }
}
