package rkt.tests.fetch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A proxy for https that wants a password, and leads to one port of this machine. */
final class FakeProxy implements AutoCloseable {
  private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final String wanted;
  private final int target;

  FakeProxy(String login, int target) throws IOException {
    byte[] pair = login.getBytes(StandardCharsets.UTF_8);
    this.wanted = "proxy-authorization: Basic " + Base64.getEncoder().encodeToString(pair);
    this.target = target;
    Future<?> _ =
        threads.submit(() -> {
          while (true) {
            Socket client = socket.accept();
            Future<?> _ =
                threads.submit(() -> {
                  serve(client);
                  return null;
                });
          }
        });
  }

  int port() {
    return socket.getLocalPort();
  }

  /** The first line of each request that was let through. */
  List<String> requests() {
    return requests;
  }

  private void serve(Socket client) throws IOException {
    try (client) {
      // One byte at a time: what comes behind the header is for the server.
      BufferedReader reader =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1), 1);
      while (true) {
        String first = reader.readLine();
        boolean known = false;
        String line = first;
        while (line != null && !line.isEmpty()) {
          known |= line.equalsIgnoreCase(wanted);
          line = reader.readLine();
        }
        if (first == null) {
          return;
        }
        if (known) {
          requests.add(first);
          break;
        }
        String refusal =
            "HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                + "Content-Length: 0\r\n\r\n";
        client.getOutputStream().write(refusal.getBytes(StandardCharsets.US_ASCII));
      }
      client.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      try (Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
        Future<?> _ =
            threads.submit(() -> client.getInputStream().transferTo(server.getOutputStream()));
        server.getInputStream().transferTo(client.getOutputStream());
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
    threads.shutdownNow();
  }
}
