package rkt.fetch;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import rkt.fetch.auth.Logins;
import rkt.fetch.discovery.Discovery;
import rkt.fetch.http.Answer;
import rkt.fetch.http.Http;
import rkt.fetch.http.HttpOptions;
import rkt.fetch.http.Origin;
import rkt.fetch.http.Retry;
import rkt.fetch.transport.FetchException;
import rkt.spec.ImageName;
import rkt.spec.RktException;

/** Finds the keys that the owner of a name publishes. It trusts none. spec/discovery.md#keys */
public final class KeyDiscovery {
  private static final int LARGEST = 1 << 20;
  private static final int MOST = 16;

  private final FetchOptions options;
  private final boolean plain;

  /**
   * @param plain whether {@code --insecure-options=pubkey} lets keys come over plain http
   */
  public KeyDiscovery(FetchOptions options, boolean plain) {
    this.options = options;
    this.plain = plain;
  }

  /** A file that is said to hold a public key. */
  public static final class Found {
    private final URI source;
    private final byte[] bytes;

    private Found(URI source, byte[] bytes) {
      this.source = source;
      this.bytes = bytes;
    }

    /** Where it came from. */
    public URI source() {
      return source;
    }

    /** Its bytes, which nobody changes. */
    public byte[] bytes() {
      return bytes;
    }
  }

  /** The keys for {@code prefix}; never empty. */
  public List<Found> find(ImageName prefix) throws RktException {
    try (Http http =
        new Http(
            new HttpOptions(options.insecureTls(), options.patience(), options.surroundings()))) {
      List<URI> sources =
          new Discovery(http, new Logins(options.surroundings()), options.insecureHttp())
              .keys(prefix);
      if (sources.size() > MOST) {
        throw FetchException.network(
            "the pages of " + prefix + " name " + sources.size() + " keys", (String) null);
      }
      List<Found> found = new ArrayList<>();
      for (URI source : sources) {
        found.add(new Found(source, key(http, source)));
      }
      return found;
    }
  }

  /** The key at a place that somebody named. */
  public Found at(URI source) throws RktException {
    if (source.getHost() == null) {
      throw FetchException.usage("\"" + source + "\" names no host", null);
    }
    try (Http http =
        new Http(
            new HttpOptions(options.insecureTls(), options.patience(), options.surroundings()))) {
      return new Found(source, key(http, source));
    }
  }

  private byte[] key(Http http, URI source) throws RktException {
    String scheme = String.valueOf(source.getScheme());
    if (!scheme.equals("https") && !(scheme.equals("http") && plain)) {
      throw FetchException.network(
          "the key at " + source + " would not come by https, so anybody could change it",
          "get it another way and give the file to rkt trust; --insecure-options=pubkey allows"
              + " plain http");
    }
    return new Retry(http.options().patience(), Origin.of(source).host())
        .run(() -> {
          try (Answer answer = http.get(source, Map.of())) {
            Retry.inspect(answer);
            if (answer.status() != 200) {
              throw FetchException.network(
                  source.getHost() + " answered " + answer.status() + " for the key " + source,
                  (String) null);
            }
            return answer.bytes(LARGEST);
          }
        });
  }
}
