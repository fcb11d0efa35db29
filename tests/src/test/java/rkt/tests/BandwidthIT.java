package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What a pod sends and receives, to and from a server at the other end of a wire. The server is in
 * a network namespace of its own, so that nothing of the host's takes part. The clock is only asked
 * how long something took at least.
 */
@Tag("privileged")
class BandwidthIT extends PodTests {
  private static final String SERVER_ADDRESS = "10.9.0.1";

  /** What goes on at once after a pause is half a second's worth, and one packet. */
  private static final double BURST_SECONDS = 0.5;

  private static final int MOST_OF_PACKET = 70_000;

  /** What {@code /proc/uptime} may be wrong by. */
  private static final double CLOCK_SECONDS = 0.02;

  /** On "u" it reads to the end and hangs up, on "d" it writes as long as it can. */
  private static final String SERVER =
      """
      import socket, threading
      def serve(client):
          try:
              if client.recv(1) == b'd':
                  while True:
                      client.sendall(b'x' * 65536)
              while client.recv(1 << 20):
                  pass
          except OSError:
              pass
          client.close()
      server = socket.create_server(('0.0.0.0', 5000))
      print('ready', flush=True)
      while True:
          threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
      """;

  private Running server;

  @BeforeAll
  void startTheServer() throws Exception {
    server =
        new Call(List.of("unshare", "--net", "python3", "-c", SERVER)).start().awaitOutput("ready");
  }

  @AfterAll
  void stopTheServer() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void whatAnAppSendsAndReceivesIsLimitedOnEveryInterfaceButLoopback() throws Exception {
    try (Pod pod = pod("sleep 1000", "--network-bandwidth=200k")) {
      layWire(rkt.initPid(pod.uuid()));
      assertNoFaster(in(pod, "busybox", sending(500_000)), 500_000, 200_000);
      String received = in(pod, "busybox", receiving(500_000));
      assertThat(received).contains("\n500000\n");
      assertNoFaster(received, 500_000, 200_000);

      // At the limit it would take longer than the minute after which a call is given up.
      String loopback =
          "busybox mkfifo /open; busybox nc -l -p 7000 <>/open | wc -c &"
              + " while ! busybox netstat -tln | grep -q :7000; do sleep 0.1; done;"
              + " head -c 30000000 /dev/zero | busybox nc 127.0.0.1 7000; wait";
      assertThat(in(pod, "busybox", loopback)).isEqualTo("30000000\n");

      assertThat(rkt.ok("status", "--format=json", pod.uuid()).out())
          .contains(isolator("200k", "\"outcome\":\"enforced\"}"));
    }
  }

  @Test
  void eachAppOfAPodHasALimitOfItsOwnAndThatOfThePodBoundsThemTogether() throws Exception {
    Path manifest = rkt.home().resolve("limited-apps.json");
    Files.writeString(
        manifest,
        "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":["
            + app("slow", "[" + limit("100k") + "]")
            + ","
            + app("one", "[]")
            + ","
            + app("two", "[]")
            + "],\"isolators\":["
            + limit("500k")
            + "]}");
    String file = rkt.home().resolve("uuid-limited-apps").toString();
    try (Running running =
            rkt.pod("ready", "run", "--pod-manifest=" + manifest, "--uuid-file-save=" + file);
        Pod pod = new Pod(running, Files.readString(Path.of(file)).strip())) {
      layWire(rkt.initPid(pod.uuid()));
      assertNoFaster(in(pod, "slow", sending(300_000)), 300_000, 100_000);

      try (Running one = entering(pod, "one", sending(600_000)).start();
          Running two = entering(pod, "two", sending(600_000)).start()) {
        double from = Math.min(began(one), began(two));
        double to = Math.max(ended(one), ended(two));
        assertNoFaster(to - from, 1_200_000, 500_000);
      }
      assertThat(rkt.ok("status", "--format=json", pod.uuid()).out())
          .contains(isolator("100k", "\"outcome\":\"enforced\"}"))
          .contains(isolator("500k", "\"outcome\":\"enforced\"}"));
    }
  }

  @Test
  void onTheNetworkOfTheHostThePodIsLimitedAndTheHostIsNot() throws Exception {
    String limited =
        Images.admit(
            rkt, Images.busybox().exec("/bin/sh").app("isolators", "[" + limit("200k") + "]"));
    String file = rkt.home().resolve("uuid-on-host").toString();
    // Its "host" is a network namespace that the test has made.
    String[] words =
        wordsOf(limited, "echo ready; sleep 1000", "--net=host", "--uuid-file-save=" + file);
    try (Running running = rkt.call(words).under("unshare", "--net").start().awaitOutput("ready")) {
      layWire(running.pid());
      Pod pod = new Pod(running, Files.readString(Path.of(file)).strip());
      assertNoFaster(in(pod, "busybox", sending(400_000)), 400_000, 200_000);
      // At the limit it would take longer than a call may.
      String outside =
          "(printf u; head -c 30000000 /dev/zero) | busybox nc " + SERVER_ADDRESS + " 5000";
      Images.execute(List.of("nsenter", "--target=" + running.pid(), "--net", "sh", "-c", outside));
      assertThat(rkt.ok("status", "--format=json", pod.uuid()).out())
          .contains(isolator("200k", "\"outcome\":\"enforced\"}"));
    }
  }

  @Test
  void whoMaySetUpTheNetworkIsSaidToBeAbleToGetRoundTheLimit() throws Exception {
    Result report =
        rkt.ok(
            words(
                "true",
                "--print-sandbox",
                "--network-bandwidth=1M",
                "--caps-retain=CAP_NET_ADMIN"));
    assertThat(report.out().replaceAll("\\n *", ""))
        .contains(
            "\"outcome\": \"modified\",\"reason\": \"an app with CAP_NET_ADMIN can send and receive"
                + " past it\"}");
    rkt.refuses("usage", words("true", "--network-bandwidth=much"));
    rkt.refuses(
        "run",
        words("true", "--isolator=resource/network-bandwidth={\"default\":false,\"limit\":\"1\"}"));
  }

  private static String limit(String quantity) {
    return "{\"name\":\"resource/network-bandwidth\",\"value\":{\"default\":true,\"limit\":\""
        + quantity
        + "\"}}";
  }

  /** As it is reported. */
  private static String isolator(String quantity, String outcome) {
    return "{\"name\":\"resource/network-bandwidth\",\"value\":\"{\\\"default\\\":true,\\\"limit\\\":\\\""
        + quantity
        + "\\\"}\","
        + outcome;
  }

  private String app(String name, String isolators) {
    return "{\"name\":\""
        + name
        + "\",\"image\":{\"id\":\""
        + image
        + "\"},\"app\":{\"exec\":[\"/bin/sh\",\"-c\",\"echo ready; sleep 1000\"],\"user\":\"0\","
        + "\"group\":\"0\",\"isolators\":"
        + isolators
        + "}}";
  }

  /**
   * From the server into the network namespace of a process, and at once: the one before goes. It
   * goes with either namespace.
   */
  private void layWire(long pid) throws Exception {
    HostState.await("the wire before to be gone", () -> !hasWire(server.pid()));
    ip(
        server.pid(),
        "link",
        "add",
        "w0",
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        "" + pid);
    ip(server.pid(), "address", "add", SERVER_ADDRESS + "/24", "dev", "w0");
    ip(server.pid(), "link", "set", "w0", "up");
    ip(pid, "address", "add", "10.9.0.2/24", "dev", "eth0");
    ip(pid, "link", "set", "eth0", "up");
  }

  private static boolean hasWire(long pid) throws IOException, InterruptedException {
    return ip(pid, "-oneline", "link").contains("w0@");
  }

  private static String ip(long pid, String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("nsenter", "--target=" + pid, "--net", "ip"));
    command.addAll(List.of(words));
    return Images.execute(command);
  }

  /** What {@code script} prints in an app. */
  private String in(Pod pod, String app, String script) throws Exception {
    Result result = entering(pod, app, script).run();
    assertThat(result.status()).as("%s", result).isZero();
    return result.out();
  }

  private Call entering(Pod pod, String app, String script) {
    return rkt.call("enter", "--app=" + app, pod.uuid(), "sh", "-c", script);
  }

  private static String sending(int bytes) {
    return timed(
        "(printf u; head -c " + bytes + " /dev/zero) | busybox nc " + SERVER_ADDRESS + " 5000");
  }

  private static String receiving(int bytes) {
    return timed(
        "printf d | busybox nc " + SERVER_ADDRESS + " 5000 | head -c " + bytes + " | wc -c");
  }

  /** A script that says when {@code command} began and ended. */
  private static String timed(String command) {
    String now = "read now rest </proc/uptime; echo ";
    return now + "\"began $now;\"; " + command + "; " + now + "\"ended $now;\"";
  }

  private static double began(Running running) throws InterruptedException {
    return time(running.awaitOutput("began ").out(), "began ");
  }

  private static double ended(Running running) throws InterruptedException {
    return time(running.awaitOutput("ended ").out(), "ended ");
  }

  private static double time(String output, String word) {
    int start = output.indexOf(word) + word.length();
    return Double.parseDouble(output.substring(start, output.indexOf(';', start)));
  }

  private static void assertNoFaster(String output, int bytes, int perSecond) {
    assertNoFaster(time(output, "ended ") - time(output, "began "), bytes, perSecond);
  }

  private static void assertNoFaster(double seconds, int bytes, int perSecond) {
    double least = (double) (bytes - MOST_OF_PACKET) / perSecond - BURST_SECONDS;
    assertThat(seconds).isGreaterThan(least - CLOCK_SECONDS);
  }
}
