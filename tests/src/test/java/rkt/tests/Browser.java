package rkt.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Debian's chromium without a window, with a profile of its own, spoken to by its DevTools
 * protocol. It is clicked and typed at as by a person.
 */
final class Browser implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long LIMIT_SECONDS = 60;

  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private int last;

  private Browser(Path profile) throws Exception {
    process =
        new ProcessBuilder(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                "--user-data-dir=" + profile,
                "--window-size=1280,1000",
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(profile.resolve("log").toFile())
            .start();
    try {
      socket =
          http.newWebSocketBuilder()
              .buildAsync(page(port(profile)), new Listener())
              .get(LIMIT_SECONDS, TimeUnit.SECONDS);
      call("Network.enable");
      call("Page.enable");
    } catch (Exception e) {
      end();
      throw e;
    }
  }

  /** Starts it; {@code profile} is an empty directory. */
  static Browser start(Path profile) throws Exception {
    return new Browser(profile);
  }

  private int port(Path profile) throws Exception {
    Path file = profile.resolve("DevToolsActivePort");
    for (long i = 0; i < LIMIT_SECONDS * 20; i++) {
      if (Files.exists(file) && Files.readString(file).contains("\n")) {
        return Integer.parseInt(Files.readAllLines(file).get(0));
      }
      if (!process.isAlive()) {
        break;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("chromium says: " + Files.readString(profile.resolve("log")));
  }

  private URI page(int port) throws Exception {
    HttpRequest list =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list")).build();
    for (long i = 0; i < LIMIT_SECONDS * 20; i++) {
      for (JsonNode target : JSON.readTree(http.send(list, BodyHandlers.ofString()).body())) {
        if (target.path("type").asText().equals("page")) {
          return URI.create(target.path("webSocketDebuggerUrl").asText());
        }
      }
      Thread.sleep(50);
    }
    throw new AssertionError("chromium has no page");
  }

  /** What arrives: answers by their number, and events. */
  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) {
        take(text.toString());
        text.setLength(0);
      }
      from.request(1);
      return null;
    }

    private void take(String message) {
      try {
        JsonNode json = JSON.readTree(message);
        if (json.has("id")) {
          answers.get(json.get("id").asInt()).complete(json);
        } else if (json.path("method").asText().equals("Network.requestWillBeSent")) {
          requests.add(json.path("params").path("request").path("url").asText());
        }
      } catch (IOException e) {
        throw new AssertionError(message, e);
      }
    }
  }

  /** Calls a method of the protocol with names and values. */
  private JsonNode call(String method, Object... parameters) throws Exception {
    int id = ++last;
    ObjectNode json = JSON.createObjectNode().put("id", id).put("method", method);
    ObjectNode values = json.putObject("params");
    for (int i = 0; i < parameters.length; i += 2) {
      values.set((String) parameters[i], JSON.valueToTree(parameters[i + 1]));
    }
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    socket.sendText(json.toString(), true).get(LIMIT_SECONDS, TimeUnit.SECONDS);
    JsonNode result = answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (result.has("error")) {
      throw new AssertionError(method + ": " + result.get("error"));
    }
    return result.get("result");
  }

  /** Opens a file, and waits until {@code ready} is true in it. */
  void open(Path file, String fragment, String ready) throws Exception {
    call("Page.navigate", "url", "about:blank");
    requests.clear();
    call("Page.navigate", "url", file.toUri() + fragment);
    await("location.protocol === 'file:' && " + ready);
  }

  void scripts(boolean allowed) throws Exception {
    call("Emulation.setScriptExecutionDisabled", "value", !allowed);
  }

  /** The value of an expression in the page, as text; a promise is waited for. */
  String eval(String expression) throws Exception {
    JsonNode result =
        call(
            "Runtime.evaluate",
            "expression",
            expression,
            "returnByValue",
            true,
            "awaitPromise",
            true);
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
    }
    return result.path("result").path("value").asText();
  }

  /** Waits until an expression is true; while a page comes, there may be nothing to ask it. */
  void await(String condition) throws Exception {
    String ready = "document.readyState === 'complete' && Boolean(" + condition + ")";
    AssertionError failure = null;
    for (long i = 0; i < LIMIT_SECONDS * 20; i++) {
      try {
        failure = null;
        if (eval(ready).equals("true")) {
          return;
        }
      } catch (AssertionError e) {
        failure = e;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("never became true: " + condition, failure);
  }

  /** Presses and lets go of the mouse in the middle of an element. */
  void click(String selector) throws Exception {
    drag(selector, 0.5, 0.5);
  }

  /** Presses at one share of an element's width and lets go at another. */
  void drag(String selector, double from, double to) throws Exception {
    String box =
        eval(
            "(() => { const e = document.querySelector("
                + JSON.writeValueAsString(selector)
                + "); e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
                + " return [r.left, r.top, r.width, r.height].join(' '); })()");
    double[] r = List.of(box.split(" ")).stream().mapToDouble(Double::parseDouble).toArray();
    double y = r[1] + r[3] / 2;
    mouse("mouseMoved", r[0] + r[2] * from, y);
    mouse("mousePressed", r[0] + r[2] * from, y);
    mouse("mouseMoved", r[0] + r[2] * to, y);
    mouse("mouseReleased", r[0] + r[2] * to, y);
  }

  private void mouse(String type, double x, double y) throws Exception {
    boolean isMove = type.equals("mouseMoved");
    call(
        "Input.dispatchMouseEvent",
        "type",
        type,
        "x",
        x,
        "y",
        y,
        "button",
        isMove ? "none" : "left",
        "clickCount",
        isMove ? 0 : 1);
  }

  /** Types into what has the focus. */
  void type(String text) throws Exception {
    call("Input.insertText", "text", text);
  }

  /** Presses a key with this name. */
  void key(String name) throws Exception {
    call("Input.dispatchKeyEvent", "type", "keyDown", "key", name);
    call("Input.dispatchKeyEvent", "type", "keyUp", "key", name);
  }

  /** The addresses that the page asked for, itself among them. */
  List<String> requests() {
    return List.copyOf(requests);
  }

  private void end() {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly().onExit().join();
    for (ProcessHandle child : children) {
      child.destroyForcibly();
      child.onExit().join();
    }
  }

  @Override
  public void close() {
    socket.abort();
    http.shutdownNow();
    end();
  }
}
