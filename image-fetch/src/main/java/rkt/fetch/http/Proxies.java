package rkt.fetch.http;

import java.io.IOException;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;
import rkt.fetch.transport.FetchException;

/** The proxy for a URL, from HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case. */
final class Proxies {
  /** Java's own switch: which logins are not offered to a proxy that leads to https. */
  private static final String NOT_OFFERED = "jdk.http.auth.tunneling.disabledSchemes";

  /**
   * The same for a 407 in answer to a request itself. Java obeys one that an https server sends
   * through the tunnel as if the proxy had asked, and would tell that server the proxy's password.
   */
  private static final String NOT_ANSWERED = "jdk.http.auth.proxying.disabledSchemes";

  private static final String ALL_SCHEMES = "Basic,Digest,NTLM,Kerberos,Negotiate";

  private final Map<String, String> environment;

  Proxies(Map<String, String> environment) {
    this.environment = environment;
    for (String scheme : new String[] {"http", "https"}) {
      String setting = variable(scheme + "_proxy");
      if (setting != null && setting.contains("@")) {
        // Both are read once, by the first connection.
        System.setProperty(NOT_ANSWERED, ALL_SCHEMES);
        if (System.getProperty(NOT_OFFERED) == null) {
          // Else no proxy for https could be logged in to: its password is Basic, and goes to the
          // proxy whatever we do.
          System.setProperty(NOT_OFFERED, "");
        }
      }
    }
  }

  /**
   * Tells Java how it is to log in to the proxies of {@code environment}: to be done before it
   * loads what makes connections, which asks once.
   */
  static void tellJava(Map<String, String> environment) {
    Proxies _ = new Proxies(environment);
  }

  /**
   * A way to a server.
   *
   * @param login who we are for the proxy, and for nobody else; null if we have no answer
   */
  record Route(Proxy proxy, @Nullable Login login) {
    static final Route DIRECT = new Route(Proxy.NO_PROXY, null);

    /**
     * Why the proxy could not be reached, if there is one: else the user would look for what is
     * wrong with the server. Its password is not in it.
     */
    IOException failure(IOException e) {
      if (!(proxy.address() instanceof InetSocketAddress address)
          || !(e instanceof ConnectException || e instanceof UnknownHostException)
          || Retry.mayPass(e)) {
        return e;
      }
      String why = e instanceof UnknownHostException ? "no such host" : e.getMessage();
      IOException failure =
          new ConnectException(
              "the proxy " + address.getHostString() + ":" + address.getPort() + ": " + why);
      failure.initCause(e);
      return failure;
    }

    /**
     * Lets the proxy know who we are: in the request, if it is the proxy that reads it, else when
     * it asks before it makes the tunnel.
     */
    void introduce(HttpURLConnection connection) {
      if (login == null) {
        return;
      }
      if (connection instanceof HttpsURLConnection) {
        connection.setAuthenticator(login);
      } else {
        connection.setRequestProperty("Proxy-Authorization", login.basic());
      }
    }
  }

  Route of(URI uri) throws FetchException {
    Origin origin = Origin.of(uri);
    String setting = variable(origin.scheme() + "_proxy");
    if (setting == null || setting.isEmpty() || origin.isLoopback() || isExcluded(origin.host())) {
      return Route.DIRECT;
    }
    try {
      URI proxy = URI.create(setting.contains("://") ? setting : "http://" + setting);
      if (proxy.getHost() == null || !"http".equals(proxy.getScheme())) {
        throw new IllegalArgumentException("not an http URL");
      }
      int port = proxy.getPort() >= 0 ? proxy.getPort() : 80;
      return new Route(
          new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port)),
          proxy.getUserInfo() == null ? null : new Login(proxy.getUserInfo()));
    } catch (IllegalArgumentException e) {
      // The value may hold a password: it is not shown.
      throw FetchException.usage(
          origin.scheme() + "_proxy is not an http URL", "set it to http://HOST:PORT");
    }
  }

  /** The user and password of a proxy's URL, for that proxy. */
  static final class Login extends Authenticator {
    private final String user;
    private final String password;

    Login(String pair) {
      int colon = pair.indexOf(':');
      this.user = colon < 0 ? pair : pair.substring(0, colon);
      this.password = colon < 0 ? "" : pair.substring(colon + 1);
    }

    private String basic() {
      byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    @Override
    protected @Nullable PasswordAuthentication getPasswordAuthentication() {
      return getRequestorType() == RequestorType.PROXY
          ? new PasswordAuthentication(user, password.toCharArray())
          : null;
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
