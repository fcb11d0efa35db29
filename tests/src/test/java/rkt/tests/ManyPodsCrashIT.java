package rkt.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A hundred pods or more, half of which lose rkt at a random moment of their life. */
@Tag("crash")
class ManyPodsCrashIT extends PodTests {
  private static final int PODS = Scale.of(100, 400);
  private static final long SEED = 20261120;

  @Test
  void nothingIsLeftOfPodsOfWhichHalfWereKilled() throws Exception {
    List<String> mounts = HostState.mounts();
    List<String> uuids = new ArrayList<>();
    Random random = new Random(SEED);
    List<Future<Result>> results = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < PODS; i++) {
        boolean kill = i % 2 == 0;
        long after = random.nextInt(400);
        results.add(pool.submit(() -> onePod(kill, after)));
      }
    }
    int killed = 0;
    for (int i = 0; i < PODS; i++) {
      Result result = results.get(i).get();
      if (i % 2 == 1) {
        assertThat(result.status()).as("%s", result).isEqualTo(7);
        assertThat(result.out()).isEqualTo("one\ntwo\n");
      } else if (result.status() == 137) {
        killed++;
      }
    }
    assertThat(killed).as("pods that were killed in time").isGreaterThan(PODS / 5);
    uuids.addAll(rkt.uuids());
    assertThat(uuids).hasSizeGreaterThanOrEqualTo(PODS / 2);

    rkt.assertNothingIsLeftAfterGc();

    assertThat(HostState.mounts()).isEqualTo(mounts);
    assertThat(HostState.cgroupsOf(uuids)).isEmpty();
    assertThat(HostState.processesOf(rkt.data(), uuids)).isEmpty();
    assertThat(sh("exit 5").status()).isEqualTo(5);
  }

  private Result onePod(boolean kill, long afterMillis) throws Exception {
    try (Running pod =
        rkt.call(words("echo one; sleep 0.1 & sleep 0.1; echo two; exit 7")).start()) {
      if (kill) {
        Thread.sleep(afterMillis);
        pod.signal("KILL");
      }
      return pod.await();
    }
  }
}
