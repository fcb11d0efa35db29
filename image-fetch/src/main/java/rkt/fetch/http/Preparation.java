package rkt.fetch.http;

import java.io.IOException;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;
import java.util.Map;

/**
 * What Java does once before its first request, on a thread of its own while the caller still finds
 * out what to ask: above all it looks in every jar for somebody else who handles http, and for a
 * logger. Nothing is sent. docs/adr/0001-start-up.md
 */
public final class Preparation implements Runnable {
  private Preparation() {}

  /**
   * Begins, and does not wait.
   *
   * @param environment of the requests to come, which says by which proxies they go
   */
  public static void begin(Map<String, String> environment) {
    Proxies.tellJava(environment);
    Thread thread = new Thread(new Preparation(), "rkt-http-preparation");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void run() {
    try (Socket socket = new Socket()) {
      // Neither connects to anything.
      URI.create("http://localhost/").toURL().openConnection(Proxy.NO_PROXY);
      System.getLogger("sun.net.www.protocol.http.HttpURLConnection")
          .isLoggable(System.Logger.Level.DEBUG);
      socket.setTcpNoDelay(true);
    } catch (IOException e) {
      return; // the request that follows will say so
    }
  }
}
