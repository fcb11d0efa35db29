package rkt.tests.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import rkt.tests.Call;
import rkt.tests.Result;
import rkt.tests.Rkt;

/** Programs of the machine that the tests start. */
final class Tools {
  private static final Pattern PROGRESS =
      Pattern.compile(
          "(layer \\d+/\\d+ .*|.*: \\d+ bytes(, here already)?|.* MB(, here already)?|warning: .*)");
  private static final Set<String> SKELETON =
      Set.of(
          "",
          "images",
          "store",
          "store/blobs",
          "store/blobs/sha256",
          "store/blobs/sha512",
          "store/tmp",
          "store/oci-layout");

  private Tools() {}

  /** Runs a program, which has to succeed; gives what it printed. */
  static Result ok(String... command) throws IOException, InterruptedException {
    Result result = new Call(List.of(command)).run();
    assertThat(result.status()).as("%s", result).isZero();
    return result;
  }

  /** A port of 127.0.0.1 that nobody listens on. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Starts a server and waits until it answers at {@code port}. */
  static Process server(Path log, int port, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < end && process.isAlive()) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        if (socket.isConnected()) {
          return process;
        }
      } catch (IOException e) {
        Thread.sleep(20);
      }
    }
    stop(process, true);
    throw new AssertionError(List.of(command) + " does not listen: " + Files.readString(log));
  }

  /** Waits for the end of a process, which is asked to end first if it would go on. */
  static void stop(Process process, boolean ask) {
    if (ask) {
      process.destroy();
    }
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs {@code rkt}, which has to refuse: see below. */
  static Result refuses(Rkt rkt, String errorClass, String... args)
      throws IOException, InterruptedException {
    return refuses(rkt, errorClass, 254, rkt.call(args));
  }

  /**
   * Makes a call that has to refuse with this status and class: after progress and warnings, one
   * error and perhaps what to do about it, nothing printed, no stack, and nothing new in the data
   * directory but the directories of an empty store.
   */
  static Result refuses(Rkt rkt, String errorClass, int status, Call call)
      throws IOException, InterruptedException {
    Map<String, String> before = content(rkt);
    Result result = call.run();
    assertThat(result.status()).as("%s", result).isEqualTo(status);
    assertThat(result.out()).as("%s", result).isEmpty();
    assertError(errorClass, result);
    assertThat(content(rkt)).as("%s", result).isEqualTo(before);
    return result;
  }

  /** One error of this class, after any progress and warnings. */
  static void assertError(String errorClass, Result result) {
    List<String> lines = new ArrayList<>(result.err().lines().toList());
    lines.removeIf(line -> PROGRESS.matcher(line).matches());
    assertThat(lines).as("%s", result).hasSizeBetween(1, 2);
    assertThat(lines.get(0)).as("%s", result).matches("(" + errorClass + "): .*");
    if (lines.size() == 2) {
      assertThat(lines.get(1)).as("%s", result).startsWith("  fix: ");
    }
    assertThat(result.err()).as("%s", result).doesNotContain("Exception", "\tat ");
  }

  /** What a data directory holds, except for the directories that every store has. */
  static Map<String, String> content(Rkt rkt) throws IOException {
    Map<String, String> entries = rkt.listing();
    entries.keySet().removeAll(SKELETON);
    String index = entries.getOrDefault("store/index.json", "");
    if (index.endsWith(" 88")) {
      entries.remove("store/index.json"); // of an empty store
    }
    return entries;
  }
}
