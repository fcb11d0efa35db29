package rkt.fetch.http;

import java.util.Map;
import rkt.fetch.transport.Patience;

/**
 * How to speak HTTP.
 *
 * @param insecureTls whether any certificate will do
 * @param environment where proxies and the file of root certificates are looked up
 */
public record HttpOptions(boolean insecureTls, Patience patience, Map<String, String> environment) {
  public HttpOptions {
    environment = Map.copyOf(environment);
  }
}
