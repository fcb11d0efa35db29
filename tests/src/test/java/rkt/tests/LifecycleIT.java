package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pods as list, status, stop, rm and gc see them. */
@Tag("privileged")
class LifecycleIT extends PodTests {
  private static final ObjectMapper JSON = new ObjectMapper();

  private String ended(String script, String... flags) throws Exception {
    Path file = rkt.home().resolve("uuid-ended");
    Files.deleteIfExists(file);
    String[] more = java.util.Arrays.copyOf(flags, flags.length + 1);
    more[flags.length] = "--uuid-file-save=" + file;
    sh(script, more);
    return Files.readString(file).strip();
  }

  @Test
  void aUuidIsSavedAndIsOne() throws Exception {
    assertThat(ended("true")).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  }

  @Test
  void aUuidThatCannotBeSavedIsRefused() throws Exception {
    assertThat(rkt.refuses("system", words("true", "--uuid-file-save=/none/uuid")).err())
        .isEqualTo("system: cannot write --uuid-file-save=/none/uuid: no such file\n");
  }

  @Test
  void statusTellsOfARunningPodAndOfOneThatEnded() throws Exception {
    try (Pod pod = pod("trap 'exit 5' TERM; echo set; while :; do sleep 0.02; done")) {
      pod.running().awaitOutput("set");
      String running = rkt.ok("status", pod.uuid()).out();
      assertThat(running)
          .matches(
              "state=running\ncreated=\\S+Z\nstarted=\\S+Z\nnetworks=none\npid="
                  + pod.running().pid()
                  + "\nexited=false\nids=\\d+:65536\ndevice-rules=\\w+\nready=true\nimage-busybox="
                  + image
                  + "\nverified-busybox=yes\n");
      pod.running().signal("TERM");
      pod.running().await();

      assertThat(rkt.ok("status", pod.uuid()).out())
          .matches(
              "state=exited\ncreated=\\S+Z\nstarted=\\S+Z\nnetworks=none\nexited=true\nids=\\d+:65536\ndevice-rules=\\w+\napp-busybox=5\nimage-busybox="
                  + image
                  + "\nverified-busybox=yes\n");
    }
  }

  @Test
  void statusAsJsonHasTheFieldsOfItsDescription() throws Exception {
    String uuid = ended("exit 3", "--hostname=h", "--memory=64Mi");

    JsonNode pod = JSON.readTree(rkt.ok("status", "--format=json", uuid).out());

    assertThat(pod.get("version").asInt()).isEqualTo(1);
    assertThat(pod.get("name").asText()).isEqualTo(uuid);
    assertThat(pod.get("state").asText()).isEqualTo("exited");
    assertThat(pod.get("hostname").asText()).isEqualTo("h");
    assertThat(pod.get("networks").toString()).isEqualTo("[\"none\"]");
    assertThat(pod.get("insecure_options").toString()).isEqualTo("[]");
    assertThat(pod.get("started_at").asLong())
        .isGreaterThanOrEqualTo(pod.get("created_at").asLong());
    assertThat(pod.get("created_at").asLong())
        .isBetween(System.currentTimeMillis() / 1000 - 60, System.currentTimeMillis() / 1000);
    JsonNode app = pod.get("apps").get(0);
    assertThat(app.get("name").asText()).isEqualTo("busybox");
    assertThat(app.get("state").asText()).isEqualTo("exited");
    assertThat(app.get("exit_code").asInt()).isEqualTo(3);
    assertThat(app.get("image_id").asText()).isEqualTo(image);
    assertThat(app.get("image_name").asText()).isEqualTo("example.com/it/busybox");
    assertThat(app.get("verified").asBoolean()).isTrue();
    assertThat(app.get("signer").asText()).matches("[0-9a-f]{40}");
    assertThat(app.get("finished_at").asLong())
        .isGreaterThanOrEqualTo(app.get("started_at").asLong());
    assertThat(app.get("isolators").get(0).toString())
        .isEqualTo(
            "{\"name\":\"resource/memory\","
                + "\"value\":\"{\\\"request\\\":\\\"64Mi\\\",\\\"limit\\\":\\\"64Mi\\\"}\","
                + "\"outcome\":\"enforced\"}");
  }

  @Test
  void theRecordOnDiskIsWhatStatusSays() throws Exception {
    String uuid = ended("true");

    JsonNode record = JSON.readTree(rkt.podFile(uuid, "pod.json"));

    assertThat(record.get("version").asInt()).isEqualTo(1);
    assertThat(record.get("id").asText()).isEqualTo(uuid);
    assertThat(record.get("network").asText()).isEqualTo("none");
    assertThat(record.get("apps").get(0).get("image").asText()).isEqualTo(image);
    assertThat(rkt.podFile(uuid, "status/busybox")).isEqualTo("0");
    assertThat(rkt.podFile(uuid, "created")).matches("\\d{19}");
  }

  @Test
  void listShowsEveryPodOnOneLineAndAsJson() throws Exception {
    String ended = ended("true", "--name=first");
    try (Pod pod = pod("sleep 1000", "--name=second", "--net=host")) {
      String table = rkt.ok("list", "--full", "--no-legend").out();
      assertThat(table)
          .containsPattern(
              ended + "\\s+first\\s+example.com/it/busybox\\s+" + image + "\\s+exited\\s")
          .containsPattern(pod.uuid() + "\\s+second\\s.*\\srunning\\s.*\\shost\n");
      assertThat(rkt.ok("list").lines().get(0))
          .matches("UUID +APP +IMAGE NAME +IMAGE ID +STATE +CREATED +STARTED +NETWORKS");
      for (String line : rkt.ok("list", "--format=json").lines()) {
        JsonNode one = JSON.readTree(line);
        assertThat(one.get("version").asInt()).isEqualTo(1);
        assertThat(one.get("state").asText()).isIn("exited", "running");
      }
    }
  }

  @Test
  void aUniqueBeginningOfAUuidWillDo() throws Exception {
    String uuid = ended("exit 6");

    assertThat(rkt.ok("status", uuid.substring(0, 8)).out()).contains("app-busybox=6\n");
    rkt.refuses("usage|not-found", "status", "");
    rkt.refuses("usage|not-found", "status", uuid.substring(0, 8) + "x");
    rkt.refuses("usage|not-found", "status", ".");
    rkt.refuses("usage|not-found", "status", "*");
    rkt.refuses("usage", "status");
  }

  @Test
  void statusWaitsForTheEnd() throws Exception {
    try (Pod pod = pod("trap 'exit 8' TERM; echo set; while :; do sleep 0.02; done")) {
      pod.running().awaitOutput("set");
      assertThat(rkt.ok("status", "--wait=100ms", pod.uuid()).out()).contains("state=running\n");
      try (Running waiting = rkt.call("status", "--wait", pod.uuid()).start()) {
        rkt.ok("stop", pod.uuid());
        assertThat(waiting.await().out()).contains("app-busybox=8\n");
      }
      assertThat(pod.running().await().status()).isEqualTo(8);
    }
  }

  @Test
  void stopLetsTheAppEndByItself() throws Exception {
    try (Pod pod = pod("trap 'exit 17' TERM; echo set; while :; do sleep 0.02; done")) {
      pod.running().awaitOutput("set");
      assertThat(rkt.ok("stop", pod.uuid()).out()).isEqualTo(pod.uuid() + "\n");
      assertThat(pod.running().await().status()).isEqualTo(17);
      rkt.refuses("usage", "stop", pod.uuid());
    }
  }

  @Test
  void stopEndsAnAppThatDoesNotListenAfterItsTime() throws Exception {
    try (Pod pod = pod("trap '' TERM; echo set; sleep 1000; sleep 1000")) {
      pod.running().awaitOutput("set");
      Result stop = rkt.ok("stop", "--timeout=500ms", pod.uuid());
      assertThat(stop.millis()).isBetween(500L, 5000L);
      assertThat(pod.running().await().status()).isEqualTo(137);
    }
  }

  @Test
  void stopWithForceEndsTheAppAtOnce() throws Exception {
    try (Pod pod = pod("trap 'exit 17' TERM; while :; do sleep 0.02; done")) {
      Result stop = rkt.ok("stop", "--force", pod.uuid());
      assertThat(stop.millis()).isLessThan(3000);
      assertThat(pod.running().await().status()).isEqualTo(137);
    }
  }

  @Test
  void aRunningPodIsNotRemovedAndAnEndedOneIs() throws Exception {
    try (Pod pod = pod("sleep 1000")) {
      rkt.refuses("usage|run", "rm", pod.uuid());
      rkt.ok("stop", "--force", pod.uuid());
      assertThat(rkt.ok("rm", pod.uuid()).out()).isEqualTo(pod.uuid() + "\n");
      assertThat(rkt.uuids()).doesNotContain(pod.uuid());
      rkt.refuses("not-found", "rm", pod.uuid());
    }
  }

  @Test
  void gcKeepsWhatEndedShortlyAgoAndWhatRuns() throws Exception {
    String ended = ended("true");
    try (Pod pod = pod("sleep 1000")) {
      rkt.ok("gc");
      rkt.ok("gc", "--grace-period=1h");
      assertThat(rkt.uuids()).contains(ended, pod.uuid());
      assertThat(rkt.ok("list", "--full").out()).containsPattern(ended + ".*exited");
      rkt.ok("gc", "--mark-only", "--grace-period=0s");
      assertThat(rkt.uuids()).contains(ended, pod.uuid());
      rkt.ok("gc", "--grace-period=0s");
      assertThat(rkt.uuids()).contains(pod.uuid()).doesNotContain(ended);
      assertThat(pod.running().isAlive()).isTrue();
      assertThat(rkt.ok("enter", pod.uuid(), "echo", "alive").out()).isEqualTo("alive\n");
    }
  }

  @Test
  void gcRemovesWhatAnAppLeftInItsRootWithoutLeavingIt() throws Exception {
    Path kept = Files.createDirectory(rkt.home().resolve("kept-" + System.nanoTime()));
    Files.writeString(kept.resolve("file"), "x");
    String uuid =
        ended(
            "mkdir -p /a/b/c; ln -s "
                + kept
                + " /a/link; ln -s / /a/root; ln /etc/group /a/hard;"
                + " echo x > '/a/new\nline'; chmod 0 /a/b; i=0; p=/d; while [ $i -lt 200 ]; do mkdir $p && p=$p/d;"
                + " i=$((i+1)); done; echo y > /v/kept",
            "--volume=v,kind=host,source=" + kept,
            "--mount=volume=v,target=/v");

    rkt.ok("gc", "--grace-period=0s");
    rkt.ok("gc", "--grace-period=0s");

    assertThat(rkt.uuids()).doesNotContain(uuid);
    assertThat(kept.resolve("file")).hasContent("x");
    assertThat(kept.resolve("kept")).hasContent("y\n");
  }

  @Test
  void aPodWithABrokenRecordIsListedAndCollected() throws Exception {
    String uuid = ended("true");
    for (String phase : List.of("run", "exited-garbage")) {
      Path record = rkt.data().resolve("pods").resolve(phase).resolve(uuid).resolve("pod.json");
      if (Files.exists(record)) {
        Files.writeString(record, "{\"version\":1,");
      }
    }
    assertThat(rkt.ok("list", "--full").out()).contains(uuid);
    assertThat(rkt.ok("list", "--format=json").out()).contains(uuid);
    rkt.refuses("run", "status", uuid);
    rkt.ok("gc", "--grace-period=0s");
    rkt.ok("gc", "--grace-period=0s");
    assertThat(rkt.uuids()).doesNotContain(uuid);
  }

  @Test
  void anImageIsNotTakenAwayFromUnderARunningPod() throws Exception {
    String other =
        Images.admit(
            rkt, Images.busybox().app("environment", "[{\"name\":\"O\",\"value\":\"1\"}]"));
    try (Running pod = rkt.pod("ready", wordsOf(other, untilTerm("cat /etc/group; exit 0")))) {
      Result refused = rkt.call("image", "rm", other).run();
      assertThat(refused.status()).as("%s", refused).isEqualTo(254);
      assertThat(refused.err()).startsWith("usage: cannot remove image ").contains("rkt stop ");
      rkt.ok("gc");
      pod.signal("TERM");
      Result result = pod.await();
      assertThat(result.status()).as("%s", result).isZero();
      assertThat(result.out()).contains("web:x:1235:");
    }
    rkt.ok("image", "rm", other);
    rkt.refuses("[a-z-]+", wordsOf(other, "true"));
  }

  @Test
  void anUnverifiedImageIsRecordedAsSuch() throws Exception {
    Rkt untrusting = rkt.withData(rkt.home().resolve("untrusting"));
    Path unsigned =
        Images.busybox().app("environment", "[{\"name\":\"U\",\"value\":\"1\"}]").make();
    Files.delete(Path.of(unsigned + ".asc"));
    Images.admitBusybox(untrusting);
    untrusting.refuses("trust", "run", unsigned.toString(), "--", "-c", "true");
    Path file = rkt.home().resolve("uuid-unsigned");

    Result run =
        untrusting.run(
            "run",
            "--insecure-options=image",
            "--uuid-file-save=" + file,
            unsigned.toString(),
            "--",
            "-c",
            "exit 9");

    assertThat(run.status()).as("%s", run).isEqualTo(9);
    assertThat(run.err()).isNotEmpty();
    String status = untrusting.ok("status", "--uuid-file=" + file).out();
    assertThat(status).contains("verified-busybox=no\n").contains("insecure-options=image\n");
    untrusting.assertNothingIsLeftAfterGc();
  }

  /** A script that runs until it is asked to end, and then does {@code last}. */
  private static String untilTerm(String last) {
    return "trap '" + last + "' TERM; echo ready; while :; do sleep 0.05; done";
  }

  @Test
  void aKeyThatIsNoLongerTrustedStopsTheNextStart() throws Exception {
    try (Rkt other = Rkt.fresh()) {
      String id = Images.admitBusybox(other);
      other.ok("run", id, "--", "-c", "true");
      try (Running pod = other.pod("ready", wordsOf(id, untilTerm("exit 3")))) {
        String listed = other.ok("trust", "list").out();
        String fingerprint = listed.replaceFirst("(?s).*?([0-9a-f]{40}).*", "$1");
        other.ok("trust", "remove", "--prefix=example.com/it", fingerprint);
        Result refused = other.run("run", id, "--", "-c", "true");
        assertThat(refused.status()).isEqualTo(254);
        assertThat(refused.err()).startsWith("trust: ");
        pod.signal("TERM");
        assertThat(pod.await().status()).isEqualTo(3);
      }
    }
  }
}
