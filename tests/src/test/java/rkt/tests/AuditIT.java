package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the audit log says of pods, and that it cannot be changed unseen. spec/audit.md */
@Tag("privileged")
final class AuditIT extends PodTests {

  private List<String> records(String... filter) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("audit", "log", "--format=json"));
    words.addAll(List.of(filter));
    return rkt.ok(words.toArray(new String[0])).out().lines().toList();
  }

  private Path segment() {
    return rkt.data().resolve("audit/00000001.jsonl");
  }

  @Test
  void aPodIsRecordedFromTheVerdictToItsEnd() throws Exception {
    String uuid;
    try (Pod pod = pod("sleep 1000")) {
      uuid = pod.uuid();
      assertThat(records("--pod=" + uuid))
          .hasSize(2)
          .anySatisfy(r -> assertThat(r).contains("\"event\":\"prepare\""))
          .anySatisfy(r -> assertThat(r).contains("\"event\":\"run\""));
      rkt.ok("stop", uuid);
      pod.running().await();
    }
    rkt.ok("gc", "--mark-only");
    List<String> all = records("--pod=" + uuid);
    assertThat(all).hasSize(3);
    assertThat(all.get(2)).contains("\"event\":\"exit\"", "\"exitedAt\":\"");
    assertThat(records("--event=verdict"))
        .anySatisfy(
            r -> assertThat(r).contains("\"purpose\":\"fetch\"", "\"accepted\":true", "\"key\":\""))
        .anySatisfy(
            r -> assertThat(r).contains("\"purpose\":\"run\"", "\"accepted\":true", "\"key\":\""));
    assertThat(records("--event=trust")).isNotEmpty();
  }

  @Test
  void whoEntersIsRecordedWithoutItsArguments() throws Exception {
    try (Pod pod = pod("sleep 1000")) {
      rkt.ok("enter", pod.uuid(), "echo", "a-secret");
      List<String> records = records("--event=enter", "--pod=" + pod.uuid());
      assertThat(records).hasSize(1);
      assertThat(records.get(0)).contains("\"program\":\"echo\"").doesNotContain("a-secret");
    }
  }

  @Test
  void aBypassIsRecorded() throws Exception {
    assertThat(sh("true", "--insecure-options=image").status()).isZero();
    assertThat(records("--event=verdict"))
        .anySatisfy(r -> assertThat(r).contains("\"purpose\":\"run\"", "\"bypassed\":true"));
    assertThat(records("--event=run"))
        .anySatisfy(r -> assertThat(r).contains("\"insecure\":[\"image\"]"));
  }

  @Test
  void theRunningPodsOfAKeyAreListed() throws Exception {
    try (Pod pod = pod("sleep 1000")) {
      String key = rkt.ok("trust", "list", "--format=json").out();
      String fingerprint = key.replaceAll("(?s).*?\"fingerprint\":\"([0-9a-f]+)\".*", "$1");
      Result affected = rkt.ok("audit", "affected", "--key=" + fingerprint);
      assertThat(affected.out()).contains(pod.uuid()).contains(fingerprint);
      assertThat(rkt.ok("audit", "affected", "--key=" + "0".repeat(40)).out()).isEmpty();
    }
  }

  @Test
  void aChangedRecordIsNamedAndNothingRunsAnyMore() throws Exception {
    String head = rkt.ok("audit", "verify").out().strip();
    assertThat(head).matches("[0-9]+:[0-9a-f]{64}");
    rkt.ok("audit", "verify", "--head=" + head);
    byte[] good = Files.readAllBytes(segment());
    List<String> lines = Files.readAllLines(segment());
    int last = lines.size() - 1;
    List<String> altered = new ArrayList<>(lines);
    altered.set(last, altered.get(last).replace("\"event\":\"", "\"event\":\"un"));
    Files.write(segment(), altered);
    try {
      Result verify = rkt.run("audit", "verify");
      assertThat(verify.status()).isEqualTo(254);
      assertThat(verify.out()).contains("record " + (last + 1) + " was altered");
      Result run = sh("echo ran");
      assertThat(run.status()).isEqualTo(254);
      assertThat(run.out()).as("the app must not have run").isEmpty();
      assertThat(run.err()).startsWith("integrity: the audit log was altered");
    } finally {
      Files.write(segment(), good);
    }
    rkt.ok("audit", "verify", "--head=" + head);
  }

  @Test
  void podsThatStartAtOnceKeepTheChain() throws Exception {
    List<Running> pods = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      pods.add(rkt.call(words("true")).start());
    }
    for (Running pod : pods) {
      assertThat(pod.await().status()).isZero();
      pod.close();
    }
    assertThat(rkt.ok("audit", "verify").out()).matches("[0-9]+:[0-9a-f]{64}\n");
  }
}
