package rkt.fetch.http;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;

/** The proxy for a URL, from HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case. */
final class Proxies {
  private final Map<String, String> environment;

  Proxies(Map<String, String> environment) {
    this.environment = environment;
  }

  Proxy of(URI uri) throws FetchException {
    Origin origin = Origin.of(uri);
    String setting = variable(origin.scheme() + "_proxy");
    if (setting == null || setting.isEmpty() || origin.isLoopback() || isExcluded(origin.host())) {
      return Proxy.NO_PROXY;
    }
    try {
      URI proxy = URI.create(setting.contains("://") ? setting : "http://" + setting);
      if (proxy.getHost() == null || !"http".equals(proxy.getScheme())) {
        throw new IllegalArgumentException("not an http URL");
      }
      int port = proxy.getPort() >= 0 ? proxy.getPort() : 80;
      return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port));
    } catch (IllegalArgumentException e) {
      // The value may hold a password: it is not shown.
      throw FetchException.usage(
          origin.scheme() + "_proxy is not an http URL", "set it to http://HOST:PORT");
    }
  }

  private boolean isExcluded(String host) {
    String list = variable("no_proxy");
    if (list == null) {
      return false;
    }
    for (String item : list.split(",", -1)) {
      String suffix = item.trim().toLowerCase(Locale.ROOT);
      if (suffix.startsWith(".")) {
        suffix = suffix.substring(1);
      }
      if (suffix.equals("*")
          || (!suffix.isEmpty() && (host.equals(suffix) || host.endsWith("." + suffix)))) {
        return true;
      }
    }
    return false;
  }

  private @Nullable String variable(String name) {
    String lower = environment.get(name);
    return lower != null ? lower : environment.get(name.toUpperCase(Locale.ROOT));
  }
}
